"""Health of Culm itself: how far each process is behind the log, how old what readers see is, and what became a dead letter."""

import asyncio

from api.log.processes import processes
from api.monitor.dead_letters import dead_letters
from api.monitor.page import Data, Page, View
from api.monitor.positions import stored_positions
from schemas.aggregates import AGGREGATES

LETTERS, ASIDE = 50, 50
#: Aggregates that organisations share, as they share queues.
OF_QUEUES = [name for name, one in AGGREGATES.items() if one.key.refers == "queue"]


async def load(view: View) -> Data:
    """Lags in events and seconds, projections, dead letters (for operators)."""
    config = view.services.config

    async def looked_at() -> Data:
        projected = await stored_positions(view.read_models)
        return {"processes": await asyncio.to_thread(processes, config.home, config.kafka, config.postgres, projected)}

    # Asking the supervisor and the log takes longer than all the rest.
    running = asyncio.create_task(view.counted(looked_at))
    projections = await view.rows(
        "select projection, version, tables_in, count(*) as partitions, sum(next_offset)::bigint as applied"
        " from projection_position join projection_live using (projection) group by 1, 2, 3 order by 1"
    )
    newest = await view.row("select max(at) as at from timeline")
    problems = await view.rows("select topic, partition, log_offset, kind, message from projection_problem order by 1, 2")
    aside = await view.rows(
        "select aggregate, aggregate_id, sequence, kind, message, vo, since from projection_set_aside"
        " where vo in ('', %(vo)s) or aggregate = any(%(shared)s) order by since, 1, 2 limit %(most)s",
        {"vo": view.vo, "shared": OF_QUEUES, "most": ASIDE},
    )
    aside_total = await view.row("select count(*) as total from projection_set_aside")
    skipped = await view.rows("select topic, partition, records, log_offset, message, at from projection_skipped order by 1, 2")
    gateway = view.services.gateway
    letters = await asyncio.to_thread(dead_letters, config.kafka, view.services.codec, LETTERS)
    return {
        **await running,
        "api": {
            "answers_awaited": gateway.answers.waiting,
            "records_unsent": gateway.sender.unsent,
            "log": gateway.answers.ready,
        },
        "projections": projections,
        "condition": await _condition(view),
        "newest_event_at": newest["at"] if newest else None,
        "problems": problems,
        "aside": aside,
        "aside_total": aside_total["total"] if aside_total else 0,
        "skipped": skipped,
        "letters": [letter for letter in letters.shown if letter["vo"] in (None, view.vo)],
        "letters_total": letters.total,
    }


async def _condition(view: View) -> Data:
    """What is wrong, in sentences."""
    desk = view.services.condition
    return {"problems": list((await desk.now()).problems) if desk else []}


PAGE = Page("health", r"/health/", lambda _: "Health of Culm", load, ("condition", "processes", "projections", "letters"))
