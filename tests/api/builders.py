"""Identities, jobs, requests and stand-ins with defaults, so that a test names only what matters to it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from starlette.requests import Request

from api.config import ApiConfig
from api.http.errors import OutcomeUnknown
from api.log.answers import Taken
from api.log.gateway import CommandGateway
from api.log.positions import Position
from api.queries.read_models import ReadModels, Row
from api.services import Services
from identity.identity import Identity
from schemas.answer import CommandAnswered
from schemas.numbers import GiveNumbers
from schemas.types import DatasetRole, JobKind, JobOutput, JobSpec
from schemas.wire import entry_of

#: Id of a command that a stand-in does not answer.
UNANSWERED = "00000000-0000-0000-0000-000000000077"


def an_identity(**changes: Any) -> Identity:
    """Jane, a plain member of wlcg."""
    facts: dict[str, Any] = {
        "subject": "subject-jane",
        "user_name": "Jane Doe",
        "display_name": "Jane Doe",
        "nickname": "jdoe",
        "vo": "wlcg",
        "groups": ("wlcg",),
    }
    return Identity(**(facts | changes))


def a_job(**changes: Any) -> JobSpec:
    """A job with one output and a log."""
    facts: dict[str, Any] = {
        "job_id": 100000000000001,
        "task_id": 10000000,
        "attempt": 1,
        "serial": 1,
        "kind": JobKind.NORMAL,
        "name": "user.jdoe.t1.1",
        "queue": "LOCAL",
        "transformation": "http://127.0.0.1/trf/user/runGen",
        "parameters": "-p echo",
        "label": "user",
        "user_name": "Jane Doe",
        "owner": "subject-jane",
        "vo": "wlcg",
        "outputs": (an_output("out.txt"), an_output("job.log.tgz", role=DatasetRole.LOG, dataset="user.jdoe.log")),
    }
    return JobSpec(**(facts | changes))


def an_output(lfn: str, **changes: Any) -> JobOutput:
    """An output of a job."""
    facts: dict[str, Any] = {"dataset": "user.jdoe.out", "scope": "user.jdoe", "role": DatasetRole.OUTPUT, "endpoint": ""}
    return JobOutput(lfn=lfn, **(facts | changes))


def an_answer(**changes: Any) -> CommandAnswered:
    """A decider's yes."""
    facts: dict[str, Any] = {
        "command_id": "c",
        "command_type": "ReportJobProgress",
        "aggregate": "job",
        "aggregate_id": "1",
        "correlation_id": "c",
        "accepted": True,
        "sequence": 1,
        "answered_at": 0,
        "vo": "wlcg",
        "actor": "subject-jane",
    }
    return CommandAnswered(**(facts | changes))


def a_request(headers: dict[str, str] | None = None, path: str = "/v1/tasks") -> Request:
    """A GET request with `headers`."""
    raw = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
    return Request({"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": raw})


@dataclass(slots=True)
class GatewayStandIn:
    """Answers commands by a function of the command and remembers what was sent. numbers_from: the first free task id."""

    answer: Callable[[Any, str], CommandAnswered | None] = lambda command, aggregate_id: an_answer()
    sent: list[tuple[Any, str]] = field(default_factory=list)
    roles: list[str | None] = field(default_factory=list)
    heartbeats: list[Any] = field(default_factory=list)
    kept: list[Any] = field(default_factory=list)
    numbers_from: int = 10_000_005
    taken: dict[str, Taken] = field(default_factory=dict)
    interrupted: Callable[[], None] = lambda: None

    def follow(self, topic: str, take: Taken, interrupted: Callable[[], None]) -> None:
        """Keep what is to be called."""
        self.taken[topic] = take
        self.interrupted = interrupted

    def take_news(self) -> None:
        """Nothing comes by itself."""

    async def submit(
        self, command: Any, aggregate_id: str, identity: Identity, *, role: str | None = None, **how: Any
    ) -> CommandAnswered | None:
        """Remember and answer."""
        entry_of(command)
        if isinstance(command, GiveNumbers):
            return an_answer(numbers_from=self.numbers_from)
        self.sent.append((command, aggregate_id))
        self.roles.append(role)
        answered = self.answer(command, aggregate_id)
        if answered is None and how.get("only_in_time"):
            raise OutcomeUnknown("no answer within 1 s", UNANSWERED, stands=False)
        return answered

    async def keep(self, parts: Sequence[Any], wait_seconds: float) -> None:
        """Remember."""
        self.kept.extend(parts)

    def heartbeat(self, heartbeat: Any) -> None:
        """Remember."""
        self.heartbeats.append(heartbeat)

    async def readable(self, aggregate: str, aggregate_id: str, seconds: float) -> Position:
        """At once."""
        return Position("culm.task.events.v1", 0, 1)


@dataclass(slots=True)
class ReadModelsStandIn:
    """Answers a query with the rows of the first text that occurs in it."""

    tables: dict[str, Sequence[Row]] = field(default_factory=dict)

    async def rows(self, sql: str, parameters: Any = ()) -> list[Row]:
        """The rows that were prepared."""
        return self.rows_now(sql, parameters)

    def rows_now(self, sql: str, parameters: Any = ()) -> list[Row]:
        """As `rows`."""
        return next((list(rows) for text, rows in self.tables.items() if text in sql), [])

    async def row(self, sql: str, parameters: Any = ()) -> Row | None:
        """The first of them."""
        rows = await self.rows(sql, parameters)
        return rows[0] if rows else None


def services_of(gateway: GatewayStandIn, read_models: ReadModelsStandIn, config: ApiConfig) -> Services:
    """Services around stand-ins; gate and feeds are not there."""
    nothing = cast(Any, None)
    return Services(config, nothing, cast(CommandGateway, gateway), cast(ReadModels, read_models), gate=nothing, live=nothing)


def run(coroutine: Any) -> Any:
    """The result of `coroutine`."""
    return asyncio.run(coroutine)
