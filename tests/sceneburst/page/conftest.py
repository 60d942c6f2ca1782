"""A page for tests that need nothing else of it."""

from collections.abc import Iterator

import pytest

from scenequeue.queue import SceneQueue
from tests.sceneburst.page.serving import Page, serving


@pytest.fixture
def page(queue: SceneQueue, redis_url: str, namespace: str) -> Iterator[Page]:
    """A page on the test's queue."""
    with serving(redis_url, namespace) as page:
        yield page
