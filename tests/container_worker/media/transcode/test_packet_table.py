"""Tables of packets, as reports store them."""

import json

from scenequeue.jobs.transcode.plan import Packet, PacketTable


def test_packets_are_stored_as_lists() -> None:
    """A film has some 500,000 packets: as objects with names they would take twice the bytes, and three times the memory."""
    row = Packet(pts=-1024, dts=None, duration=1024, bytes=371, digest="0123456789abcdef", is_key=True)
    table = PacketTable(time_base=(1, 48_000), codec="aac", headers="", packets=[row])
    text = table.model_dump_json()
    assert json.loads(text)["packets"] == [[-1024, None, 1024, 371, "0123456789abcdef", True]]
    assert PacketTable.model_validate_json(text) == table
