"""Packages joined renditions as an HLS ladder: fragmented MP4, and playlists."""
