"""Options for a purpose come from a profile: one that is built in, or a file of the caller."""

from pathlib import Path
from typing import Any

import pytest

from producer.requests.profile import BUILT_IN
from producer.requests.transcode import transcode_options_from
from scenequeue.jobs.transcode.fitting import conflicts


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_built_in_profile_fits(name: str) -> None:
    """It names its codec and container, and nothing that another codec lacks but what its purpose needs."""
    options, mistakes = transcode_options_from(None, {}, name)
    assert mistakes == []
    assert list(conflicts(options)) == []
    assert {"codec", "container", "audio"} <= options.model_fields_set


def test_whatever_is_given_overrides_the_profile(tmp_path: Path) -> None:
    """Fields of the request over `options`, and these over the profile; None takes an option of the profile away."""
    (tmp_path / "mine.toml").write_text('renditions = ["720p"]\ncrf = 30\nmax_kbps = 900\naudio_kbps = 64\nsegment_s = 20\n')
    given: dict[str, Any] = {"crf": 31, "audio_kbps": 96, "max_kbps": None}
    options, mistakes = transcode_options_from(given, {"crf": 32, "container": "webm"}, tmp_path / "mine.toml")
    assert mistakes == []
    assert options.model_dump(include={"renditions", "crf", "max_kbps", "audio_kbps", "segment_s", "codec", "container"}) == {
        "renditions": ["720p"], "crf": 32, "max_kbps": None, "audio_kbps": 96, "segment_s": 20.0, "codec": "av1",
        "container": "webm",
    }  # fmt: skip


def test_a_quality_that_is_given_takes_the_place_of_the_profiles() -> None:
    """As a factor or as a VMAF; both together are a mistake of the one who gives both."""
    options, mistakes = transcode_options_from(None, {"target_vmaf": 93}, "web")
    assert (options.crf, options.target_vmaf, mistakes) == (None, 93, [])
    _, mistakes = transcode_options_from(None, {"target_vmaf": 93, "crf": 20}, "web")
    assert [mistake.place for mistake in mistakes] == [("target_vmaf",)]


@pytest.mark.parametrize(
    ("given", "left_out"),
    [({"codec": "copy"}, {"crf", "preset"}), ({"codec": "av1"}, {"preset"}), ({"codec": "copy", "crf": 20}, {"preset"})],
)
def test_what_a_profile_says_of_its_codec_is_left_out_where_another_is_given(
    tmp_path: Path, given: dict[str, Any], left_out: set[str]
) -> None:
    """As far as it does not fit; what the caller gives beside the profile is never left out."""
    (tmp_path / "mine.toml").write_text('codec = "h264"\ncrf = 18\npreset = "slow"\naudio = "copy"\n')
    options, mistakes = transcode_options_from(None, given, tmp_path / "mine.toml")
    assert {name for name in ("crf", "preset") if getattr(options, name) is None} == left_out
    assert [mistake.place for mistake in mistakes] == [(name,) for name in given if name == "crf"]


@pytest.mark.parametrize(
    ("given", "meant"),
    [("logo.png", "{folder}/logo.png"), ("/a/logo.png", "/a/logo.png"), ("s3://bucket/logo.png", "s3://bucket/logo.png")],
)
def test_files_that_a_profile_names_are_in_its_folder(tmp_path: Path, given: str, meant: str) -> None:
    """Wherever the command is run; addresses and whole paths are as they are."""
    (tmp_path / "mine.toml").write_text(f'watermark = "{given}"\n')
    options, mistakes = transcode_options_from(None, {}, tmp_path / "mine.toml")
    assert (options.watermark, mistakes) == (meant.format(folder=tmp_path), [])


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('crf = 70\nrenditions = ["721p"]\n', ["mine.toml: renditions.0: must be", "mine.toml: crf: must be 63 or less, not 70"]),
        ("crff = 3\n", ["mine.toml: unknown option 'crff', did you mean 'crf'?"]),
        ('codec = "av1"\npreset = "fast"\n', ["mine.toml: preset: codec av1 has no preset 'fast'"]),
        ('[options]\ncodec = "av1"\n', ["mine.toml: unknown option 'options'"]),
        ("crf = \n", ["mine.toml is not TOML in UTF-8: Invalid value (at line 1, column 7)"]),
        ("crf = 2024-13-45\n", ["mine.toml is not TOML"]),
        (b"\xff\xfe", ["mine.toml is not TOML in UTF-8"]),
        ("a" * 1024 * 1024 + " = 1", ["mine.toml has more than 1048576 bytes"]),
        (None, ["there is no profile ", "mine.toml; web, archive, phone are built in, or name a TOML file"]),
    ],
)
def test_every_mistake_of_a_profile_names_the_file_and_the_field(
    tmp_path: Path, content: str | bytes | None, told: list[str]
) -> None:
    """All at once, with the other mistakes of the request."""
    path = tmp_path / "mine.toml"
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    _, mistakes = transcode_options_from({"codecs": 1}, {"audio_kbps": 5}, path)
    assert {mistake.place for mistake in mistakes} == {("profile",), ("options", "codecs"), ("audio_kbps",)}
    text = "\n".join(mistake.text for mistake in mistakes)
    for each in told:
        assert each in text


def test_an_option_that_does_not_fit_the_profile_is_a_mistake_of_the_one_that_is_refused() -> None:
    """The profile's own, if it is the profile's option that does not fit."""
    _, mistakes = transcode_options_from(None, {"container": "webm"}, "phone")
    assert [mistake.text for mistake in mistakes] == [
        "profile phone: audio: webm cannot hold aac; it holds opus", "profile phone: codec: webm cannot hold h264; it holds av1",
    ]  # fmt: skip
    _, mistakes = transcode_options_from(None, {"codec": "av1", "preset": "fast"}, "phone")
    assert [mistake.place for mistake in mistakes] == [("preset",)]


@pytest.mark.parametrize("profile", ["", "/", 7])
def test_what_is_no_profile_at_all_is_a_mistake(profile: Any) -> None:
    """As a mistake of the request."""
    _, (mistake,) = transcode_options_from(None, {}, profile)
    assert mistake.place == ("profile",)
