"""The settings of all programs, one class each, read from SCENEBURST_… environment variables."""

import contextlib
import json
import os
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args, get_origin
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, SecretStr, ValidationError, field_validator
from pydantic_core import ErrorDetails

from scenequeue.errors import InvalidValue, SettingsError, refused_value, several
from scenequeue.jobs.ids import LabelName
from scenequeue.reasons import Code, Reason
from scenequeue.redaction import register_secret, register_url

Positive = Annotated[float, Field(gt=0)]
KEY_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_SHA256 = re.compile(r"[0-9A-Fa-f]{64}")
_TYPE_TRIED = re.compile(r"(?:str|int|float|bool)\Z|\[key\]|(?:list|dict)\[")
#: The mistake of a value of another type, for which an example helps.
_NOT_THE_TYPE = {"list_type": Code.SETTING_NOT_LIST, "dict_type": Code.SETTING_NOT_MAP}


def list_for_shell(values: Iterable[object]) -> str:
    """Return a list setting's value, quoted for a shell: a JSON list without duplicates."""
    return shlex.quote(json.dumps(list(dict.fromkeys(map(str, values)))))


class SceneburstSettings(BaseModel):
    """Settings of every program, such as the address of the queue."""

    # Defer building: each program uses only one of these classes.
    model_config = ConfigDict(frozen=True, extra="ignore", validate_default=True, defer_build=True)

    redis_url: SecretStr = Field(
        SecretStr("redis://127.0.0.1:6379/0"),
        description="Redis or Valkey: redis://, rediss:// or unix://; redis+sentinel://host,…/service, redis+cluster://host,…; "
        "may hold a password, never logged",
    )
    redis_password: SecretStr | None = Field(None, description="password of the URL's user, if the URL holds none; never logged")
    namespace: str = Field(
        "sceneburst", pattern=r"^[A-Za-z0-9_.-]{1,64}$", description="prefix of every key; several namespaces are several queues"
    )
    language: str = Field(
        "en", description="language of messages: the name of an installed one; what it lacks is said in English"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="lowest level that is logged")
    log_format: Literal["auto", "json", "console"] = Field("auto", description="auto: coloured on a terminal, JSON elsewhere")
    lease_s: Positive = Field(30.0, description="seconds a lease lasts without a heartbeat (visibility timeout)")
    result_ttl_s: Annotated[int, Field(ge=1)] = Field(7 * 86400, description="seconds that a finished job's results are kept")
    event_limit: Annotated[int, Field(ge=10)] = Field(10_000, description="events kept per job, about")
    indexed_labels: list[LabelName] = Field(
        default_factory=list, max_length=16, description="labels by which `sceneburst jobs` finds jobs among all; JSON list"
    )
    file_roots: list[Path] = Field(
        default_factory=list, description="folders under which file:// addresses may be read and written; JSON list"
    )
    alive_file: Path | None = Field(None, description="file touched with every heartbeat or tick, for health checks")
    max_input_bytes: Annotated[int, Field(ge=1)] = Field(512 * 1024 * 1024, description="largest input of a scene, in bytes")
    max_video_bytes: Annotated[int, Field(ge=1)] = Field(256 * 1024**3, description="largest video to transcode, in bytes")

    #: Fields that were not given by their variables, with the names that their giver knows, such as --redis-url.
    _given_as: Mapping[str, str] = PrivateAttr(default_factory=dict)

    def model_post_init(self, _context: Any) -> None:
        """Register the secrets among the settings, so that no output contains them."""
        for name in type(self).model_fields:
            value = getattr(self, name)
            if isinstance(value, SecretStr):
                register = register_url if name.endswith("_url") else register_secret
                register(value.get_secret_value())

    def name_of(self, field: str) -> str:
        """Return the name of a setting for messages: that of the option it was given by, else its environment variable."""
        return _name_of(field, self._given_as)

    def overridden(self, given_as: Mapping[str, str], /, **values: Any) -> Self:
        """Return the same settings with other values, which are not checked.

        Args:
            given_as: names by which fields were given, such as {"redis_url": "--redis-url"}; others are not looked at.
            values: the fields.
        """
        made = self.model_copy(update=values)
        made._given_as = {**self._given_as, **{name: given_as[name] for name in values if name in given_as}}  # noqa: SLF001  our own class
        made.model_post_init(None)
        return made

    @property
    def redis_address(self) -> SecretStr:
        """Return the URL with the password of `redis_password` in it, unless it has its own."""
        url = self.redis_url.get_secret_value()
        try:
            parts = urlsplit(url)
        except ValueError:
            # The connection reports a malformed URL.
            return self.redis_url
        if self.redis_password is None or parts.password is not None:
            return self.redis_url
        user, host = parts.username or "", parts.netloc.rpartition("@")[2]
        netloc = f"{user}:{quote(self.redis_password.get_secret_value(), safe='')}@{host}"
        return SecretStr(urlunsplit(parts._replace(netloc=netloc)))

    @classmethod
    def load(cls, given_as: Mapping[str, str] | None = None, /, **overrides: Any) -> Self:
        """Load the settings from the environment, with keyword overrides.

        Args:
            given_as: as for `overridden`.
            overrides: fields that replace those of the environment.

        Raises:
            SettingsError: a value is malformed; the message names the environment variables or options, but no values.
        """
        return cls._made({**dict(cls._environment()), **overrides}, given_as, overrides)

    @classmethod
    def load_readable(cls, given_as: Mapping[str, str] | None = None, /, **overrides: Any) -> Self:
        """Load the settings, with the defaults of those in the environment that are malformed, which `load` names.

        For programs that need none. Arguments as for `load`.

        Raises:
            SettingsError: an override is malformed.
        """
        given = {**dict(cls._environment()), **overrides}
        try:
            cls(**given)
        except ValidationError as error:
            malformed = {each["loc"][0] for each in error.errors(include_input=False) if each["loc"]} - set(overrides)
            given = {name: value for name, value in given.items() if name not in malformed}
        return cls._made(given, given_as, overrides)

    @classmethod
    def _made(cls, values: Mapping[str, Any], given_as: Mapping[str, str] | None, overrides: Mapping[str, Any]) -> Self:
        names = {name: text for name, text in (given_as or {}).items() if name in overrides}
        try:
            made = cls(**values)
        except ValidationError as error:
            raise SettingsError(several(_explained(each, names) for each in error.errors(include_input=False))) from None
        made._given_as = names
        return made

    @classmethod
    def _environment(cls) -> Iterator[tuple[str, object]]:
        """Yield the fields that have a variable, whose name may be in any case; malformed JSON stays text for the validation."""
        variables = {name.lower(): text for name, text in os.environ.items()}
        for name, field in cls.model_fields.items():
            if (text := variables.get(f"sceneburst_{name}")) is not None:
                value: object = text
                if text.lstrip().startswith(("[", "{")) and _is_list_or_map(field.annotation):
                    with contextlib.suppress(ValueError):
                        value = json.loads(text)
                yield name, value


