"""Defines the names of the files in the scratch folder of a `verify` item."""

PLAN_FILE = "plan.json"
SEGMENT_REPORT_FILE = "segment-{:05d}.json"
TRACK_REPORT_FILE = "track-{}.json"
JOINED_FILE = "joined-{}"
REPORT_FILE = "report.json"
