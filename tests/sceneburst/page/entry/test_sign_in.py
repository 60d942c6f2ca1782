"""Signing in by a key, a one-time link or a proxy; sessions that end; and requests that other sites have made a browser send."""

from collections.abc import Iterator

import httpx
import pytest

from sceneburst.access.secrets import fresh_key, hash_of
from sceneburst.page.entry.routes import offer_link
from scenequeue.errors import SettingsError
from scenequeue.queue import SceneQueue
from tests.sceneburst.page.serving import Page, serving
from tests.support.waiting import wait_until

_HERE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def stranger(queue: SceneQueue, redis_url: str, namespace: str) -> Iterator[Page]:
    """A page, and a browser that has not signed in."""
    del queue
    with serving(redis_url, namespace, is_signed_in=False) as page:
        yield page


def _key(queue: SceneQueue, name: str, role: str) -> str:
    key = fresh_key()
    assert queue.access.make_key(name, hash_of(key), role) == 1
    return key


def _sign_in(page: Page, key: str, **more: str) -> httpx.Response:
    return page.client.post("/sign-in", data={"key": key, **more}, headers=_HERE)


@pytest.mark.parametrize("path", ["/", "/over-time?span=week", "/containers", "/steering/keys"])
def test_nobody_sees_anything_before_signing_in(stranger: Page, path: str) -> None:
    """The browser is led to the form, and from there back to where it wanted to go."""
    answer = stranger.client.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")
    assert stranger.client.get("/live", params={"view": "now"}).status_code == 401
    assert stranger.client.post("/steering/checks", headers=_HERE).status_code == 401


@pytest.mark.parametrize("role", ["look", "operate", "administer"])
def test_a_key_opens_a_session_with_its_role(stranger: Page, queue: SceneQueue, role: str) -> None:
    """The cookie can be read by no script, and is sent by no other site."""
    answer = _sign_in(stranger, _key(queue, "night-shift", role), next="/over-time?span=week")
    assert (answer.status_code, answer.headers["location"]) == (303, "/over-time?span=week")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert f"night-shift · {role}" in stranger.text("/")


def test_a_role_may_do_no_more_than_it_says(stranger: Page, queue: SceneQueue) -> None:
    """The role look may not begin the checks; the answer says which role may."""
    _sign_in(stranger, _key(queue, "guest", "look"))
    answer = stranger.client.post("/steering/checks", headers=_HERE)
    assert answer.status_code == 403
    assert "guest has the role look, and this needs operate" in answer.text


def test_a_revoked_key_ends_its_sessions(stranger: Page, queue: SceneQueue) -> None:
    """Within two seconds, without a restart."""
    _sign_in(stranger, _key(queue, "leaver", "operate"))
    stranger.text("/")
    assert queue.access.revoke_key("leaver")
    wait_until(lambda: stranger.client.get("/").status_code == 303, "the session has ended")
    assert stranger.client.get("/").headers["location"] == "/sign-in"


def test_a_key_of_the_settings_has_the_role_operate(queue: SceneQueue, redis_url: str, namespace: str) -> None:
    """Those of SCENEBURST_API_KEYS go on."""
    del queue
    key = fresh_key()
    with serving(redis_url, namespace, is_signed_in=False, api_keys={"script": hash_of(key)}) as page:
        _sign_in(page, key)
        assert "script · operate" in page.text("/")


@pytest.mark.parametrize("key", ["", "sbk_wrong", "x" * 5000, "\x00\udcff<script>"])
def test_a_wrong_key_is_refused_in_words(stranger: Page, key: str) -> None:
    """No session is opened."""
    answer = stranger.client.post("/sign-in", content=b"key=" + key.encode("utf-8", "surrogateescape"), headers=_HERE)
    assert answer.status_code == 401
    assert "this key is not known" in answer.text
    assert "set-cookie" not in answer.headers


def test_attempts_are_limited(stranger: Page) -> None:
    """The answer says when the next one is possible."""
    found = [_sign_in(stranger, "wrong").status_code for _ in range(12)]
    assert found[:10] == [401] * 10
    assert found[-1] == 429


@pytest.mark.parametrize("cookie", ["x", "a" * 43, '"; Path=/', "é" * 43])
def test_a_cookie_that_nobody_gave_out_opens_nothing(stranger: Page, cookie: str) -> None:
    """Whatever it contains."""
    headers = {"Cookie": f"sb_session={cookie}".encode()}
    assert stranger.client.get("/", headers=headers).status_code == 303  # type: ignore[arg-type]


