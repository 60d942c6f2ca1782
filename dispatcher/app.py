"""The dispatcher program: a Celery worker whose embedded beat sends a tick every tick_s."""

import math
import signal
import ssl
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import structlog
from celery import Celery, signals
from celery.beat import EmbeddedService
from celery.platforms import EX_FAILURE, EX_OK, SecurityWarning
from celery.worker import state
from kombu.connection import Connection

from dispatcher.aws_lookup import AwsLookup
from dispatcher.broker import check_broker
from dispatcher.codes import Code
from dispatcher.fleets import fleet_from, settings_of
from dispatcher.snapshot import Ticked
from dispatcher.sweeping.folder_sweep import FolderSweep
from dispatcher.tick import Dispatcher
from dispatcher.webhooks import WebhookSender
from scenequeue.errors import FleetError, FleetMisconfigured, QueueUnavailable, SceneburstError, SettingsError
from scenequeue.liveness import touch_alive_file
from scenequeue.logs import configure
from scenequeue.ports.steering.settings_in_force import settings_in_force
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Reason
from scenequeue.server_check import warn_of_problems
from scenequeue.settings import DispatcherSettings
from scenequeue.storages.uri import UriStorage

TICK = "sceneburst.tick"
#: Seconds for which published settings last, and after which the acting dispatcher publishes them again.
_SETTINGS_KEPT_S, _SETTINGS_AGAIN_S = 60, 20.0
#: Longest wait for a message before Celery checks whether it must stop. In-memory brokers wait a quarter of tick_s, at most this.
_MAX_WAIT_S = 0.25


def make_dispatcher(settings: DispatcherSettings, queue: SceneQueue, aws: AwsLookup | None = None) -> Dispatcher:
    """Make a dispatcher on the fleet that the settings name."""
    secret = settings.webhook_secret.get_secret_value() if settings.webhook_secret else None
    notifier, sweep = WebhookSender(queue, secret), FolderSweep(queue, UriStorage(settings))
    return Dispatcher(queue, fleet_from(settings), settings, notifier, observe=_observer(settings), aws=aws, sweep=sweep)


def _observer(settings: DispatcherSettings) -> Callable[[Ticked | None], None] | None:
    if not settings.metrics_address and not settings.metrics_emf:
        return None
    from dispatcher.metrics.exporter import Exporter

    return Exporter.from_settings(settings).observe


class _BriefWaits(Connection):
    """A connection that waits for messages only briefly at a time, because Celery checks for a shutdown only between waits."""

    def drain_events(self, *, timeout: float | None = None, **more: Any) -> Any:
        """Wait for a message for at most _MAX_WAIT_S, whatever Celery asks for."""
        wait_s = _MAX_WAIT_S if timeout is None else min(timeout, _MAX_WAIT_S)
        return super().drain_events(timeout=wait_s, **more)  # type: ignore[no-untyped-call]


class Ticker:
    """Runs ticks, and decides which errors to retry and which end the program.

    Args:
        dispatcher: runs the ticks.
        queue: its queue, whose server is checked before the first tick.
        settings: name the alive file.
    """

    def __init__(self, dispatcher: Dispatcher, queue: SceneQueue, settings: DispatcherSettings) -> None:
        self._dispatcher, self._queue, self._alive_file = dispatcher, queue, settings.alive_file
        self._log = structlog.get_logger()
        self._has_seen_redis = self._has_ticked = False
        self._settings_in_force = settings_in_force(*settings_of(settings))
        #: Monotonic time of their last publication.
        self._published_s = -math.inf
        #: The error that ends the program; None while there is none.
        self.refusal: SettingsError | None = None

    def tick(self) -> None:
        """Run one tick. An outage is retried at the next; a refusal by Redis ends the program only before the first good tick."""
        try:
            if not self._has_seen_redis:
                warn_of_problems(self._queue)
                self._has_seen_redis = True
            if self._dispatcher.tick() is not None:
                self._publish_settings()
            self._has_ticked = True
        except QueueUnavailable as error:
            self._log.warning("tick skipped: redis does not answer", error=error)
        except SettingsError as error:
            if self._has_ticked:
                self._log.error("tick refused", error=error)
            else:
                self.refusal = error
                state.should_stop = EX_FAILURE
        touch_alive_file(self._alive_file)

    def _publish_settings(self) -> None:
        now_s = time.monotonic()
        if now_s - self._published_s >= _SETTINGS_AGAIN_S:
            self._queue.dispatcher.publish_settings(self._settings_in_force, _SETTINGS_KEPT_S)
            self._published_s = now_s


