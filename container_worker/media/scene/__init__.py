"""Composes a scene, picture, narration and subtitles, into one MP4 with one lossy encode."""
