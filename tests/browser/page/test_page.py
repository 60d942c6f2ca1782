"""The page in headless Chromium. `make page-browser` runs it; SCENEBURST_SCREENSHOTS names a folder for pictures of all views."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sceneburst.page.views.registry import VIEWS
from scenequeue.jobs.job import Lane
from tests.browser.page.conftest import Site, Visit, until

pytestmark = pytest.mark.browser

Open = Callable[..., Visit]
_SIZES = {"desktop": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 844}}
_PATHS = {view.name: view.path for view in VIEWS if "{" not in view.path}
_GRAVE = {"serious", "critical"}


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core."""
    return (Path(os.environ["SCENEBURST_NODE_MODULES"]) / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", _SIZES)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_view_has_an_error_or_anything_serious_for_axe(visit: Open, axe: str, scheme: str, size: str, language: str) -> None:
    """Nor is any wider than the window; the console is empty, so no policy was broken either."""
    there = visit(color_scheme=scheme, viewport=_SIZES[size], locale=language)
    grave: dict[str, Any] = {}
    for name, path in _PATHS.items():
        tab = there.tab(path)
        if folder := os.environ.get("SCENEBURST_SCREENSHOTS"):
            tab.screenshot(path=Path(folder) / f"{name}-{size}-{scheme}-{language}.png", full_page=True)
        tab.evaluate(axe)
        found = tab.evaluate("axe.run().then(({violations}) => violations)")
        problems = [(each["id"], each["nodes"][0]["html"][:200]) for each in found if each["impact"] in _GRAVE]
        if tab.evaluate("document.documentElement.scrollWidth > innerWidth"):
            problems.append(("wider than the window", ""))
        if problems:
            grave[name] = problems
        tab.close()
    assert grave == {}
    assert there.said == []


def test_what_is_typed_opened_and_focused_stays_while_frames_arrive(visit: Open, site: Site) -> None:
    """Here, the reason to resume a lane, while another pause arrives before it."""
    there = visit()
    tab = there.tab("/steering")
    field = tab.locator('section#pauses li[data-key="pause-lane=bulk"] input[name="why"]')
    field.fill("disk is empty again")
    field.evaluate("each => each.setSelectionRange(4, 4)")
    tab.evaluate("document.getElementById('pause-more').open = true; scrollTo(0, 40)")
    scrolled = tab.evaluate("scrollY")
    site.queue.operator.pause(by="bob@ops", why="storage is slow")
    until(tab, "document.getElementById('pauses').textContent.includes('storage is slow')")
    assert field.input_value() == "disk is empty again"
    assert field.evaluate("each => each === document.activeElement && each.selectionStart") == 4
    assert tab.evaluate("document.getElementById('pause-more').open")
    assert tab.evaluate("scrollY") == scrolled
    # Its row goes away: the focus goes to the heading above it, not to the document's beginning.
    site.queue.operator.resume(lane=Lane.BULK, by="bob@ops", why="done")
    until(tab, "!document.querySelector('[data-key=\"pause-lane=bulk\"]')")
    assert tab.evaluate("document.activeElement.closest('section')?.id") == "pauses"
    assert there.said == []


def test_a_page_whose_server_is_killed_and_comes_back_goes_on_without_reload(visit: Open, site: Site) -> None:
    """It says meanwhile that it is not live."""
    tab = visit().tab("/")
    tab.evaluate("window.kept = true")
    site.kill()
    tab.wait_for_selector("#live.lost")
    site.queue.operator.pause(by="bob@ops", why="while you were away")
    site.start()
    until(tab, "main.textContent.includes('while you were away')")
    assert tab.evaluate("window.kept") is True


def test_seven_tabs_at_once_are_all_answered(visit: Open) -> None:
    """A browser opens six connections to a server; a stream of a tab that nobody sees is closed."""
    there = visit()
    for _ in range(7):
        tab = there.tab("/")
        # Headless tabs are never hidden by themselves.
        tab.evaluate(
            "Object.defineProperty(document, 'hidden', {value: true}); document.dispatchEvent(new Event('visibilitychange'))"
        )
    assert there.said == []
