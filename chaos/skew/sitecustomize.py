"""Alters a container worker before it starts; Python runs this file first, because its folder is on PYTHONPATH.

* The clock is wrong (`time.time`, `time.time_ns`, datetime's now, utcnow and today, and so botocore's signatures): by up to 14
  minutes, which S3 accepts, and in every 12th container by up to an hour, which S3 refuses. Unchanged are file times, which
  the kernel writes, child processes, and the monotonic clock.
* Every other container uploads all files in parts, not only videos above 16 MiB.
* The time-out of S3 is 2 s instead of 30, for which boto3 has no variable.
* CHAOS_WIRE_VERSION, if set, becomes the worker's wire version and the version of the kind `render`: it serves that need too.
* Requests to S3 carry the container id, by AWS's own variable.

Containers draw by the order in which they start (the first free number in CHAOS_STARTS).
"""

import datetime as dt
import functools
import importlib.abc
import importlib.machinery
import importlib.util
import os
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_ACCEPTED_S, _MAX_S = 840.0, 3600.0
_FAR_OFF_EVERY = 12
_RealDatetime = dt.datetime
_STORAGE, _ITEMS, _KIND = "scenequeue.storages.s3", "scenequeue.jobs.item", "scenequeue.jobs.kinds.render"


def _number(folder: Path) -> int:
    """Return the number of containers that started before."""
    number = 0
    while True:
        try:
            os.close(os.open(folder / str(number), os.O_CREAT | os.O_EXCL))
            return number
        except FileExistsError:
            number += 1


def _set_clock(skew_s: float) -> None:
    real_time_ns = time.time_ns
    skew_ns, shift = int(skew_s * 1e9), dt.timedelta(seconds=skew_s)
    time.time_ns = lambda: real_time_ns() + skew_ns
    time.time = lambda: (real_time_ns() + skew_ns) / 1e9

    class Meta(type):
        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, _RealDatetime)

        def __subclasscheck__(cls, other: type) -> bool:
            return issubclass(other, _RealDatetime)

    class Skewed(_RealDatetime, metaclass=Meta):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Any:
            return _RealDatetime.now(tz) + shift

        @classmethod
        def utcnow(cls) -> Any:
            return _RealDatetime.now(dt.UTC).replace(tzinfo=None) + shift

        @classmethod
        def today(cls) -> Any:
            return cls.now()

    Skewed.__name__ = Skewed.__qualname__ = "datetime"
    dt.datetime = Skewed  # type: ignore[misc]


class _Afterwards(importlib.abc.MetaPathFinder):
    """Changes a module after it was loaded."""

    def __init__(self, name: str, change: Callable[[Any], None]) -> None:
        self._name, self._change = name, change

    def find_spec(self, name: str, path: object = None, target: object = None) -> importlib.machinery.ModuleSpec | None:  # noqa: ARG002
        if name != self._name:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return None
        load = spec.loader.exec_module

        def load_and_change(module: object) -> None:
            load(module)  # type: ignore[arg-type]
            self._change(module)

        spec.loader.exec_module = load_and_change  # type: ignore[method-assign]
        return spec


def _change_storage(module: Any, *, in_parts: bool) -> None:
    from boto3.s3.transfer import TransferConfig
    from botocore.config import Config

    module._CONFIG = module._CONFIG.merge(Config(read_timeout=2, connect_timeout=2))
    if in_parts:
        module.MULTIPART_BYTES = 1
        module._TRANSFER = TransferConfig(multipart_threshold=1)


def _set_version(module: Any, name: str, version: int) -> None:
    setattr(module, name, version)


if "container_worker" in sys.orig_argv and "CHAOS_STARTS" in os.environ:
    _starts = Path(os.environ["CHAOS_STARTS"])
    _mine = _number(_starts)
    _draws = random.Random(f"{os.environ.get('CHAOS_SEED')}/container/{_mine}")
    _is_far_off = _mine % _FAR_OFF_EVERY == _FAR_OFF_EVERY - 1
    _skew = _draws.choice((-1, 1)) * (_draws.uniform(1200.0, _MAX_S) if _is_far_off else _draws.uniform(0.0, _ACCEPTED_S))
    _container = os.environ.get("SCENEBURST_CONTAINER_ID", "")
    (_starts / str(_mine)).write_text(f"{_container} {_skew:.0f} {os.getpid()}")
    os.environ["AWS_SDK_UA_APP_ID"] = _container
    sys.meta_path.insert(0, _Afterwards(_STORAGE, functools.partial(_change_storage, in_parts=_mine % 2 == 1)))
    if "CHAOS_WIRE_VERSION" in os.environ:
        _version = int(os.environ["CHAOS_WIRE_VERSION"])
        sys.meta_path.insert(0, _Afterwards(_ITEMS, functools.partial(_set_version, name="WIRE_VERSION", version=_version)))
        sys.meta_path.insert(0, _Afterwards(_KIND, functools.partial(_set_version, name="VERSION", version=_version)))
    _set_clock(_skew)
