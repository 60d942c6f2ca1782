"""Names of a verify's own files in the scratch folder."""

JOINED_FILE = "joined-{}"
REPORT_FILE = "report.json"
