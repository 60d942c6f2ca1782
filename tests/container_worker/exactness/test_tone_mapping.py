"""A source in HDR becomes SDR through all stages: exact, named in the report, and verified as SDR."""

from fractions import Fraction
from pathlib import Path

import av

from container_worker.media.transcode.verify.picture_checks import check_picture
from container_worker.media.transcode.verify.tables import Colours, Decoded, Encoded, Joined, Packets
from tests.container_worker.exactness.exact import faults_of
from tests.support.numbered_clips import usual
from tests.support.transcoding import Transcoding

_SDR = Colours("bt709", "bt709", "bt709", "tv", has_hdr_metadata=False)


def test_hdr_becomes_sdr(tmp_path: Path) -> None:
    """Every frame is exact; the note names the peak that the source tells; what was left out for it is not said twice."""
    [clip] = [clip for clip in usual.CLIPS if clip.name == "hdr10-to-sdr"]
    source = clip.make(tmp_path)
    assert faults_of(clip, source, tmp_path / "made", 1) == []
    made = Transcoding(source, tmp_path / "made", {})
    assert [(note["code"], note["parameters"]) for note in made.plan.notes] == [
        ("tone_mapped", {"transfer": "smpte2084", "peak_nits": 1000})
    ]
    with av.open(str(made.file("source"))) as container:
        frame = next(container.decode(video=0))
    assert (frame.format.name, frame.colorspace, frame.color_trc) == ("yuv420p", 1, 1)
    plan = made.plan
    encoded = Encoded(plan.renditions[0], Packets("h264", "", (1, 25)))
    joined = Joined(
        bytes=1, width=encoded.rendition.width, height=encoded.rendition.height, pix_fmt="yuv420p", needs=None,
        picture=encoded.packets, duration_s=Fraction(1), tracks=[],
    )  # fmt: skip
    for colours, is_ok in (
        (_SDR, True),
        (_SDR._replace(transfer="smpte2084"), False),
        (_SDR._replace(has_hdr_metadata=True), False),
    ):
        check = check_picture(plan, encoded, joined, Decoded([], [], 1, {}, colours=frozenset({_SDR, colours})))
        assert check.ok is is_ok
        assert check.detail.code == ("picture_as_planned" if is_ok else "colours_not_sdr")
