"""Adds Debian's packages and ffmpeg to the CycloneDX list of an environment's Python packages.

python deploy/sbom.py PYTHON.cdx.json DPKG-STATUS > sbom.cdx.json

Run it with the Python of the listed environment, so that it finds the same ffmpeg.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote


def with_debian_and_ffmpeg(listed: dict[str, Any], dpkg_status: str, ffmpeg_report: str) -> dict[str, Any]:
    """Return the document with the added components at the end.

    Args:
        listed: a CycloneDX document.
        dpkg_status: Debian's database of installed packages.
        ffmpeg_report: what `ffmpeg -version` prints.
    """
    return {**listed, "components": [*listed.get("components", []), *_debian(dpkg_status), _ffmpeg(ffmpeg_report)]}


def _debian(status: str) -> Iterator[dict[str, Any]]:
    for paragraph in status.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in paragraph.splitlines() if ": " in line and not line.startswith(" "))
        if fields.get("Status", "").endswith(" installed"):
            name, version = fields["Package"], fields["Version"]
            purl = f"pkg:deb/debian/{name}@{quote(version, safe='')}?arch={fields['Architecture']}"
            yield {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}


def _ffmpeg(report: str) -> dict[str, Any]:
    first, *others = report.splitlines()
    version = first.split()[2]
    built = next((line for line in others if line.startswith("configuration:")), "")
    purl = f"pkg:generic/ffmpeg@{quote(version, safe='')}"
    return {
        "type": "application", "bom-ref": purl, "name": "ffmpeg", "version": version, "purl": purl,
        "properties": [{"name": "sceneburst:configuration", "value": built.removeprefix("configuration:").strip()}],
    }  # fmt: skip


def main(python_list: Path, dpkg_status: Path) -> None:
    """Print the whole list; the same input gives the same output."""
    import subprocess

    from container_worker.media.ffmpeg import find_ffmpeg

    report = subprocess.run([str(find_ffmpeg().path), "-version"], capture_output=True, text=True, check=True).stdout
    listed = json.loads(python_list.read_text(encoding="utf-8"))
    print(json.dumps(with_debian_and_ffmpeg(listed, dpkg_status.read_text(encoding="utf-8"), report), indent=1))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
