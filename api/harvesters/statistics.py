"""`statistics/active_job_stats_by_site` and the detailed form: how many jobs wait and run, by which a Harvester decides."""

from typing import Any

from api.panda.calls import Call
from api.panda.envelope import Reply, done
from api.queries import harvesters as questions
from api.queries import queues

#: Named for every queue, also when there is none: a queue that is not listed counts as unknown.
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
