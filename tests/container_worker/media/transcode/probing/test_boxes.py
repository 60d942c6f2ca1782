"""The spans of an MP4 that its probe reads, found from its outermost boxes."""

from hypothesis import given, strategies as st

from container_worker.media.transcode.probing.boxes import probe_spans

_MIB = 1024 * 1024


def _box(kind: bytes, length: int, *, is_long: bool = False) -> bytes:
    header = b"\0\0\0\1" + kind + length.to_bytes(8, "big") if is_long else length.to_bytes(4, "big") + kind
    return header.ljust(length, b"x")


def _found(content: bytes) -> tuple[list[tuple[int, int]] | None, int]:
    """Return the spans, and the bytes that were read to find them."""
    read = list[int]()

    def read_at(begin: int, end: int) -> bytes:
        assert 0 <= begin <= end <= len(content)
        read.append(end - begin)
        return content[begin:end]

    return probe_spans(read_at, len(content)), sum(read)


_FTYP, _MOOV = _box(b"ftyp", 32), _box(b"moov", 5_000)


def test_the_index_is_read_and_the_beginning_of_the_media() -> None:
    """Whichever end the index is at, and however the length of the media is written."""
    front = _FTYP + _MOOV + _box(b"mdat", 3 * _MIB)
    assert _found(front) == ([(0, 65_536), (0, 32), (32, 5_032), (5_032, 5_096), (5_032, 5_032 + 768 * 1024)], 65_536)
    media = _box(b"mdat", 3 * _MIB, is_long=True)
    spans, read = _found(_FTYP + media + _MOOV)
    assert spans is not None
    assert (32 + 3 * _MIB, 32 + 3 * _MIB + 5_000) in spans
    assert (32, 32 + 768 * 1024) in spans
    assert read == 65_536 + 16
    endless = _FTYP + _MOOV + b"\0\0\0\0mdat" + bytes(2 * _MIB)
    assert (5_032, 5_032 + 768 * 1024) in (_found(endless)[0] or [])


def test_a_file_without_its_index_is_not_read() -> None:
    """The probe refuses it by its boxes alone; its media may be many gigabytes."""
    spans, _ = _found(_FTYP + _box(b"mdat", 3 * _MIB)[: 2 * _MIB])
    assert spans is not None
    assert max(end for _, end in spans) <= _MIB


def test_other_files_are_read_whole() -> None:
    """Small ones, ones in fragments, other formats, and boxes that are not known or are too many."""
    media = _box(b"mdat", 2 * _MIB)
    assert _found(_FTYP + _MOOV + _box(b"mdat", 900_000))[0] is None
    assert _found(_FTYP + _MOOV + _box(b"moof", 100) + media)[0] is None
    assert _found(_FTYP + _MOOV + media + _box(b"what", 100))[0] is None
    assert _found(_FTYP + _MOOV + media + _MOOV)[0] is None
    assert _found(_FTYP + _MOOV + media + b"\0\0\0\3mdatxxxx")[0] is None
    assert _found(_FTYP + _box(b"free", 8) * 100 + _MOOV + media)[0] is None
    assert _found(b"\x1a\x45\xdf\xa3" + bytes(2 * _MIB))[0] is None


@given(st.lists(st.tuples(st.sampled_from([b"ftyp", b"moov", b"mdat", b"free"]), st.integers(0, 2**33)), max_size=6), st.binary())
def test_whatever_lengths_say_the_spans_are_few(boxes: list[tuple[bytes, int]], rest: bytes) -> None:
    """And nothing outside the file is read."""
    content = b"".join(
        (length.to_bytes(4, "big") if length < 2**32 else b"\0\0\0\1") + kind + length.to_bytes(8, "big")
        for kind, length in boxes
    )
    spans, read = _found(content + rest + bytes(_MIB))
    assert spans is None or len(spans) <= 70
    assert read <= 65_536 + 64 * 16
