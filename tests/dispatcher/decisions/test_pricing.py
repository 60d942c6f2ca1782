"""Prices of containers."""

import pytest

from dispatcher.decisions.pricing import cost_usd, hourly_usd, is_priced, most_expensive_region, prices, usd_per_hour
from tests.dispatcher.ledger import NOW_MS, container


def test_prices_are_fargates() -> None:
    """2 vCPU and 4 GiB in us-east-1: 9.874 cents an hour; 180 GiB of storage above the free part: two more."""
    assert usd_per_hour(2, 4096) == pytest.approx(2 * 0.04048 + 4 * 0.004445)
    assert usd_per_hour(2, 4096, architecture="arm64") == pytest.approx(2 * 0.03238 + 4 * 0.00356)
    assert usd_per_hour(2, 4096, is_spot=True) == pytest.approx(0.3 * usd_per_hour(2, 4096))
    assert usd_per_hour(2, 4096, "ap-northeast-1") == pytest.approx(2 * 0.05056 + 4 * 0.00553)
    assert usd_per_hour(2, 4096, ephemeral_gib=200) - usd_per_hour(2, 4096, ephemeral_gib=20) == pytest.approx(180 * 0.000111)


@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
def test_what_is_not_known_is_counted_as_the_dearest_that_is(architecture: str) -> None:
    """So that no bound is broken by a gap in the table: a region, an architecture, storage."""
    assert not is_priced("nowhere-1")
    everywhere = [usd_per_hour(2, 4096, region, architecture, ephemeral_gib=100) for region in prices().regions]
    assert usd_per_hour(2, 4096, "nowhere-1", architecture, ephemeral_gib=100) == max(everywhere)
    assert usd_per_hour(2, 4096, "eu-central-1", "arm64") == usd_per_hour(2, 4096, "eu-central-1")
    # Frankfurt's storage is not in the table; Tokyo's is the dearest there is.
    storage = usd_per_hour(2, 4096, "eu-central-1", ephemeral_gib=120) - usd_per_hour(2, 4096, "eu-central-1")
    assert storage == pytest.approx(100 * 0.000133)


def test_the_dearest_of_several_regions_is_found() -> None:
    """One without prices is as dear as any."""
    assert most_expensive_region(["us-east-1", "eu-central-1", "us-west-2"]) == "eu-central-1"
    assert most_expensive_region(["us-east-1"]) == "us-east-1"
    assert most_expensive_region([]) == ""
    assert usd_per_hour(2, 4096, most_expensive_region(["us-east-1", "nowhere-1"])) == usd_per_hour(2, 4096, "nowhere-1")


def test_a_container_costs_a_minute_at_least_and_whole_seconds_from_its_launch_on() -> None:
    """As AWS bills, from the pull of the image to the end; a worker started by hand from its hello."""
    hourly = usd_per_hour(2, 4096)
    short = container(launched_ms=NOW_MS - 5000, ended_ms=NOW_MS, state="gone")
    longer = container(launched_ms=NOW_MS - 90_400, started_ms=NOW_MS - 50_000, ended_ms=NOW_MS, state="gone")
    by_hand = container(launched_ms=0, started_ms=NOW_MS - 90_400)
    assert cost_usd(short, NOW_MS) == pytest.approx(hourly / 60)
    assert cost_usd(longer, NOW_MS) == pytest.approx(hourly * 91 / 3600)
    assert cost_usd(by_hand, NOW_MS) == pytest.approx(hourly * 91 / 3600)
    assert cost_usd(container("failed", started_ms=0, launched_ms=0), NOW_MS) == 0
    assert hourly_usd([short, longer]) == pytest.approx(2 * hourly)


def test_one_that_was_given_up_and_came_back_costs_on() -> None:
    """Its record still has the time of its supposed end."""
    back = container(launched_ms=NOW_MS - 600_000, ended_ms=NOW_MS - 300_000)
    assert cost_usd(back, NOW_MS) == pytest.approx(usd_per_hour(2, 4096) / 6)
