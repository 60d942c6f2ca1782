"""Divides a video, encodes its segments, joins and verifies them: the programs in the children."""
