"""Prints the dashboard's expressions as recording rules, so that promtool parses them."""

import json
from pathlib import Path

_DASHBOARD = Path(__file__).parents[2] / "deploy" / "monitoring" / "dashboard.json"


def main() -> None:
    """Print the rules."""
    panels = json.loads(_DASHBOARD.read_text())["panels"]
    found = [target["expr"].replace("$namespace", ".*") for panel in panels for target in panel["targets"]]
    rules = [{"record": f"panel:{number}", "expr": expression} for number, expression in enumerate(found)]
    print(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))


if __name__ == "__main__":
    main()
