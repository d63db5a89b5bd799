"""Health of Culm itself: how far each process is behind the log, how old what readers see is, and what became a dead letter."""

import asyncio

from api.log.dead_letters import dead_letters
from api.log.processes import processes
from api.monitor.page import Data, MonitorPage, PageView
from api.queries import positions, set_aside

LETTERS, ASIDE = 50, 50


async def load(view: PageView) -> Data:
    """Lags in events and seconds, projections, dead letters (for operators)."""
    config = view.services.config

    async def looked_at() -> Data:
        projected = await positions.stored_positions(view.read_models)
        return {"processes": await asyncio.to_thread(processes, config.home, config.kafka, config.postgres, projected)}

    # Asking the supervisor and the log takes longer than all the rest.
    running = asyncio.create_task(view.counted(looked_at))
    gateway = view.services.gateway
    letters = await asyncio.to_thread(dead_letters, config.kafka, view.services.codec, LETTERS)
    return {
        **await running,
        "api": {
            "answers_awaited": gateway.answers.waiting,
            "records_unsent": gateway.sender.unsent,
            "log": gateway.answers.ready,
        },
        "projections": await positions.projections(view.read_models),
        "condition": await _condition(view),
        "newest_event_at": await positions.newest_event_at(view.read_models),
        "problems": await positions.stopped_partitions(view.read_models),
        "aside": await set_aside.seen_by(view.read_models, view.vo, ASIDE),
        "aside_total": (await set_aside.standing(view.read_models)).total,
        "skipped": await positions.passed_over(view.read_models),
        "letters": [letter for letter in letters.shown if letter["vo"] in (None, view.vo)],
        "letters_total": letters.total,
    }


async def _condition(view: PageView) -> Data:
    """What is wrong, in sentences."""
    condition = view.services.condition
    return {"problems": list((await condition.now()).problems) if condition else []}


PAGE = MonitorPage("health", r"/health/", lambda _: "Health of Culm", load, ("condition", "processes", "projections", "letters"))
