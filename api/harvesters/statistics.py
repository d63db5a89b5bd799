"""Calls below `statistics/`: how many jobs of the VO wait, run and ended lately, by which Harvesters and operators decide.

Each answer is a tree of objects, the counts at its leaves. `time_window` counts jobs that ended within so many minutes, too.
"""

from collections.abc import Sequence
from typing import Any

from api.log.gateway import now_micros
from api.panda.arguments import BadArgument
from api.panda.calls import Call
from api.panda.envelope import Reply, done
from api.queries import harvesters as questions
from api.queries import queues
from api.queries.read_models import Row
from schemas.instants import MICROSECONDS

#: Named for every queue, also when there is none: a queue that is not listed counts as unknown.
#: Minutes: seven days.
WINDOW_MINUTES_MAX = 10_080
MICROS_A_MINUTE = 60 * MICROSECONDS
#: Label of jobs, by the word that the call has for it.
LABELS = {"production": "managed", "analysis": "user"}
ALWAYS = ("activated", "assigned", "running", "starting")


async def active_job_stats_by_site(call: Call) -> Reply:
    """Queue -> status -> jobs of the VO, for every queue that serves it."""
    found: dict[str, dict[str, int]] = {
        name: dict.fromkeys(ALWAYS, 0)
        for name, settings in (await queues.settings_of_all(call.services.read_models)).items()
        if queues.serves(settings, call.identity.vo)
    }
    for row in await questions.active_jobs(call.services.read_models, call.identity.vo):
        of_queue = found.setdefault(row["queue"], dict.fromkeys(ALWAYS, 0))
        of_queue[row["status"]] = of_queue.get(row["status"], 0) + row["count"]
    return done(found)


async def active_job_detailed_stats_by_site(call: Call) -> Reply:
    """Queue -> class -> label -> status -> jobs of the VO."""
    found: dict[str, Any] = {}
    for row in await questions.active_jobs(call.services.read_models, call.identity.vo):
        by_label = found.setdefault(row["queue"], {}).setdefault(row["resource_type"], {})
        by_label.setdefault(row["label"], {})[row["status"]] = row["count"]
    return done(found)


async def job_stats_by_cloud(call: Call) -> Reply:
    """Cloud -> status -> jobs, of production or of analysis."""
    if call["type"] not in LABELS:
        raise BadArgument(f"Argument error: type is {call['type'][:60]!r}, expected {' or '.join(LABELS)}")
    rows = [row for row in await _with_cloud(call) if row["label"] == LABELS[call["type"]]]
    return done(_tree(rows, ("cloud", "status")))


async def production_job_stats_by_cloud(call: Call) -> Reply:
    """Cloud -> processing type -> status -> jobs of production."""
    rows = [row for row in await _with_cloud(call) if row["label"] == LABELS["production"]]
    return done(_tree(rows, ("cloud", "processing_type", "status")))


async def job_stats_by_resource_type(call: Call) -> Reply:
    """Queue -> class -> status -> jobs."""
    return done(_tree(await _counts(call, call["time_window"]), ("queue", "resource_type", "status")))


async def job_stats_by_share(call: Call) -> Reply:
    """Queue -> share -> class -> status -> jobs."""
    return done(_tree(await _counts(call, call["time_window"]), ("queue", "share", "resource_type", "status")))


async def _with_cloud(call: Call) -> list[Row]:
    """Counts with the cloud of their queue; a queue that names none is a cloud by itself."""
    settings = await queues.settings_of_all(call.services.read_models)
    return [
        {**row, "cloud": settings.get(row["queue"], {}).get("cloud") or row["queue"]} for row in await _counts(call, None)
    ]


async def _counts(call: Call, minutes: int | None) -> list[Row]:
    since = None if minutes is None else now_micros() - minutes * MICROS_A_MINUTE
    return await questions.jobs_by_kind(call.services.read_models, call.identity.vo, since)


def _tree(rows: Sequence[Row], names: Sequence[str]) -> dict[str, Any]:
    """Counts below the values of `names`, in their order."""
    found: dict[str, Any] = {}
    for row in rows:
        place = found
        for name in names[:-1]:
            place = place.setdefault(row[name], {})
        place[row[names[-1]]] = place.get(row[names[-1]], 0) + row["count"]
    return found
