"""The dispatcher program: a Celery worker with its beat, which ticks."""

import signal
import ssl
import sys
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
from dispatcher.fleets import fleet_from
from dispatcher.snapshot import Ticked
from dispatcher.tick import Dispatcher
from dispatcher.webhooks import WebhookSender
from scenequeue.errors import FleetError, QueueUnavailable, SceneburstError, SettingsError
from scenequeue.liveness import touch_alive_file
from scenequeue.logs import configure
from scenequeue.queue import SceneQueue
from scenequeue.reasons import Reason
from scenequeue.server_check import warn_of_problems
from scenequeue.settings import DispatcherSettings

TICK = "sceneburst.tick"
#: Between two looks whether to leave. For a tick's message in memory: a quarter of the pause between ticks, and at most this.
_MAX_LOOK_S = 0.25


def make_dispatcher(settings: DispatcherSettings, queue: SceneQueue, aws: AwsLookup | None = None) -> Dispatcher:
    """A dispatcher on the fleet that the settings name."""
    secret = settings.webhook_secret.get_secret_value() if settings.webhook_secret else None
    return Dispatcher(queue, fleet_from(settings), settings, WebhookSender(queue, secret), observe=_observer(settings), aws=aws)


def _observer(settings: DispatcherSettings) -> Callable[[Ticked | None], None] | None:
    if not settings.metrics_address and not settings.metrics_emf:
        return None
    from dispatcher.metrics.exporter import Exporter

    return Exporter.from_settings(settings).observe


class _Restless(Connection):
    """A connection that returns often from waiting for messages: only between two waits does Celery see that it is to leave."""

    def drain_events(self, *, timeout: float | None = None, **more: Any) -> Any:
        """Wait for a message, as Celery asks to, but not for so long."""
        wait_s = _MAX_LOOK_S if timeout is None else min(timeout, _MAX_LOOK_S)
        return super().drain_events(timeout=wait_s, **more)  # type: ignore[no-untyped-call]


class Ticker:
    """Ticks, and decides which errors are waited out and which end the program.

    Args:
        dispatcher: what ticks.
        queue: its queue, whose server is looked at before the first tick.
        settings: the alive file.
    """

    def __init__(self, dispatcher: Dispatcher, queue: SceneQueue, settings: DispatcherSettings) -> None:
        self._dispatcher, self._queue, self._alive_file = dispatcher, queue, settings.alive_file
        self._log = structlog.get_logger()
        self._has_seen_redis = self._has_ticked = False
        #: Why the program cannot do its work; None as long as it may.
        self.refusal: SettingsError | None = None

    def tick(self) -> None:
        """One tick. An outage is sat out; what Redis refuses is permanent only before the first tick has gone well."""
        try:
            if not self._has_seen_redis:
                warn_of_problems(self._queue)
                self._has_seen_redis = True
            self._dispatcher.tick()
            self._has_ticked = True
        except QueueUnavailable as error:
            self._log.warning("tick skipped: redis does not answer", error=str(error))
        except SettingsError as error:
            if self._has_ticked:
                self._log.error("tick refused", error=str(error))
            else:
                self.refusal = error
                state.should_stop = EX_FAILURE
        touch_alive_file(self._alive_file)


