"""Plain data of transcoding: options, the contents of a source, its division, and what its pieces consist of."""
