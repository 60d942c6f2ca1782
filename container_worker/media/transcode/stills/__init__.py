"""Makes pictures of single frames of a video: the sprite sheet, which is for seeking, and the poster."""
