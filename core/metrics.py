"""Figures for a collector (Prometheus): made when they are asked for, from the rows themselves.

A counter in a process would forget at a restart and know only its own share of several processes.
What matters here stands in the database, so each package says what it can count (`Figure`s), and
any process gives the same answer. Only how long requests take is kept in the process.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True)
class Figure:
    """One number now: `name` without a prefix, `labels` of few values, never a person or title."""

    name: str
    meaning: str
    value: float
    labels: dict[str, str] = field(default_factory=dict)
    total: bool = False
    """Whether it only ever grows."""


class Metrics:
    """The figures of one process, in the text form that collectors read."""

    def __init__(self, read: Callable[[], Iterable[Figure]]) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_Rows(read))
        self._requests = Histogram(
            "printgate_request_seconds",
            "How long requests took",
            ("endpoint", "status"),
            registry=self._registry,
        )

    def request_took(self, endpoint: str, status: int, seconds: float) -> None:
        """Note one request."""
        self._requests.labels(endpoint, str(status)).observe(seconds)

    def text(self) -> bytes:
        """Return all figures as text."""
        return generate_latest(self._registry)


class _Rows(Collector):
    def __init__(self, read: Callable[[], Iterable[Figure]]) -> None:
        self._read = read

    def collect(self) -> Iterator[Metric]:
        families: dict[str, GaugeMetricFamily | CounterMetricFamily] = {}
        for each in self._read():
            kind = CounterMetricFamily if each.total else GaugeMetricFamily
            name = f"printgate_{each.name}"
            family = families.setdefault(name, kind(name, each.meaning, labels=list(each.labels)))
            family.add_metric(list(each.labels.values()), each.value)
        yield from families.values()

    def describe(self) -> Iterator[Metric]:
        """Say nothing beforehand: the registry need not read the rows to know the names."""
        return iter(())
