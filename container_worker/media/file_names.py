"""Names of the files that pass between a media child and the worker, all in the item's scratch folder."""

VIDEO = "scene.mp4"
POSTER = "poster.jpg"
CAPTIONS = "captions.vtt"
#: WebVTT that ffmpeg turns into a soft subtitle track; never delivered.
SUBTITLE_TRACK = "track.vtt"
#: A film's inputs: a scene's files by its number in the film, without their ending.
SCENE_FILE = "{:05}"
