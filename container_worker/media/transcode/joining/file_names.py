"""Names of a join's files in the scratch folder."""

PLAN_FILE = "plan.json"
REPORT_FILE = "segment-{:05d}.json"
SEGMENT_FILE = "segment-{:05d}.nut"
TRACK_REPORT_FILE = "track-{}.json"
TRACK_FILE = "track-{}{}"
JOINED_FILE = "joined.{}"
