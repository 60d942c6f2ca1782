"""Puts a container worker's clock wrong by up to an hour; Python runs this before the program (it is on PYTHONPATH).

Each process draws by its number. Waiting goes by the monotonic clock, which no setting of the time changes.
"""

import os
import random
import sys
import time

_MOST_S = 3600.0

if "container_worker" in sys.orig_argv:
    _skew_ns = int(random.Random(f"{os.environ.get('CHAOS_SEED')}/{os.getpid()}").uniform(-_MOST_S, _MOST_S) * 1e9)
    _time_ns = time.time_ns
    time.time_ns = lambda: _time_ns() + _skew_ns
    time.time = lambda: (_time_ns() + _skew_ns) / 1e9
