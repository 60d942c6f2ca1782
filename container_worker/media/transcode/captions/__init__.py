"""Writes a source's subtitles as WebVTT files, in a child process."""
