"""Names of a join's own files in the scratch folder."""

SEGMENT_FILE = "segment-{:05d}.nut"
TRACK_FILE = "track-{}{}"
JOINED_FILE = "joined.{}"
