"""Elements of Matroska files, and holes in them."""

import io
from itertools import pairwise

from hypothesis import given, settings, strategies as st

from container_worker.media.transcode.matroska import (
    CLUSTER,
    CUES,
    VOID,
    Cue,
    cues_in,
    elements,
    hide_holes,
    parts_of,
    segment_of,
)

_BLOCK = 0xA3


def _element(kind: int, content: bytes, length_bytes: int = 4) -> bytes:
    length = (1 << 7 * length_bytes | len(content)).to_bytes(length_bytes, "big")
    return kind.to_bytes((kind.bit_length() + 7) // 8, "big") + length + content


def _file(parts: list[bytes]) -> bytes:
    return _element(0x1A45DFA3, b"header") + _element(0x18538067, b"".join(parts), 8)


def _reader(content: bytes):  # type: ignore[no-untyped-def]  # noqa: ANN202
    return lambda begin, end: content[begin:end]


def _cluster(blocks: list[int]) -> bytes:
    return _element(CLUSTER, b"".join(_element(_BLOCK, b"b" * length) for length in blocks))


def test_cues_name_places_of_clusters() -> None:
    """Those that point elsewhere are left out."""
    first = _cluster([10])
    points = [_cue(0, 0), _cue(2_000, len(first)), _cue(3_000, 5)]
    content = _file([first, _cluster([20]), _element(CUES, b"".join(points))])
    segment = segment_of(_reader(content), len(content))
    assert segment is not None
    parts = parts_of(_reader(content), segment)
    assert parts is not None
    assert [part.kind for part in parts] == [CLUSTER, CLUSTER, CUES]
    assert cues_in(_reader(content), segment, parts) == [Cue(0, parts[0].begin), Cue(2_000, parts[1].begin)]


def _cue(time: int, pos: int) -> bytes:
    position = _element(0xF7, b"\1", 1) + _element(0xF1, pos.to_bytes(3, "big"), 1)
    return _element(0xBB, _element(0xB3, time.to_bytes(2, "big"), 1) + _element(0xB7, position, 1))


def test_other_and_incomplete_files_have_no_parts() -> None:
    """Such as one that is cut, one with something behind it, and one whose clusters have no length."""
    content = _file([_cluster([10]), _cluster([20])])
    for other in (b"", b"\0" * 100, content[:-1], content + b"x", content * 2, b"\xff" * 40):
        assert segment_of(_reader(other), len(other)) is None
    endless = _file([_cluster([10]), b"\x1f\x43\xb6\x75\x01\xff\xff\xff\xff\xff\xff\xff", b"abc"])
    segment = segment_of(_reader(endless), len(endless))
    assert segment is not None
    assert parts_of(_reader(endless), segment) is None


@settings(max_examples=80, deadline=None)
@given(
    clusters=st.lists(st.lists(st.integers(0, 300), max_size=6), min_size=1, max_size=6), cut=st.integers(0, 400),
    first=st.integers(0, 5), last=st.integers(0, 5), has_void=st.booleans(),
)  # fmt: skip
def test_holes_become_elements_that_are_skipped(
    clusters: list[list[int]], cut: int, first: int, last: int, *, has_void: bool
) -> None:
    """Whatever is held stays as it is, but for a block that is not complete; the elements still fill the file."""
    info, cues = _element(0x1549A966, b"i" * 30), _element(CUES, b"c" * 40)
    void = [_element(VOID, bytes(50))] if has_void else []
    content = _file([info, *void, *map(_cluster, clusters), cues])
    segment = segment_of(_reader(content), len(content))
    assert segment is not None
    parts = parts_of(_reader(content), segment)
    assert parts is not None
    wanted = [part for part in parts if part.kind == CLUSTER][first : last + 1]
    end = max(wanted[0].data, wanted[-1].end - cut) if wanted else 0
    held = [(0, parts[0].end), *((part.begin, part.data) for part in parts if part.kind == VOID)]
    held += [(wanted[0].begin, end)] if wanted else []
    held = _joined([*held, (parts[-1].begin, len(content))])
    sparse = bytearray(len(content))
    for begin, stop in held:
        sparse[begin:stop] = content[begin:stop]
    file = io.BytesIO(bytes(sparse))
    assert hide_holes(file, held, len(content))
    made = file.getvalue()
    assert len(made) == len(content)
    assert parts_of(_reader(made), segment) is not None
    for part in parts:
        if part.kind == VOID or not any(begin <= part.begin and part.data <= stop for begin, stop in held):
            continue
        assert made[part.begin : part.data] == content[part.begin : part.data]
        blocks = list(elements(_reader(made), part.data, part.end)) if part.kind == CLUSTER else []
        assert not blocks or blocks[-1].end == part.end
        stop = next(stop for begin, stop in held if begin <= part.begin < stop)
        for block in elements(_reader(content), part.data, part.end) if part.kind == CLUSTER else []:
            # A hole of one byte takes the block before it.
            if block.end <= stop and part.end - block.end != 1:
                assert made[block.begin : block.end] == content[block.begin : block.end]


def _joined(held: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined = sorted(held)[:1]
    for (_, before), (begin, end) in pairwise(sorted(held)):
        if begin <= before:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return joined


@given(st.binary(max_size=200), st.integers(0, 100), st.integers(0, 200))
def test_no_bytes_make_it_fail(content: bytes, begin: int, end: int) -> None:
    """A file that is not as it was planned is told by False."""
    whole = _file([content])
    assert hide_holes(io.BytesIO(whole), [(0, begin), (max(begin, end), len(whole))], len(whole)) in {True, False}
