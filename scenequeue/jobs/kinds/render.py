"""A scene: a picture and a narration become an MP4."""

VERSION = 1
UNIT = "seconds of video"
