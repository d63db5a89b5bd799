"""What any event within its bounds makes of rows is shown by every page, with its past; the audit answers of any history."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl

import orjson
import psycopg2
import psycopg2.extras
import pytest

from api.http.errors import NotFound
from api.log.audit_service import AuditService
from api.monitor.counting import Counts
from api.monitor.page import MonitorPage, PageView
from api.monitor.pages import PAGES, health
from api.monitor.rendering import Renderer
from api.monitor.showing import page_at, plain
from api.native.job_files import JobFiles
from api.pilots.queue_cache import QueueCache
from api.queries.read_models import ReadModels
from audit.auditor import Auditor
from audit.log import LogPages
from audit.moment import NOW, Moment
from audit.subject import Subject, subject_from
from identity.identity import Identity
from projections.engine.migrate import migrate
from schemas.aggregates import AGGREGATES, ASKED
from schemas.catalog import CatalogEntry
from schemas.queue import DispatchConfigured
from schemas.reading import Place, Recorded
from schemas.types import QueueSettings
from tests.api.builders import an_identity, run
from tests.readers.histories import EVENTS, history
from tests.readers.test_rows_in_postgres import write
from tests.schemas.within_bounds import MORE, an_event_envelope

EXAMPLES = 40 if MORE else 1
NOTHING: Any = None
#: Where the files of jobs would lie.
HOME: Any = SimpleNamespace(config=SimpleNamespace(home=Path("/nowhere")))
LISTS = ("/", "/now/", "/tasks/", "/jobs/", "/queues/", "/workers/", "/harvesters/", "/users/", "/errors/",
         "/shares/", "/search/?q=10", "/search/?q=a1", "/compare/", "/workflows/")  # fmt: skip
#: Paths and organisations of what has a page of its own.
ABOUT = (
    "select '/task/' || task_id || '/' as path, vo from task",
    "select '/job/' || job_id || '/' as path, vo from job",
    "select '/compare/?pandaid=' || job_id as path, vo from job",
    "select '/workflow/' || request_id || '/' as path, vo from workflow",
    "select '/queue/' || name || '/' as path, coalesce(settings->'vos'->>0, 'wlcg') as vo from queue",
    "select '/worker/' || queue || '/' || worker_id || '/' as path, vo from worker",
    "select '/harvesters/' || harvester_id || '/' as path, vo from harvester",
)
PAST: tuple[dict[str, str], ...] = ({}, {"asof": "#1"}, {"asof": "#1", "against": "#0"})
#: Health asks the processes and the log, and shows dead letters and positions, not what events say.
ELSEWHERE = {health.PAGE.name}
QUEUES = AGGREGATES["queue"].topic("events")


class OneConnection(ReadModels):
    """Questions in the transaction of the test, whose rows no other connection sees."""

    def __init__(self, connection: Any) -> None:
        super().__init__("nowhere", connections=1)
        self._connection = connection
        psycopg2.extras.register_default_json(connection, globally=False, loads=orjson.loads)
        psycopg2.extras.register_default_jsonb(connection, globally=False, loads=orjson.loads)

    def _connect(self) -> Any:
        return self._connection


@dataclass
class PagesOfHistory(LogPages):
    """The log of one history, which stands in one partition from offset 1 on."""

    records: Sequence[Recorded]

    def at(self, topic: str, partition: int, offsets: Sequence[int]) -> list[Recorded]:
        return [record for record in self.records if record.place.offset in offsets]

    def after(self, topic: str, partition: int, offset: int, key: str, until: int, records_max: int) -> list[Recorded]:
        return [record for record in self.records if offset < record.place.offset < until][:records_max]

    def end(self, topic: str, partition: int) -> int:
        return len(self.records) + 1


@pytest.mark.stack
@pytest.mark.slow
def test_every_page_shows_what_any_event_makes_of_rows_and_its_past(database: str) -> None:
    migrate(database)
    shown: set[str] = set()
    with closing(psycopg2.connect(database)) as connection, connection.cursor() as cursor:
        rows = OneConnection(connection)
        for number, entry in enumerate(EVENTS):
            for seed in range(number, number + EXAMPLES):
                records = list(history(entry, seed))
                write(cursor, records, f"{entry.name} of seed {seed}")
                if entry.aggregate == "worker":
                    write(cursor, [served(records[0].event.aggregate_id)], f"the queue of {entry.name}")
                looker = Looker(rows, records)
                try:
                    shown |= looker.pages()
                    looker.audit(entry)
                except Exception as problem:
                    problem.add_note(f"{entry.name} of seed {seed}")
                    raise
                connection.rollback()
        rows.close()

    assert shown == {page.name for page in PAGES} - ELSEWHERE


def served(queue: str) -> Recorded:
    """The event by which the queue of a worker is there and serves every organisation."""
    settings = QueueSettings(name=queue, site="S", storage="S", vos=())
    return Recorded(Place(QUEUES, 0, 1), DispatchConfigured(settings=settings), an_event_envelope(1, queue))


class Looker:
    """A member of the organisation of the history, who looks at everything there is of it."""

    def __init__(self, rows: ReadModels, records: Sequence[Recorded]) -> None:
        self._rows, self._records = rows, records
        self._log = PagesOfHistory(records)
        self._audit = AuditService(rows, Auditor(rows.rows_now, self._log))
        self._renderer = Renderer()

    def pages(self) -> set[str]:
        """Shows every page that is about something in the history; names of those that were there."""
        return {page.name for path, vo in self._paths() for page in self._shown(path, vo)}

    def audit(self, entry: CatalogEntry) -> None:
        """The whole history with what each event changed, as far as its kind can be asked about."""
        auditor = Auditor(self._rows.rows_now, self._log)
        for subject in self._subjects(entry.aggregate):
            steps = auditor.history(subject, 0, 100)
            before, after, changes = auditor.differences(subject, Moment(sequence=0), NOW)
            for found in (steps, before, after, changes):
                assert orjson.dumps(plain(found), default=str)

    def _subjects(self, aggregate: str) -> list[Subject]:
        """Everything with a past in the timeline of the history."""
        if aggregate not in ASKED:
            return []
        found = self._rows.rows_now("select distinct aggregate_id, worker_id from timeline where aggregate = %s", (aggregate,))
        within = AGGREGATES[aggregate].subject
        if within is not None and within.within is not None:
            return [
                subject_from(aggregate, f"{row['aggregate_id']}/{row['worker_id']}") for row in found if row["worker_id"]
            ]
        return [subject_from(aggregate, row["aggregate_id"]) for row in found]

    def _paths(self) -> Iterator[tuple[str, str]]:
        """Paths, each with the organisation that what it shows belongs to."""
        ask, last = self._rows.rows_now, self._records[-1].event
        yield from ((path, last.vo) for path in LISTS)
        yield f"/trace/{last.correlation_id}/", last.vo
        for question in ABOUT:
            yield from ((row["path"], row["vo"]) for row in ask(question))

    def _shown(self, address: str, vo: str) -> Iterator[MonitorPage]:
        path, _, query = address.partition("?")
        try:
            page, names = page_at(path)
        except NotFound:
            return  # a name that no path can hold, as a queue with a slash in it
        for parameters in PAST if page.has_past else PAST[:1]:
            if self._is_there(page, path, names, {**parameters, **dict(parse_qsl(query))}, an_identity(vo=vo)):
                yield page

    def _is_there(
        self, page: MonitorPage, path: str, names: Any, parameters: dict[str, str], identity: Identity
    ) -> bool:
        """False for what this organisation does not have; raises for what cannot be shown."""
        files = JobFiles(HOME, QueueCache(self._rows))
        view = PageView(identity, path, names, parameters, self._rows, self._audit, NOTHING, Counts(), files)
        try:
            data = run(page.load(view))
        except NotFound:
            return False
        about = {"identity": identity, "position": 1, "is_past": "asof" in parameters, "live": "/live", "may_operate": True}
        html = self._renderer.page(page, view, data, about)
        regions = self._renderer.regions(page, view, data)
        assert [name for name, text in regions.items() if text.strip() not in html] == []
        assert orjson.dumps(plain(page.document(data)), default=str)
        return True
