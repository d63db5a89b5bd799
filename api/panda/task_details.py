"""Datasets, file statistics, job ids of tasks, as `get_details` gives them (docs/reference/client.md, "Task queries")."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from api.panda.calls import Call
from api.queries import jobs, task_parts
from api.queries.read_models import Row

#: In the order in which the statistics name them.
STATISTICS_WORDS = {"ready": "tobedone", "finished": "finished", "failed": "failed", "running": "running"}


async def details_of(call: Call, task_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Details by task id; three questions, however many tasks."""
    read_models = call.services.read_models
    datasets = await task_parts.datasets_of_tasks(read_models, task_ids)
    counts = await task_parts.file_counts(read_models, task_ids)
    by_task = [_by_task(rows) for rows in (datasets, counts, await jobs.ids_of_tasks(read_models, task_ids))]
    return {task_id: _details(*(rows[task_id] for rows in by_task)) for task_id in task_ids}


def _details(datasets: Sequence[Row], counts: Sequence[Row], jobs: Sequence[Row]) -> dict[str, Any]:
    files = {STATISTICS_WORDS.get(row["status"], row["status"]): row["files"] for row in counts}
    outputs = [row["dataset"] for row in datasets if row["role"] in ("OUTPUT", "LOG")]
    return {
        "inDS": ",".join(row["dataset"] for row in datasets if row["role"] == "INPUT"),
        "outDS": ",".join(name if name.endswith("/") else f"{name}/" for name in outputs),
        "statistics": ",".join(f"{word}*{files[word]}" for word in STATISTICS_WORDS.values() if word in files),
        "PandaID": [row["job_id"] for row in jobs if row["kind"] != "MERGE"],
        "mergeStatus": None,
        "mergePandaID": [row["job_id"] for row in jobs if row["kind"] == "MERGE"],
    }


def _by_task(rows: Sequence[Row]) -> defaultdict[int, list[Row]]:
    found: defaultdict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["task_id"]].append(row)
    return found
