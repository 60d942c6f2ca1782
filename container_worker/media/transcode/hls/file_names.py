"""Names of a ladder's files in the scratch folder, by their number in `media_of`; a join has its rendition as number 0."""

MEDIA_FILE = "hls-{}.mp4"
FACTS_FILE = "hls-{}.json"
PLAYLIST_FILE = "hls-{}.m3u8"
#: By the index of the track.
TEXT_FILE = "hls-captions-{}.vtt"
TEXT_PLAYLIST_FILE = "hls-captions-{}.m3u8"
MASTER_FILE = "hls-master.m3u8"
