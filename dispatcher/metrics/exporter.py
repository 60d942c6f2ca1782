"""Exports the metrics of ticks: to Prometheus on request, to CloudWatch once a minute."""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TextIO

import structlog
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric as Family
from prometheus_client.registry import Collector

from dispatcher.codes import Code
from dispatcher.decisions.cost_anomaly import CostWatch
from dispatcher.metrics.address import SETTING, parse_metrics_address
from dispatcher.metrics.definitions import METRICS, count_containers, readings
from dispatcher.snapshot import Ticked
from scenequeue.errors import SettingsError
from scenequeue.settings import DispatcherSettings

_EMF_INTERVAL_S = 60.0
#: The CloudWatch namespace of our metrics.
EMF_NAMESPACE = "Sceneburst"


class Exporter(Collector):
    """Exports the last tick's metrics. Thread-safe.

    Args:
        namespace: of the queue; a label of every metric.
        cost_anomaly_factor: a cost per scene above this multiple of its rolling median is an anomaly.
        emf: stream for lines of embedded metric format; None for none.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        namespace: str,
        cost_anomaly_factor: float,
        emf: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._namespace, self._emf, self._clock = namespace, emf, clock
        self._watch = CostWatch(cost_anomaly_factor)
        self._lock = threading.Lock()
        self._values: dict[str, float] = {"Acting": 0.0}
        self._containers: dict[str, int] = {}
        self._next_emf = clock()
        self._was_anomalous = False
        self._log = structlog.get_logger()

    @classmethod
    def from_settings(cls, settings: DispatcherSettings) -> "Exporter":
        """Make an exporter that listens at SCENEBURST_METRICS_ADDRESS, if that is set.

        Raises:
            SettingsError: the address is malformed or taken.
        """
        exporter = cls(settings.namespace, settings.cost_anomaly_factor, sys.stdout if settings.metrics_emf else None)
        if settings.metrics_address:
            exporter.listen(settings.metrics_address)
        return exporter

    def listen(self, address: str) -> int:
        """Serve /metrics at host:port, until the program ends; return the port."""
        registry = CollectorRegistry()
        registry.register(self)
        host, port = parse_metrics_address(address)
        try:
            server, _ = start_http_server(port, addr=host, registry=registry)
        except OSError as error:
            problem = error.strerror or str(error)
            raise SettingsError(Code.METRICS_ADDRESS_UNUSABLE, setting=SETTING, address=address, problem=problem) from error
        return int(server.server_port)

    def observe(self, ticked: Ticked | None) -> None:
        """Take over a tick's metrics, and write them for CloudWatch once a minute; None if another dispatcher is active."""
        if ticked is None:
            self._stand_by()
            return
        values = dict(readings(ticked.depth, ticked.containers, ticked.snapshot.backlog_age_s))
        values |= {
            "UnservedItems": ticked.plan.unserved,
            "Launches": ticked.launches,
            "LaunchesFailed": ticked.launches_failed,
            "StartsFailed": ticked.starts_failed,
            "SpotInterruptions": ticked.interrupted,
            "TickSeconds": ticked.took_s,
            "LostContainers": sum(each.last_hour for each in ticked.facts.lost),
            "SilentContainers": len(ticked.facts.silent),
            "CallbacksFailed": ticked.callbacks_failed,
            "BudgetCut": float(ticked.facts.is_cut_by_budget),
        }
        if ticked.facts.budget_usd_per_hour is not None:
            values["BudgetUSDPerHour"] = ticked.facts.budget_usd_per_hour
        cost = self._watch.observe(values["CostPerHourUSD"], ticked.depth.scenes_done, ticked.snapshot.at_ms)
        values |= {
            "CostUSD": cost.total_usd,
            "CostPerSceneUSD": cost.per_scene_usd or 0.0,
            "CostAnomaly": float(cost.is_anomalous),
        }
        if cost.is_anomalous and not self._was_anomalous:
            self._log.warning(
                "cost per scene far above its median",
                usd=round(cost.per_scene_usd or 0.0, 6),
                median_usd=round(cost.median_usd or 0.0, 6),
            )
        self._was_anomalous = cost.is_anomalous
        with self._lock:
            self._values, self._containers = values, count_containers(ticked.containers)
        if self._emf and self._clock() >= self._next_emf:
            self._next_emf = self._clock() + _EMF_INTERVAL_S
            self._emf.write(emf_line(self._namespace, values, ticked.snapshot.at_ms) + "\n")
            self._emf.flush()

    def _stand_by(self) -> None:
        with self._lock:
            self._values, self._containers = {"Acting": 0.0}, {}
        self._watch.pause()

    def collect(self) -> Iterator[Family]:
        """Yield the metric families for Prometheus."""
        with self._lock:
            values, containers = dict(self._values), dict(self._containers)
        for metric in METRICS:
            if metric.cloudwatch not in values:
                continue
            labels = ["namespace", "state"] if metric.cloudwatch == "Containers" else ["namespace"]
            is_counter = metric.prometheus.endswith("_total")
            family = (CounterMetricFamily if is_counter else GaugeMetricFamily)(metric.prometheus, metric.meaning, labels=labels)
            if metric.cloudwatch == "Containers":
                for state, count in containers.items():
                    family.add_metric([self._namespace, state], count)
            else:
                family.add_metric([self._namespace], values[metric.cloudwatch])
            yield family


def emf_line(namespace: str, values: Mapping[str, float], at_ms: int) -> str:
    """Return one line of CloudWatch's embedded metric format (specification 1): all metrics, with the dimension Namespace."""
    exported = [metric for metric in METRICS if metric.cloudwatch in values]
    definitions = [{"Name": metric.cloudwatch, "Unit": metric.unit} for metric in exported]
    directive = {"Namespace": EMF_NAMESPACE, "Dimensions": [["Namespace"]], "Metrics": definitions}
    numbers = {metric.cloudwatch: values[metric.cloudwatch] for metric in exported}
    return json.dumps({"_aws": {"Timestamp": at_ms, "CloudWatchMetrics": [directive]}, "Namespace": namespace, **numbers})
