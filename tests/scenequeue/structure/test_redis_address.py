"""Addresses of Redis: what they mean, and that nothing shows their passwords."""

import pytest

from scenequeue.errors import SettingsError
from scenequeue.redaction import mask_url
from scenequeue.settings import SceneburstSettings
from scenequeue.structure.connection import Connection
from scenequeue.structure.redis_address import RedisAddress, parse_address


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("redis://localhost", RedisAddress("single", (("localhost", 6379),), "", False, {}, {})),
        ("redis://db:7/3", RedisAddress("single", (("db", 7),), "", False, {"db": 3}, {})),
        ("rediss://w:a%2Fb@db", RedisAddress("single", (("db", 6379),), "", True, {"username": "w", "password": "a/b"}, {})),
        ("redis://db/0?protocol=2", RedisAddress("single", (("db", 6379),), "", False, {"protocol": 2, "db": 0}, {})),
        ("redis://[::1]:7/1", RedisAddress("single", (("::1", 7),), "", False, {"db": 1}, {})),
        (
            "redis+sentinel://w:p@a,b:1/films/2?sentinel_password=s",
            RedisAddress("sentinel", (("a", 26379), ("b", 1)), "films", False,
                         {"username": "w", "password": "p", "db": 2}, {"password": "s"}),
        ),
        ("rediss+sentinel://a/films", RedisAddress("sentinel", (("a", 26379),), "films", True, {}, {})),
        ("redis+cluster://a:1,b:2/0", RedisAddress("cluster", (("a", 1), ("b", 2)), "", False, {}, {})),
        ("rediss+cluster://:p@a", RedisAddress("cluster", (("a", 6379),), "", True, {"password": "p"}, {})),
    ],
)  # fmt: skip
def test_an_address_says_where_and_how(url: str, meant: RedisAddress) -> None:
    """Hosts, service, TLS, login and database."""
    assert parse_address(url) == meant


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("redis://host/notanumber", "the path must be the number of a database"),
        ("redis://host/1/2", "the path must be the number of a database"),
        ("redis://host/-1", "the path must be the number of a database"),
        ("redis://host:hush/0", "malformed"),
        ("redis://[::1/0", "malformed"),
        ("redis://host:0/0", "a port must be a number from 1 to 65535"),
        ("redis://host:99999/0", "malformed"),
        ("redis://a,b/0", "several hosts"),
        ("redis://u:hush#er@host/0", "it contains a #"),
        ("redis://u:hush/er@host/0", "malformed"),
        ("redis://host/0?db=hush", "malformed"),
        ("unix://", "the path of the socket is missing"),
        *(
            (url, "a host is missing; for a Redis on this machine write localhost")
            for url in (
                "redis://",
                "redis://:6379",
                "redis:///0",
                "rediss://u:hush@/0",
                "redis+sentinel://a,,b/films",
                "redis+sentinel:///films",
                "redis+cluster://a:1,",
                "redis+cluster://,a",
                "redis+cluster://a,:7",
            )
        ),
        ("redis+sentinel://a,b", "the service"),
        ("redis+sentinel://a/films/hush", "the path must be the number of a database"),
        ("redis+cluster://a/1", "a cluster has only database 0"),
        ("http://host", "the scheme is unknown"),
        ("hush", "the scheme is unknown"),
        ("redis://host/0?hushed=1", "hushed"),
    ],
)
def test_a_malformed_address_is_an_error_of_the_setting(url: str, words: str) -> None:
    """The error comes at a program's start, in one line, and shows nothing that might be a password."""
    with pytest.raises(SettingsError, match="SCENEBURST_REDIS_URL") as caught:
        Connection(SceneburstSettings.load(redis_url=url))
    said = str(caught.value)
    assert words in said
    assert "hush/er" not in said
    assert "hush#er" not in said
    assert "\n" not in said


@pytest.mark.parametrize("password", ["p4ss", "a#b", "a/b", "a?b", "a@b", "@", "a:b", "a@b/c?d#e:f", "a&b=c", "%40", "a b"])
@pytest.mark.parametrize(
    "form",
    ["redis://u:{}@host:1/0", "redis://:{}@host", "rediss://u:{}@host/0?protocol=3", "unix://u:{}@/tmp/s",
     "redis+sentinel://u:{}@a:1,b:2/films/0", "redis://host/0?password={}", "redis://host?protocol=3&password={}",
     "redis+sentinel://a/films?sentinel_password={}"],
)  # fmt: skip
def test_no_password_is_shown_wherever_it_stands(form: str, password: str) -> None:
    """Also one that is not percent-encoded, in an address that cannot be read."""
    url = form.format(f"hush{password}hush")
    assert "hush" not in mask_url(url)
    with pytest.raises(SettingsError, match="SCENEBURST_REDIS_URL") as caught:
        parse_address(url.replace("://", "x://"))
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("url", ["redis://host:6379/0", "unix:///tmp/a.sock", "redis+cluster://a:1,b:2", "redis://u@host/0"])
def test_an_address_without_a_password_is_shown_as_it_is(url: str) -> None:
    """Nothing is masked that is no secret."""
    assert mask_url(url) == url


def test_the_password_of_a_setting_goes_into_any_address() -> None:
    """Of several hosts too."""
    url = "redis+sentinel://w@a:1,b:2/films"
    address = SceneburstSettings.load(redis_url=url, redis_password="a/b@c").redis_address.get_secret_value()
    assert parse_address(address).options == {"username": "w", "password": "a/b@c"}
