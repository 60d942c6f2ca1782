"""Names of the files in an item's scratch folder: those that pass between a media child and the worker, and the child's own.

An input lies beside them under its role and an ending, or its number in a film: no other file may have such a name.
"""

VIDEO = "scene.mp4"
POSTER = "poster.jpg"
CAPTIONS = "captions.vtt"
#: WebVTT that ffmpeg turns into a soft subtitle track; never delivered.
SUBTITLE_TRACK = "track.vtt"
#: A film's inputs: a scene's files by its number in the film, without their ending.
SCENE_FILE = "{:05}"
#: A copy of a sound that ffmpeg would not play to its end, by the sound's name in messages.
STEADY_SOUND = "steady-{}.w64"
#: A film's picture without sound, and the parts of it that are encoded again.
FILM_PICTURE = "picture.mp4"
FILM_PART = "part{:05}.mp4"
