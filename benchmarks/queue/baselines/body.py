"""The body of every job in every queue: log the start, optionally sleep, log the end."""

import os
import time

_LOG = os.open(os.environ["BENCH_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
WORK_S = float(os.environ.get("BENCH_WORK_S", "0"))
#: Time-out in seconds, for queues that have a setting for it; 0 keeps the default.
RECOVERY_S = float(os.environ.get("BENCH_RECOVERY_S", "0"))
#: A payload is {"number":12345,"padding":"…"}: 441 bytes of JSON, as in the published comparison.
PADDING = "x" * 412
REDIS_PORT = int(os.environ["BENCH_REDIS_PORT"])
REDIS_URL = f"redis://127.0.0.1:{REDIS_PORT}/0"


def work(number: int, padding: str = "") -> None:
    """Log start (and, for jobs that take time, end) as "S|E <ns> <number>"; one atomic append each."""
    os.write(_LOG, b"S %d %d\n" % (time.time_ns(), number))
    if WORK_S:
        time.sleep(WORK_S)
        os.write(_LOG, b"E %d %d\n" % (time.time_ns(), number))
