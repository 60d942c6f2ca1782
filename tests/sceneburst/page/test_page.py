"""The page without JavaScript: views, static files, preferences, errors, and the headers of all of them."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from sceneburst.page.views.registry import VIEWS
from tests.sceneburst.page.serving import Page, serving
from tests.support.waiting import wait_until

_PATHS = [view.path for view in VIEWS if view.in_navigation]


@pytest.mark.parametrize("path", _PATHS)
def test_every_view_of_an_empty_queue_is_shown_in_both_languages(page: Page, path: str) -> None:
    """With the navigation, and its own entry marked in it."""
    english = page.text(path)
    chinese = page.text(path, headers={"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"})
    assert '<html lang="en">' in english
    assert '<html lang="zh">' in chinese
    assert len(re.findall('aria-current="page"', english)) >= 1


def test_nothing_inline_and_nothing_from_elsewhere_may_run(page: Page) -> None:
    """By the policy that browsers hold, on pages, errors and static files alike."""
    (script,) = re.findall(r'<script src="([^"]+)" defer></script>', page.text("/"))
    for response in (page.client.get("/"), page.client.get("/nowhere"), page.client.get(script)):
        policy = response.headers["content-security-policy"]
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
        assert "require-trusted-types-for 'script'" in policy
        assert "unsafe" not in policy
        assert not re.search(r"<style|style=|<script>|\son[a-z]+=", response.text) or response.url.path == script


def test_static_files_are_kept_by_browsers_and_all_else_is_not(page: Page) -> None:
    """Their addresses change with their content."""
    for url in re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text("/")):
        response = page.client.get(url)
        assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert page.client.get(re.sub(r"\.[0-9a-f]{12}\.", ".000000000000.", url)).status_code == 404
    assert page.client.get("/").headers["cache-control"] == "no-store"


def test_a_language_and_colours_that_were_chosen_are_kept(page: Page) -> None:
    """The answer leads back to the view with its filter."""
    answer = page.act("/preferences", language="zh", theme="dark", here="/over-time?span=week")
    assert (answer.status_code, answer.headers["location"]) == (303, "/over-time?span=week")
    assert '<html lang="zh" data-theme="dark">' in page.text("/", headers={"Accept-Language": "en"})


@pytest.mark.parametrize("here", ["https://example.com/", "//example.com/", "/\\example.com", ""])
def test_preferences_lead_to_no_other_site(page: Page, here: str) -> None:
    """Whatever a form names."""
    assert page.act("/preferences", language="en", theme="", here=here).headers["location"] == "/"


def test_errors_are_pages_in_words(page: Page) -> None:
    """An unknown path is escaped."""
    response = page.client.get("/<script>alert(1)</script>")
    assert response.status_code == 404
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in response.text
    assert "<script>alert" not in response.text


def test_without_redis_the_page_says_so_and_lives(namespace: str) -> None:
    """A probe of the process does not depend on Redis."""
    with serving("redis://127.0.0.1:9/0", namespace, is_signed_in=False) as page:
        assert page.client.get("/sign-in").status_code == 200
        response = page.client.get("/", headers={"Cookie": f"sb_session={'a' * 43}"})
        assert response.status_code == 503
        assert "127.0.0.1:9" in response.text
        assert page.client.get("/healthz").status_code == 200


def test_a_form_that_is_too_large_is_not_read(page: Page) -> None:
    """Its connection is answered all the same."""
    response: httpx.Response = page.act("/preferences", here="/" + "a" * 100_000)
    assert response.status_code == 400
    assert "64 KiB" in response.text


def test_a_failure_of_a_view_is_told_without_details_and_logged_once_with_them(
    page: Page, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log line and the answer have the same request id."""
    monkeypatch.setattr(page.server.service.renderer, "page", _failing_once(page.server.service.renderer.page))
    answer = page.client.get("/")
    assert answer.status_code == 500
    assert "a detail" not in answer.text
    lines: list[str] = []

    def has_told() -> bool:
        lines.extend(capfd.readouterr())
        return "path=/ " in "".join(lines)

    # The line of the request is the last; the answer is there before it.
    wait_until(has_told, "the request is logged")
    logged = "".join(lines)
    assert logged.count("ZeroDivisionError: a detail") == 1
    assert logged.count(answer.headers["x-request-id"]) == 2


def _failing_once(render: Callable[..., str]) -> Callable[..., str]:
    calls = iter([True])

    def page(*words: Any, **named: Any) -> str:
        if next(calls, False):
            raise ZeroDivisionError("a detail")
        return render(*words, **named)

    return page
