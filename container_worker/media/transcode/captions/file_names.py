"""Names of the files of subtitles in the scratch folder, here and in a verify."""

CAPTIONS_FILE = "captions-{}.vtt"
CAPTIONS_REPORT_FILE = "captions.json"
