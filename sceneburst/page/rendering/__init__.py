"""Turns views into HTML, by language; everything that is put into it is escaped."""
