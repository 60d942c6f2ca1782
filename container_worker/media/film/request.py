"""Names of the files between the worker and the film child."""

#: A scene's files in the working folder, by its number in the film's order, without their ending.
SCENE_FILE = "{:05}"