def make_app(settings: DispatcherSettings, tick: Callable[[], None]) -> Celery:
    """The Celery app: one task, sent by its own beat every tick_s; JSON only, and no results kept."""
    broker = settings.broker_url.get_secret_value()
    app = Celery("sceneburst", broker=broker)
    app.amqp.Connection = _Restless
    if broker.startswith("rediss://"):
        # Certificates are checked, as redis-py does by itself.
        app.conf.broker_use_ssl = {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_check_hostname": True}
    app.conf.update(
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,
        task_default_queue="ticks",
        broker_transport_options=_transport_options(broker, settings),
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        # No limit. A message whose ack is lost with the connection counts as in work for ever; a limit is used up by such, and
        # the worker takes no other, nor sees from then on whether the broker is there. Ticks do not heap up: each expires.
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

    @app.task(name=TICK)  # type: ignore[untyped-decorator]  # tasks are made from functions, not from methods
    def one_tick() -> None:
        tick()

    return app


def _transport_options(broker: str, settings: DispatcherSettings) -> dict[str, object]:
    if broker.startswith("memory://"):
        return {"polling_interval": min(_MAX_LOOK_S, settings.tick_s / 4)}
    return {
        # On a Redis, Celery's keys lie inside our namespace and hash tag.
        "global_keyprefix": "{" + settings.namespace + "}:celery:",
        "visibility_timeout": 60,
        # Without these, a network that swallows everything would be waited for until the dispatcher is killed.
        "socket_timeout": 10.0,
        "socket_connect_timeout": 3.0,
        "socket_keepalive": True,
    }


def run(settings: DispatcherSettings) -> None:
    """Tick until SIGTERM or SIGINT; the lock is given up at the end, containers go on.

    Raises:
        SettingsError: Redis refuses the user before the first tick.
        SystemExit: Celery has ended by itself; never with 0.
    """
    configure(settings, "dispatcher")
    queue = SceneQueue(settings)
    aws = AwsLookup() if settings.fleet == "process" else None
    dispatcher = make_dispatcher(settings, queue, aws)
    if aws:
        aws.start()
    ticker = Ticker(dispatcher, queue, settings)
    app = make_app(settings, ticker.tick)
    # As a thread: Celery's own embedded beat is a process, which would outlive a kill -9 of ours.
    beat = EmbeddedService(app, thread=True, scheduler_cls="celery.beat:Scheduler")
    log = structlog.get_logger()
    is_asked_to_leave = False

    def begin(sender: Any, **_: Any) -> None:
        log.info("dispatcher starts", fleet=settings.fleet, tick_s=settings.tick_s, owner=dispatcher.owner)
        beat.start()
        if sender.hub is not None:
            # Its event loop waits for the next timer; see _Restless.
            sender.hub.call_repeatedly(_MAX_LOOK_S, lambda: None)
        try:
            app.send_task(TICK, expires=settings.tick_s)
        except Exception as error:
            # Whatever a breaking connection raises inside Celery: the beat sends the next one.
            log.warning("the first tick comes with the beat", error=str(error))

    def end(*_: Any) -> None:
        nonlocal is_asked_to_leave
        is_asked_to_leave = True
        state.should_stop = EX_OK
        # Without waiting for it: its thread ends with the program.
        beat.service.stop()

    def listen(_worker: Any) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, end)

    # It warns of pickle under root; only JSON is accepted here.
    warnings.filterwarnings("ignore", category=SecurityWarning)
    # With a receiver of its own, Celery leaves logging as it is.
    signals.setup_logging.connect(_keep_logging, weak=False)
    signals.worker_ready.connect(begin, weak=False)
    worker = app.Worker(pool_cls="solo", quiet=True, without_gossip=True, without_mingle=True, without_heartbeat=True)
    # In place of Celery's handlers, which write lines of their own between those of the log.
    worker.install_platform_tweaks = listen
    try:
        worker.start()
    finally:
        # Only now: the signal may have come in the middle of a tick, which still ends well.
        try:
            dispatcher.close()
        except SceneburstError as error:
            if ticker.refusal is None:
                log.warning("the lock was not given up; it expires by itself", error=str(error))
    if ticker.refusal is not None:
        raise ticker.refusal
    if not is_asked_to_leave:
        log.error("dispatcher ends without having been asked to")
        sys.exit(worker.exitcode or EX_FAILURE)


def _keep_logging(**_: Any) -> None:
    """Logging is set up already."""


def run_once(settings: DispatcherSettings) -> Reason | None:
    """Tick once without Celery, for schedulers of one's own; returns why it was so decided, None where another acts.

    Raises:
        FleetError: the fleet cannot be seen, or launched nothing of what was asked.
        QueueUnavailable: transient; Redis does not answer.
    """
    configure(settings, "dispatcher")
    dispatcher = make_dispatcher(settings, SceneQueue(settings))
    try:
        made = dispatcher.try_tick()
        if dispatcher.launch_problem:
            raise FleetError(f"nothing was launched: {dispatcher.launch_problem}")
        return made.why if made else None
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