def make_app(settings: DispatcherSettings, tick: Callable[[], None]) -> Celery:
    """Make the Celery app: one task, sent by its embedded beat every tick_s; JSON only, without results."""
    broker = settings.broker_url.get_secret_value()
    app = Celery("sceneburst", broker=broker)
    app.amqp.Connection = _BriefWaits
    if broker.startswith("rediss://"):
        # Check certificates, as redis-py does by default.
        app.conf.broker_use_ssl = {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_check_hostname": True}
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_default_queue="ticks",
        broker_transport_options=_transport_options(broker, settings),
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        # No limit: a message whose ack is lost with the connection counts as unacknowledged for ever. Such messages would use up
        # a limit, until the worker takes no more and no longer notices a lost broker. Ticks cannot pile up: each expires.
        worker_prefetch_multiplier=0,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_send_task_events=False,
        # Remote control is not used; without it the worker opens no channel for it.
        worker_enable_remote_control=False,
        timezone="UTC",
        # A late tick is dropped: the next one sees newer data.
        beat_schedule={TICK: {"task": TICK, "schedule": settings.tick_s, "options": {"expires": settings.tick_s}}},
        # In memory: a single interval needs no schedule file.
        beat_scheduler="celery.beat:Scheduler",
        beat_max_loop_interval=min(1.0, settings.tick_s),
    )

    @app.task(name=TICK)  # type: ignore[untyped-decorator]  # tasks are made from functions, not from methods
    def one_tick() -> None:
        tick()

    return app


def _transport_options(broker: str, settings: DispatcherSettings) -> dict[str, object]:
    if broker.startswith("memory://"):
        return {"polling_interval": min(_MAX_WAIT_S, settings.tick_s / 4)}
    return {
        # Put Celery's keys in our namespace and hash tag.
        "global_keyprefix": "{" + settings.namespace + "}:celery:",
        "visibility_timeout": 60,
        # Without time-outs, a black-holed network would block until the dispatcher is killed.
        "socket_timeout": 10.0,
        "socket_connect_timeout": 3.0,
        "socket_keepalive": True,
    }


def run(settings: DispatcherSettings) -> None:
    """Tick until SIGTERM or SIGINT; then release the lock and leave the containers running.

    Raises:
        SettingsError: a setting is unusable, or Redis refuses the user before the first tick.
        SystemExit: Celery ended by itself; the code is never 0.
    """
    configure(settings, "dispatcher")
    check_broker(settings)
    queue = SceneQueue(settings)
    aws = AwsLookup() if settings.fleet == "process" else None
    dispatcher = make_dispatcher(settings, queue, aws)
    if aws:
        aws.start()
    ticker = Ticker(dispatcher, queue, settings)
    app = make_app(settings, ticker.tick)
    # As a thread: Celery's embedded beat is a process, which would survive a SIGKILL of the dispatcher.
    beat = EmbeddedService(app, thread=True, scheduler_cls="celery.beat:Scheduler")
    log = structlog.get_logger()
    is_asked_to_leave = False

    def begin(sender: Any, **_: Any) -> None:
        log.info("dispatcher starts", fleet=settings.fleet, tick_s=settings.tick_s, owner=dispatcher.owner)
        beat.start()
        if sender.hub is not None:
            # kombu's event loop waits for its next timer; see _BriefWaits.
            sender.hub.call_repeatedly(_MAX_WAIT_S, lambda: None)
        try:
            app.send_task(TICK, expires=settings.tick_s)
        except Exception as error:
            # Any error that a breaking connection raises inside Celery: beat sends the next tick.
            log.warning("first tick not sent; beat sends the next one", error=error)

    def end(*_: Any) -> None:
        nonlocal is_asked_to_leave
        is_asked_to_leave = True
        state.should_stop = EX_OK
        # Not joined: the thread ends with the program.
        beat.service.stop()

    def listen(_worker: Any) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, end)

    # Celery warns about pickle under root; only JSON is accepted here.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    # A receiver of this signal keeps Celery from configuring logging.
    signals.setup_logging.connect(_keep_logging, weak=False)
    signals.worker_ready.connect(begin, weak=False)
    worker = app.Worker(pool_cls="solo", quiet=True, without_gossip=True, without_mingle=True, without_heartbeat=True)
    # Replace Celery's handlers, whose lines would be mixed with those of the log.
    worker.install_platform_tweaks = listen
    try:
        worker.start()
    finally:
        # Not before: a signal may arrive during a tick, which is still completed.
        try:
            dispatcher.close()
        except SceneburstError as error:
            if ticker.refusal is None:
                log.warning("lock not released; it expires by itself", error=error)
    if ticker.refusal is not None:
        raise ticker.refusal
    if not is_asked_to_leave:
        log.error("dispatcher ended without a signal")
        sys.exit(worker.exitcode or EX_FAILURE)


def _keep_logging(**_: Any) -> None:
    """Do nothing: logging is configured already."""


def run_once(settings: DispatcherSettings) -> Reason | None:
    """Tick once without Celery, for external schedulers; return the plan's reason, None where another dispatcher is active.

    Raises:
        FleetError: the fleet cannot be listed, or started none of the containers.
        QueueUnavailable: transient; Redis does not answer.
    """
    configure(settings, "dispatcher")
    queue = SceneQueue(settings)
    dispatcher = make_dispatcher(settings, queue)
    try:
        warn_of_problems(queue)
        made = dispatcher.try_tick()
        if dispatcher.launch_problem:
            raise FleetError(Code.NOTHING_LAUNCHED, problem=dispatcher.launch_problem)
        return made.why if made else None
    finally:
        dispatcher.close()


def main() -> int:
    """Run the dispatcher (`python -m dispatcher`) with settings from the environment."""
    try:
        run(DispatcherSettings.load())
    except (SettingsError, FleetMisconfigured) as error:
        sys.stderr.writelines(f"sceneburst dispatcher: {line}\n" for line in error.lines)
        return 2
    return 0
