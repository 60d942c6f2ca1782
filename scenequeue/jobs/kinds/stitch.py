"""A film: the rendered scenes of a job become one MP4."""

VERSION = 1
UNIT = "seconds of video"