def _name_of(field: str, given_as: Mapping[str, str]) -> str:
    return given_as.get(field, f"SCENEBURST_{field.upper()}")


def _explained(problem: ErrorDetails, given_as: Mapping[str, str]) -> Reason:
    """Return the reason that a setting's value is refused, with the name by which it was given."""
    reason = refused_value(problem)
    if not problem["loc"]:
        return reason
    code = _NOT_THE_TYPE.get(problem["type"], Code.SETTING_REFUSED)
    field, *inner = problem["loc"]
    # Of a setting of several types, pydantic names the type that it tried.
    place = [str(part) for part in inner if not _TYPE_TRIED.match(str(part))]
    return Reason(code, {"setting": ".".join([_name_of(str(field), given_as), *place]), "problem": reason})


def _is_list_or_map(annotation: Any) -> bool:
    """Return True if the type, or a member of the union, is a list or a map."""
    return get_origin(annotation) in {list, dict} or any(get_origin(one) in {list, dict} for one in get_args(annotation))


class ProducerSettings(SceneburstSettings):
    """Further settings of a producer."""

    inputs: str | None = Field(
        None,
        description="URI prefix that local input files are uploaded under, e.g. s3://bucket/inputs; none: read in place as file://",
    )
    backlog_limit: Annotated[int, Field(ge=1)] = Field(1_000_000, description="most ready items; with more, submitting fails")
    upload_threads: Annotated[int, Field(ge=1, le=64)] = Field(8, description="parallel uploads")


class AccessSettings(ProducerSettings):
    """Further settings of the page and the HTTP API."""

    api_keys: dict[str, str] = Field(
        default_factory=dict,
        description="keys beside those of `sceneburst keys`, with the role operate: JSON map of a name to a SHA-256 in hex",
    )

    @field_validator("api_keys", mode="before")
    @classmethod
    def _map_of_hashes(cls, given: object) -> object:
        """Accept JSON text or a map; the message does not contain the value."""
        try:
            keys = (json.loads(given) if given else {}) if isinstance(given, str) else given
        except ValueError:
            keys = None
        if not isinstance(keys, dict) or not all(
            KEY_NAME.fullmatch(str(name)) and _SHA256.fullmatch(str(digest)) for name, digest in keys.items()
        ):
            raise InvalidValue(Code.API_KEYS_MALFORMED)
        return {name: str(digest).lower() for name, digest in keys.items()}


class ApiSettings(AccessSettings):
    """Further settings of the HTTP API."""

    api_host: str = Field("127.0.0.1", description="address to listen on; 0.0.0.0 is every one of the machine's")
    api_port: Annotated[int, Field(ge=0, le=65535)] = Field(8080, description="port to listen on; 0: any free one")
    api_open: bool = Field(False, description="true: no key is asked for; only on a loopback address, and without keys")
    api_max_body_mib: Annotated[float, Field(gt=0, le=256)] = Field(8.0, description="largest request body, in MiB")
    api_max_scenes: Annotated[int, Field(ge=1)] = Field(10_000, description="most scenes of one request")
    api_requests_per_s: Positive = Field(20.0, description="requests a second of each key in the long run, per process")
    api_burst: Annotated[int, Field(ge=1)] = Field(40, description="requests at once that each key has after a pause")
    api_connections: Annotated[int, Field(ge=1)] = Field(
        512, description="most connections at once, per process; above, the oldest without a request is closed"
    )
    api_head_s: Positive = Field(10.0, description="seconds that the head of a request may take, from the connection on")
    api_threads: Annotated[int, Field(ge=1, le=256)] = Field(16, description="requests that talk to Redis at once; others wait")
    api_streams: Annotated[int, Field(ge=1, le=1000)] = Field(
        64, description="event streams at once, a thread each; more are answered 503"
    )
    api_heartbeat_s: Positive = Field(15.0, description="seconds between two signs of life in a quiet event stream")
    api_grace_s: Annotated[int, Field(ge=1)] = Field(20, description="seconds that running requests may finish in after SIGTERM")


