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
