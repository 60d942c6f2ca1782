"""The live stream: everything at first, then what has changed; one look for all viewers."""

import zlib

from scenequeue.queue import SceneQueue
from tests.sceneburst.page.serving import Page, serving
from tests.support.waiting import wait_until


def test_a_new_viewer_gets_every_section_and_then_what_changes(page: Page, queue: SceneQueue) -> None:
    """Of a queue in which nothing happens, nothing."""
    frames = page.frames("now", most=60)
    first = next(frames)
    assert first["trouble"] == ""
    assert all(html.startswith(f'<section id="{name}"') for name, html in first["sections"].items())
    assert len(first["sections"]) >= 1
    assert next(frames)["sections"] == {}
    frames.close()


def test_streams_above_the_limit_are_refused_until_a_tab_is_closed(queue: SceneQueue, redis_url: str, namespace: str) -> None:
    """The script asks again later."""
    with serving(redis_url, namespace, page_streams=1) as page:
        frames = page.frames("now", most=60)
        next(frames)
        refused = page.client.get("/live", params={"view": "now"})
        assert refused.status_code == 503
        frames.close()
        wait_until(lambda: not page.server.service.broadcast.is_full, "the place is free")


def test_a_compressed_stream_can_be_read_from_its_first_part(page: Page) -> None:
    """As by a browser: parts that were compressed for others before follow one another in one stream."""
    with page.client.stream("GET", "/live", params={"view": "now"}, headers={"Accept-Encoding": "gzip"}) as response:
        assert response.headers["content-encoding"] == "gzip"
        reader, text = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS), b""
        for part in response.iter_raw():
            text += reader.decompress(part)
            if text.count(b"data: ") == 2:
                break
    assert text.startswith(b"retry: ")


def test_an_unknown_view_has_no_stream(page: Page) -> None:
    """It is a page that is not there."""
    assert page.client.get("/live", params={"view": "<b>"}).status_code == 404