def test_a_link_signs_in_once(stranger: Page, queue: SceneQueue) -> None:
    """A second use finds the form, and what to do."""
    link = offer_link(queue, stranger.server.url, "ada@laptop")
    answer = stranger.client.get(link)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "ada@laptop · administer" in stranger.text("/")
    again = stranger.client.get(link)
    assert again.status_code == 401
    assert "the link was used" in again.text


def test_signing_out_ends_the_session(page: Page) -> None:
    """Also for a copy of the cookie."""
    kept = page.client.cookies["sb_session"]
    assert page.act("/sign-out").headers["location"] == "/sign-in"
    assert page.client.get("/", headers={"Cookie": f"sb_session={kept}"}).status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Referer": "https://evil.example/page"},
    ],
)
def test_forms_of_other_sites_are_refused(page: Page, headers: dict[str, str]) -> None:
    """By what browsers tell of them."""
    answer = page.client.post("/steering/checks", headers=headers)
    assert answer.status_code == 403
    assert "sent from another site" in answer.text


def test_a_page_for_this_machine_answers_to_no_other_name(page: Page) -> None:
    """Else a site whose name points to 127.0.0.1 could read it."""
    assert page.client.get("/", headers={"Host": "rebound.example"}).status_code == 403
    assert page.client.get("/", headers={"Host": "localhost:1"}).status_code == 200


def test_a_link_from_another_site_opens_the_view_in_two_steps(page: Page) -> None:
    """The browser sends no cookie with the first one; the answer has it open the same address from a page of ours."""
    headers = {"Cookie": "", "Sec-Fetch-Site": "cross-site", "Accept": "text/html"}
    page.client.cookies.clear()
    answer = page.client.get("/over-time?span=week", headers=headers)
    assert answer.status_code == 200
    assert '<meta http-equiv="refresh" content="0;url=/over-time?span=week">' in answer.text


def test_a_proxy_is_believed_only_if_it_is_named(queue: SceneQueue, redis_url: str, namespace: str) -> None:
    """Its header from elsewhere is ignored."""
    del queue
    user = {"X-User": "grace@example.com"}
    shared = {"is_signed_in": False, "page_user_header": "X-User", "page_user_role": "operate"}
    with serving(redis_url, namespace, page_proxies=["127.0.0.0/8"], **shared) as page:
        assert "grace@example.com · operate" in page.text("/", headers=user)
    with serving(redis_url, namespace, page_proxies=["10.0.0.0/8"], **shared) as page:
        assert page.client.get("/", headers=user).status_code == 303
    with pytest.raises(SettingsError, match="names no proxy"), serving(redis_url, namespace, **shared):
        pass


def test_tokens_and_keys_are_not_logged(stranger: Page, queue: SceneQueue, capfd: pytest.CaptureFixture[str]) -> None:
    """Neither of a link nor of a form."""
    link, key = offer_link(queue, stranger.server.url, "ada"), _key(queue, "night-shift", "look")
    stranger.client.get(link)
    _sign_in(stranger, key)
    logged = "".join(capfd.readouterr())
    assert "/enter/…" in logged or "request" not in logged
    assert link.rpartition("/")[2] not in logged
    assert key not in logged


def test_a_link_is_not_used_up_by_those_who_look_ahead(stranger: Page, queue: SceneQueue) -> None:
    """Previews of chats ask by HEAD, and browsers load an address while it is typed."""
    link = offer_link(queue, stranger.server.url, "ann@films")
    assert stranger.client.head(link).status_code == 405
    assert stranger.client.get(link, headers={"Sec-Purpose": "prefetch;prerender"}).status_code == 503
    assert stranger.client.get(link).status_code == 303
    assert "ann@films" in stranger.text("/")


def test_a_live_stream_ends_with_its_session(stranger: Page, queue: SceneQueue) -> None:
    """Within seconds of the key's end, and its tab does not keep a session from ending by itself."""
    _sign_in(stranger, _key(queue, "guest", "look"))
    client, keys = queue._connection.client, queue._connection.keys
    session = keys.session(hash_of(stranger.client.cookies["sb_session"]))
    frames = stranger.frames("now", 1000)
    next(frames)
    client.expire(session, 3000)
    queue.access.revoke_key("guest")
    left = list(frames)
    assert len(left) < 100
    assert client.ttl(session) <= 3000
    assert stranger.client.get("/live", params={"view": "now"}).status_code == 401
