"""The token bucket that paces calls."""

import threading

from scenequeue.token_bucket import TokenBucket


def test_the_bucket_lets_a_burst_through_and_then_keeps_the_rate() -> None:
    """Ten at once, then one every half second; after a refusal, from nothing."""
    now, waited = [0.0], list[float]()
    bucket = TokenBucket(2, 10, clock=lambda: now[0], sleep=waited.append)
    for _ in range(12):
        bucket.take()
    assert waited == [0.5, 1.0]
    now[0] = 100.0
    bucket.empty()
    bucket.take()
    assert waited[2:] == [0.5]


def test_the_bucket_serves_many_threads() -> None:
    """No token is spent twice."""
    waited = list[float]()
    bucket = TokenBucket(1, 5, clock=lambda: 0.0, sleep=waited.append)
    threads = [threading.Thread(target=bucket.take) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(waited) == [float(number) for number in range(1, 16)]


def test_tokens_come_back_with_time_and_a_refused_call_takes_none() -> None:
    """At the bucket's rate, up to its burst; the seconds until the next token are told."""
    now = [0.0]
    bucket = TokenBucket(2, 3, lambda: now[0])
    assert [bucket.try_take() for _ in range(5)] == [0, 0, 0, 0.5, 0.5]
    now[0] = 0.5
    assert [bucket.try_take() for _ in range(2)] == [0, 0.5]
    now[0] = 100
    assert [bucket.try_take() for _ in range(4)] == [0, 0, 0, 0.5]


def test_a_call_that_does_not_wait_takes_no_turn_of_one_that_does() -> None:
    """Calls that are waiting already come first."""
    waited = list[float]()
    bucket = TokenBucket(1, 1, clock=lambda: 0.0, sleep=waited.append)
    bucket.take()
    bucket.take()
    assert (waited, bucket.try_take()) == ([1.0], 2.0)
