"""What Prometheus reads of the work that Culm has: asked for at a scrape.

In: counts from the read models and lags from the log. Out: Prometheus families. Guards: no id becomes a label; what cannot be
had at a scrape is left out of it.
"""

import time
from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import REGISTRY, Collector

from api.http.errors import ApiError
from api.log.dead_letters import TOPIC
from api.queries.usage import STORED_METRICS, values_now
from api.services import Services
from eventlog.lag import ends_of, lags

#: What is asked for at a scrape is kept so long.
KEPT_SECONDS = 5.0


class StateOfWork(Collector):
    """Jobs, tasks and workers by state, lags of processes, dead letters: asked for at a scrape, kept a few seconds."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._kept: list[GaugeMetricFamily] = []
        self._at = -KEPT_SECONDS

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The families; those that cannot be had now are left out."""
        if time.monotonic() - self._at > KEPT_SECONDS:
            self._kept, self._at = [*self._of_rows(), *self._of_log()], time.monotonic()
        yield from self._kept

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing is asked for when the collector is registered."""
        return []

    def _of_rows(self) -> Iterator[GaugeMetricFamily]:
        for metric in STORED_METRICS:
            family = GaugeMetricFamily(metric.name, metric.text, labels=metric.labels)
            try:
                for row in values_now(self._services.read_models, metric, self._services.config.vos):
                    *values, count = row.values()
                    family.add_metric([str(value) for value in values], count)
            except ApiError:
                return
            yield family

    def _of_log(self) -> Iterator[GaugeMetricFamily]:
        config = self._services.config
        family = GaugeMetricFamily("culm_lag_records", "Records a process has yet to handle.", labels=("process",))
        for process, behind in lags(config.kafka, config.postgres).items():
            if behind is not None:
                family.add_metric([process], behind)
        yield family
        letters = GaugeMetricFamily("culm_dead_letters", "Records that could not be handled.")
        letters.add_metric([], sum(end for (topic, _), end in ends_of(config.kafka).items() if topic == TOPIC))
        yield letters


def install(services: Services) -> StateOfWork:
    """Let scrapes ask; the collector, to be taken out again at the end."""
    collector = StateOfWork(services)
    REGISTRY.register(collector)
    return collector
