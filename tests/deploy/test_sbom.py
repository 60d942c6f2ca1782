"""The list of what is in the image: what is added to that of Python's packages."""

from deploy.sbom import with_debian_and_ffmpeg

_STATUS = """Package: libc6
Status: install ok installed
Architecture: amd64
Version: 2.36-9+deb12u10
Description: GNU C Library
 Shared libraries, and: more

Package: old
Status: deinstall ok config-files
Architecture: amd64
Version: 1
"""
_REPORT = "ffmpeg version 7.1-static built by x\nbuilt with gcc\nconfiguration: --enable-gpl --enable-libx264\n"
_PYTHON = {"bomFormat": "CycloneDX", "components": [{"name": "numpy", "version": "2"}]}


def test_debians_installed_packages_and_ffmpeg_follow_pythons() -> None:
    """A removed package of which only the configuration is left is not listed; the rest of the document stays."""
    listed = with_debian_and_ffmpeg(_PYTHON, _STATUS, _REPORT)
    assert listed["bomFormat"] == "CycloneDX"
    assert [(each["name"], each["version"]) for each in listed["components"]] == [
        ("numpy", "2"), ("libc6", "2.36-9+deb12u10"), ("ffmpeg", "7.1-static"),
    ]  # fmt: skip
    debian, ffmpeg = listed["components"][1:]
    assert debian["purl"] == "pkg:deb/debian/libc6@2.36-9%2Bdeb12u10?arch=amd64"
    assert ffmpeg["properties"][0]["value"] == "--enable-gpl --enable-libx264"


def test_every_entry_has_a_name_of_its_own() -> None:
    """CycloneDX refers by it."""
    components = with_debian_and_ffmpeg({"components": []}, _STATUS, _REPORT)["components"]
    assert len({each["bom-ref"] for each in components}) == len(components) == 2
