"""Names, in the scratch folder, of files of other items that both a join and a verify read."""

PLAN_FILE = "plan.json"
SEGMENT_REPORT_FILE = "segment-{:05d}.json"
TRACK_REPORT_FILE = "track-{}.json"
