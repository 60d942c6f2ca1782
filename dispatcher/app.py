"""The dispatcher program: a Celery worker with its beat, which ticks."""

import ssl
import sys
import warnings
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import structlog
from celery import Celery, signals
from celery.beat import EmbeddedService
from celery.platforms import SecurityWarning

from dispatcher.fleets import fleet_from
from dispatcher.notify import Notifier
from dispatcher.tick import Dispatcher, Seen
from scenequeue.alive import show_life
from scenequeue.errors import FleetError, QueueUnavailable, SettingsError
from scenequeue.logs import configure
from scenequeue.queue import SceneQueue
from scenequeue.settings import DispatcherSettings

TICK = "sceneburst.tick"


def broker_url(redis_url: str) -> str:
    """The queue's own Redis, as Celery writes its address."""
    parts = urlsplit(redis_url)
    if parts.scheme == "unix":
        user = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
        return f"redis+socket://{user}{parts.path}"
    return redis_url


def make_dispatcher(settings: DispatcherSettings) -> Dispatcher:
    """A dispatcher on the queue and fleet that the settings name."""
    queue = SceneQueue(settings)
    secret = settings.webhook_secret.get_secret_value() if settings.webhook_secret else None
    return Dispatcher(queue, fleet_from(settings), settings, Notifier(queue, secret), observe=_observer(settings))


def _observer(settings: DispatcherSettings) -> Callable[[Seen | None], None] | None:
    if not settings.metrics_address and not settings.metrics_emf:
        return None
    from dispatcher.exporter import Exporter

    return Exporter.from_settings(settings).observe


def make_app(settings: DispatcherSettings, dispatcher: Dispatcher) -> Celery:
    """The Celery app: one task, sent by its own beat every tick_s; JSON only, and no results kept."""
    app = Celery("sceneburst", broker=broker_url(settings.redis_address.get_secret_value()))
    if settings.redis_url.get_secret_value().startswith("rediss://"):
        # Certificates are checked, as redis-py does by itself.
        app.conf.broker_use_ssl = {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_check_hostname": True}
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_default_queue="ticks",
        # Celery's keys lie inside our namespace and hash tag.
        broker_transport_options={
            "global_keyprefix": "{" + settings.namespace + "}:celery:",
            "visibility_timeout": 60,
            # Without these, a network that swallows everything would be waited for until the dispatcher is killed.
            "socket_timeout": 10.0,
            "socket_connect_timeout": 3.0,
            "socket_keepalive": True,
        },
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        # No limit. A message whose ack is lost with the connection counts as in work for ever; a limit is used up by such, and
        # the worker takes no other, nor sees from then on whether Redis is there. Ticks do not heap up: each expires.
        worker_prefetch_multiplier=0,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_send_task_events=False,
        # Nobody steers a dispatcher from afar, so nobody can: no channel to listen on.
        worker_enable_remote_control=False,
        timezone="UTC",
        # A tick that was not taken in time is worth nothing: the next one sees more.
        beat_schedule={TICK: {"task": TICK, "schedule": settings.tick_s, "options": {"expires": settings.tick_s}}},
        # In memory: the one interval needs no file to be remembered in.
        beat_scheduler="celery.beat:Scheduler",
        beat_max_loop_interval=min(1.0, settings.tick_s),
    )
    log = structlog.get_logger()

    @app.task(name=TICK)  # type: ignore[untyped-decorator]
    def tick() -> None:
        try:
            dispatcher.tick()
        except QueueUnavailable as error:
            log.warning("tick skipped: redis does not answer", error=str(error))
        show_life(settings.alive_file)

    return app


def run(settings: DispatcherSettings) -> None:
    """Tick until SIGTERM or SIGINT; the lock is given up at the end, containers go on."""
    configure(settings, "dispatcher")
    dispatcher = make_dispatcher(settings)
    app = make_app(settings, dispatcher)
    # As a thread: Celery's own embedded beat is a process, which would outlive a kill -9 of ours.
    beat = EmbeddedService(app, thread=True, scheduler_cls="celery.beat:Scheduler")
    log = structlog.get_logger()

    def begin(**_: Any) -> None:
        log.info("dispatcher starts", fleet=settings.fleet, tick_s=settings.tick_s, owner=dispatcher.owner)
        beat.start()
        try:
            app.send_task(TICK, expires=settings.tick_s)
        except Exception as error:
            # Whatever a breaking connection raises inside Celery: the beat sends the next one.
            log.warning("the first tick comes with the beat", error=str(error))

    def end(**_: Any) -> None:
        # Stopping a beat that never started would wait for it for ever.
        if beat.is_alive():
            beat.stop()

    # It warns of pickle under root; only JSON is accepted here.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    # With a receiver of its own, Celery leaves logging as it is.
    signals.setup_logging.connect(_keep_logging, weak=False)
    signals.worker_ready.connect(begin, weak=False)
    signals.worker_shutting_down.connect(end, weak=False)
    options = ["--pool=solo", "--without-gossip", "--without-mingle", "--without-heartbeat"]
    try:
        app.worker_main(["--quiet", "worker", *options])
    finally:
        # Only now: the signal may have come in the middle of a tick, which still ends well.
        try:
            dispatcher.close()
        except QueueUnavailable:
            log.warning("the lock was not given up: redis does not answer; it expires by itself")


def _keep_logging(**_: Any) -> None:
    """Logging is set up already."""


def run_once(settings: DispatcherSettings) -> str:
    """One tick without Celery, for schedulers of one's own; returns what was decided, in words.

    Raises:
        FleetError: the fleet cannot be seen, or launched nothing of what was asked.
        QueueUnavailable: transient; Redis does not answer.
    """
    configure(settings, "dispatcher")
    dispatcher = make_dispatcher(settings)
    try:
        made = dispatcher.try_tick()
        if dispatcher.launch_problem:
            raise FleetError(f"nothing was launched: {dispatcher.launch_problem}")
        return made.why if made else "another dispatcher acts"
    finally:
        dispatcher.close()


def main() -> int:
    """`python -m dispatcher`: settings from the environment."""
    try:
        run(DispatcherSettings.load())
    except SettingsError as error:
        sys.stderr.write(f"sceneburst dispatcher: {error}\n")
        return 2
    return 0
