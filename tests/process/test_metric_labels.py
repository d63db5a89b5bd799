"""Labels of metrics name no owner, task or organisation: one list for all installations to see."""

from importlib import import_module
from pathlib import Path

from prometheus_client.metrics import MetricWrapperBase

from api.queries.usage import STORED_METRICS
from deploy.config import CHECKOUT

#: What a label may be. Queues serve several organisations; their names are public.
ALLOWED = {"criterion", "method", "name", "outcome", "process", "queue", "reason", "route", "state", "status"}


def labels_by_figure() -> dict[str, tuple[str, ...]]:
    """Names of labels, by the metric that has them."""
    found = {metric.name: tuple(metric.labels) for metric in STORED_METRICS}
    for path in sorted(CHECKOUT.glob("*/**/metrics.py")):
        name = path.relative_to(CHECKOUT).with_suffix("").parts
        if is_ours(path):
            for value in vars(import_module(".".join(name))).values():
                if isinstance(value, MetricWrapperBase):
                    found[value._name] = value._labelnames
    return found


def is_ours(path: Path) -> bool:
    first = path.relative_to(CHECKOUT).parts[0]
    return not first.startswith(".") and first not in ("out", "tests")


def test_no_label_of_a_figure_can_name_an_organisation_or_a_person() -> None:
    found = labels_by_figure()

    assert "culm_http_request_seconds" in found
    assert {label for labels in found.values() for label in labels} - ALLOWED == set()
