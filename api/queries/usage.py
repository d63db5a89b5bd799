"""The state of work in numbers, for scrapes: jobs, tasks, workers and queues."""

from collections.abc import Sequence
from dataclasses import dataclass

from api.queries.read_models import ReadModels, Row


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure: rows of `labels` in their order, and its value last."""

    name: str
    text: str
    labels: tuple[str, ...]
    sql: str


FIGURES = (
    Figure("culm_jobs", "Jobs by state.", ("state", "queue"),
           "select status, queue, count(*) from job where vo = any(%s) group by 1, 2"),
    Figure("culm_tasks", "Tasks by status.", ("status",), "select status, count(*) from task where vo = any(%s) group by 1"),
    Figure("culm_workers", "Workers by state.", ("state", "queue"), "select state, queue, count(*) from worker group by 1, 2"),
    Figure("culm_queue_waiting", "Jobs that wait in a queue.", ("queue",), "select name, waiting from queue"),
    Figure("culm_queue_leased", "Jobs in pilots' hands.", ("queue",), "select name, leased from queue"),
    Figure("culm_pilots_wanted", "Pilots that a queue wants.", ("queue",), "select queue, wanted from worker_demand"),
    Figure("culm_pilots_live", "Pilots that are alive.", ("queue",), "select queue, live from worker_demand"),
)  # fmt: skip


def values_now(read_models: ReadModels, figure: Figure, vos: Sequence[str]) -> list[Row]:
    """The rows of a figure over `vos`, in the calling thread."""
    return read_models.rows_now(figure.sql, (list(vos),) if "%s" in figure.sql else ())
