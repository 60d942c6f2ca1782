"""Checks everything that the chosen fleet, queue and buckets need, and says how to fix what is wrong."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

from sceneburst.given_settings import GIVEN_AS, overrides_from
from sceneburst.local.checks import buckets, environment, fleets, machine, server
from sceneburst.local.checks.codes import Code
from sceneburst.local.checks.finding import Check, doubtful, good, guarded, wrong
from scenequeue.errors import SettingsError
from scenequeue.settings import ProducerSettings

_INSTALL = "pip install 'sceneburst[all]'"


def examine(addresses: Sequence[str] = (), redis_url: str | None = None, namespace: str | None = None) -> list[Check]:
    """Return all findings. Nothing is changed, except for a small object per bucket that is written and deleted again.

    Args:
        addresses: s3://bucket or s3://bucket/prefix, to be checked in addition to SCENEBURST_INPUTS.
        redis_url: replaces SCENEBURST_REDIS_URL.
        namespace: replaces SCENEBURST_NAMESPACE.

    Raises:
        SettingsError: the namespace is malformed.
    """
    fleet = environment.chosen_fleet(os.environ)
    # Each check looks at what can be read; `values` reports the other settings.
    settings = ProducerSettings.load_readable(GIVEN_AS, **overrides_from(redis_url, namespace))
    uris = [uri for uri in (settings.inputs, *addresses) if uri]
    found = [
        *machine.python(),
        *environment.unknown_names(os.environ),
        *environment.values(fleet),
        *environment.folders(settings),
        *_programs(fleet),
        *_queue(settings, os.environ, is_given=redis_url is not None),
    ]
    is_aws_needed = fleet == "fargate" or any(uri.startswith("s3://") for uri in uris)
    credentials = list(_credentials(is_needed=is_aws_needed))
    found += credentials
    # Without credentials, every check of AWS would fail in the same way.
    if all(check.is_good or not check.is_needed for check in credentials):
        found += _fleet(fleet, os.environ)
        found += [check for uri in dict.fromkeys(uris) for check in _bucket(uri)]
    return found


def _programs(fleet: str) -> Iterator[Check]:
    """Check the programs of this machine; those of the worker are needed only if the fleet is this machine."""
    yield from machine.packages("dispatcher")
    worker = [
        *machine.packages("worker"),
        *guarded("ffmpeg", machine.ffmpeg, _INSTALL + ", or set SCENEBURST_FFMPEG to one with libx264 and libass"),
        *_as_optional(guarded("isolation", machine.isolation, "see ffmpeg")),
        *guarded("fonts", machine.fonts, "install Sceneburst again"),
        *guarded("scratch space", machine.scratch, "or set SCENEBURST_SCRATCH_DIR"),
    ]
    yield from worker if fleet == "process" else _as_optional(worker)


def _queue(settings: ProducerSettings, variables: Mapping[str, str], *, is_given: bool) -> Iterator[Check]:
    is_named = is_given or any(name.upper() == "SCENEBURST_REDIS_URL" for name in variables)
    own = list(guarded("redis-server", machine.redis_server, "`render` and `up` need one: see the message"))
    yield from _as_optional(own) if is_named else own
    if not is_named:
        mend = "set it to the queue's address, as `sceneburst up` prints it"
        yield doubtful(Code.REDIS_NOT_NAMED, "redis", mend, setting="SCENEBURST_REDIS_URL")
    else:
        yield from guarded("redis", lambda: server.server(settings), f"correct {settings.name_of('redis_url')}")


def _credentials(*, is_needed: bool) -> Iterator[Check]:
    from botocore.exceptions import BotoCoreError, ClientError

    from scenequeue.storages.aws_session import aws_session

    mend = "use a role, or AWS's own environment variables (AWS_ACCESS_KEY_ID, AWS_PROFILE, …)"
    try:
        credentials = aws_session().get_credentials()
        if credentials is not None:
            credentials.get_frozen_credentials()
    except (BotoCoreError, ClientError) as error:
        yield wrong(Code.CHECK_FAILED, "AWS credentials", mend, problem=str(error))
        return
    if credentials is not None:
        yield good(Code.CREDENTIALS_FOUND, "AWS credentials", method=str(credentials.method))
    else:
        judged, code = (wrong, Code.CREDENTIALS_ABSENT) if is_needed else (doubtful, Code.CREDENTIALS_NOT_NEEDED)
        yield judged(code, "AWS credentials", mend)


def _fleet(fleet: str, variables: Mapping[str, str]) -> Iterator[Check]:
    from dispatcher.fleets.settings import DockerSettings, FargateSettings

    try:
        if fleet == "docker":
            yield from fleets.docker(DockerSettings.load())
        elif fleet == "fargate":
            from dispatcher.fleets.fargate.api import EcsApi

            settings = FargateSettings.load()
            api = EcsApi(settings.ecs_launches_per_s, settings.ecs_launch_burst)
            mend = "check credentials, AWS_REGION and the way to ECS's endpoint"
            yield from guarded("fargate", lambda: fleets.fargate(settings, api, variables), mend)
    except SettingsError:
        # `values` reports the invalid setting.
        return


def _bucket(uri: str) -> Iterable[Check]:
    if not uri.startswith("s3://") or not uri.removeprefix("s3://").strip("/"):
        return [wrong(Code.BUCKET_ADDRESS_MALFORMED, uri, "write it as s3://bucket or s3://bucket/prefix")]
    from scenequeue.storages.s3 import S3Storage

    return guarded(uri, lambda: buckets.bucket(uri, S3Storage()), "see scratch space")


def _as_optional(checks: Iterable[Check]) -> Iterator[Check]:
    """Return the same findings as optional ones."""
    return (check._replace(is_needed=False) for check in checks)
