"""`harvester/heartbeat`, `add_dialogs`, `update_service_metrics`, `get_current_worker_id`: what a Harvester says of itself."""

from collections.abc import Mapping
from typing import Any

import orjson

from api.harvesters.values import harvester_of, objects_in, tell, time_of
from api.panda.calls import Call
from api.panda.envelope import Reply, done, failed
from api.pilots.values import amount_of, text_of
from api.queries import harvesters as questions
from schemas.answer import CommandAnswered
from schemas.characters import LINE, NAME, WORD
from schemas.harvester import AddHarvesterDialogs, ReportHarvester, ReportServiceMetrics
from schemas.types import HarvesterDialog, ServiceMetrics

COMMANDS_MAX, DIALOGS_MAX, METRICS_MAX, HOSTS_MAX = 200, 100, 1_000, 20
NUMBER_MAX = (1 << 63) - 1
DOCUMENT_LENGTH_MAX = 4_000


def reply_to(answer: CommandAnswered | None) -> Reply:
    """The envelope of an answer without data."""
    if answer is None:
        return failed("no answer in time; say it again")
    return done() if answer.accepted else failed(f"{answer.reason}: {answer.message}")


async def heartbeat(call: Call) -> Reply:
    """A sign of life, at the start with the release and what it takes."""
    harvester_id, said = harvester_of(call), call["data"]
    named = said.get("commands")
    command = ReportHarvester(
        started_at=time_of(said.get("startTime")),
        version=text_of(said, "sw_version", 200, LINE),
        commit=text_of(said, "commit_stamp", 200, LINE),
        commands=tuple(filter(None, map(_command, named[:COMMANDS_MAX] if isinstance(named, list) else ()))),
    )
    return reply_to(await tell(call, command, harvester_id))


async def add_dialogs(call: Call) -> Reply:
    """Messages of its log; those that came before are taken once."""
    harvester_id = harvester_of(call)
    said = objects_in(call, "dialogs", 1_000)
    dialogs = [_dialog(one) for one in said if isinstance(one, dict)]
    reply = done()
    for first in range(0, len(dialogs), DIALOGS_MAX):
        answer = await tell(call, AddHarvesterDialogs(dialogs=tuple(dialogs[first : first + DIALOGS_MAX])), harvester_id)
        reply = reply_to(answer)
        if not reply.success:
            break
    return reply


async def update_service_metrics(call: Call) -> Reply:
    """How its hosts do; of each the last figures are kept."""
    harvester_id = harvester_of(call)
    latest: dict[str, ServiceMetrics] = {}
    for row in objects_in(call, "metrics", METRICS_MAX):
        if isinstance(row, list) and len(row) == 3:
            one = _metrics(row)
            latest[one.host] = one
    return reply_to(await tell(call, ReportServiceMetrics(metrics=tuple(latest.values())[:HOSTS_MAX]), harvester_id))


async def get_current_worker_id(call: Call) -> Reply:
    """The greatest number of a worker that the Harvester has reported; 0 before the first."""
    return done(await questions.worker_number_max(call.services.read_models, call.identity.vo, harvester_of(call)))


def _command(said: Any) -> str:
    if not isinstance(said, dict):
        return ""
    name, queue = text_of(said, "command", 60, WORD), text_of(said, "computingSite", 128, WORD)
    return f"{name}:{queue}" if queue else name


def _dialog(said: Mapping[str, Any]) -> HarvesterDialog:
    return HarvesterDialog(
        number=amount_of(said, "diagID", most=NUMBER_MAX) or 0,
        module=text_of(said, "moduleName", 100, LINE),
        identifier=text_of(said, "identifier", 100, LINE),
        written_at=time_of(said.get("creationTime")),
        level=text_of(said, "messageLevel", 16, WORD),
        message=text_of(said, "diagMessage", 1_000),
    )


def _metrics(row: list[Any]) -> ServiceMetrics:
    """Figures as Harvester sends them: a text that holds JSON."""
    said = {"host": row[1], "figures": row[2] if isinstance(row[2], str) else None}
    text = text_of(said, "figures", DOCUMENT_LENGTH_MAX)
    try:
        is_object = isinstance(orjson.loads(text), dict)
    except orjson.JSONDecodeError:
        is_object = False
    return ServiceMetrics(
        host=text_of(said, "host", 255, NAME), measured_at=time_of(row[0]), document_json=text if is_object else "{}"
    )