class WorkerSettings(SceneburstSettings):
    """Further settings of a container worker."""

    container_id: str | None = Field(None, description="set by the dispatcher; without it, a worker makes up its own")
    fleet: str = Field("process", description="name of the fleet this container belongs to, for its record")
    slots: Annotated[int, Field(ge=0, le=256)] = Field(0, description="items worked on at once; 0: number of vCPUs")
    batch: Annotated[int, Field(ge=0)] = Field(0, description="items it was launched for; 0: no budget, work until idle")
    idle_timeout_s: Positive = Field(20.0, description="seconds without work after which the container leaves")
    min_lifetime_s: Annotated[float, Field(ge=0)] = Field(
        0.0, description="do not leave before (Fargate bills a minute at least)"
    )
    drain_grace_s: Positive = Field(100.0, description="seconds that running items may finish in after SIGTERM; Spot gives 120")
    item_timeout_s: Positive = Field(3600.0, description="wall clock limit of one item")
    item_memory_mib: Annotated[int, Field(ge=128)] = Field(
        4096,
        description="address space limit of one child; a slot's share of the container's memory, if that is less (2048 or more)",
    )
    item_output_bytes: Annotated[int, Field(ge=1024)] = Field(8 * 1024**3, description="largest file an item may write")
    scratch_dir: Path | None = Field(None, description="folder for scratch space; none: the system's")
    redis_patience_s: Positive = Field(900.0, description="seconds without Redis after which the container leaves")


class DispatcherSettings(SceneburstSettings):
    """Further settings of the dispatcher."""

    fleet: Literal["process", "docker", "fargate"] = Field("process", description="where containers run")
    broker_url: SecretStr = Field(
        SecretStr("memory://localhost/"),
        description="Celery's broker, which the beat sends ticks through; in this process's memory unless another is wanted",
    )
    tick_s: Positive = Field(2.0, description="seconds between two ticks")
    policy: Literal["batch", "deadline", "budget"] = Field(
        "batch", description="how many containers: by batch size, by deadline or by hourly budget"
    )
    scenes_per_batch: Annotated[int, Field(ge=1)] = Field(10, description="items a container is launched for")
    min_scenes_per_batch: Annotated[int, Field(ge=1)] = Field(5, description="fewest items worth a container")
    max_parallel_tasks: Annotated[int, Field(ge=1)] = Field(10, description="most containers that one distribution uses")
    max_containers: Annotated[int, Field(ge=1)] = Field(100, description="most containers at once")
    min_containers: Annotated[int, Field(ge=0)] = Field(0, description="fewest containers at once, also when idle")
    launches_per_tick: Annotated[int, Field(ge=1)] = Field(100, description="most launches in one tick")
    deadline_s: Positive = Field(600.0, description="policy deadline: seconds in which the backlog should be done")
    budget_usd_per_hour: Annotated[float, Field(gt=0)] | None = Field(
        None, description="most that all containers may cost an hour, in USD"
    )
    config_priority: Annotated[int, Field(ge=1, le=5)] = Field(
        1, description="container size: 1 2vCPU/4GiB, 2 4/8, 3 8/16, 4 16/32, 5 1/2"
    )
    idle_timeout_s: Positive = Field(20.0, description="seconds without work after which a container leaves, or is reaped")
    silent_after_s: Positive = Field(60.0, description="seconds without a heartbeat after which a container is reaped")
    hello_timeout_s: Positive = Field(180.0, description="seconds after which a launch that has not reported counts as failed")
    max_lifetime_s: Positive = Field(6 * 3600.0, description="age in seconds at which a container is drained and stopped")
    worker_slots: Annotated[int, Field(ge=0)] = Field(0, description="slots per container; 0: its vCPUs")
    state_dir: Path | None = Field(
        None,
        description="process fleet: folder for records and container logs; none: one per namespace in the system's temporary one",
    )
    cost_anomaly_factor: Annotated[float, Field(gt=1)] = Field(
        3.0, description="warn when the cost per scene is above so many times its rolling median"
    )
    metrics_address: str = Field("", description="host:port to serve /metrics for Prometheus; none: not served")
    metrics_emf: bool = Field(False, description="write CloudWatch metrics (embedded metric format) to standard output")
    webhook_secret: SecretStr | None = Field(None, description="key that signs webhooks (HMAC-SHA256)")
