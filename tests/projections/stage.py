"""A log in memory, a real database, and a projector between them."""

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import psycopg2

from projections.catalogue import PASSING
from projections.engine.checksum import checksums
from projections.engine.loop import Projector
from projections.engine.migrate import migrate
from projections.engine.rebuild import Rebuild, Rebuilt
from schemas.reading import Place
from tests.projections.event_writer import EventWriter, MemoryLog, a_codec
from tests.projections.sample_history import Said, a_task, an_answer, worker_over, world

FIRST = 10_000_001


@dataclass(slots=True)
class Stage:
    """Everything a test of the loop needs."""

    postgres: str
    log: MemoryLog = field(default_factory=lambda: MemoryLog(a_codec()))
    writer: EventWriter = field(default_factory=EventWriter)

    def say(self, *said: Iterable[Said]) -> Place:
        """Write events; the place of the last."""
        place = Place("", 0, 0)
        for part in said:
            for message, aggregate_id in part:
                place = self.log.append(message, self.writer.envelope(message, aggregate_id), str(aggregate_id))
        return place

    def say_everything(self) -> None:
        """Two tasks and all around them."""
        self.say(world(), a_task(FIRST), a_task(FIRST + 1), [worker_over()])
        answer = an_answer(1)
        self.log.append(answer, None, answer.command_id)

    def projector(self, *, batch: int = 2000, beside: bool = False) -> Projector:
        """A started projector; the ones before it are dead, unless it runs `beside` them."""
        if not beside:
            self.kill_projectors()
        projector = Projector(
            self.postgres,
            self.log.codec,
            self.log.reader(PASSING),
            batch_records_max=batch,
            another_reader=lambda: self.log.reader(PASSING),
        )
        projector.start()
        return projector

    def kill_projectors(self) -> None:
        """End the sessions of all projectors, as the death of their processes does."""
        self.change(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE application_name = 'culm-projector' AND datname = current_database()"
        )

    def rebuild(self, *names: str, records_max: int = 20_000) -> Rebuilt:
        """Rebuild read models; all when none is named."""
        job = Rebuild(self.postgres, self.log.codec, self.log.reader(PASSING), names, records_max=records_max)
        return job.run()

    def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Rows of a query."""
        with closing(psycopg2.connect(self.postgres)) as connection, connection.cursor() as cursor:
            cursor.execute(sql, parameters or None)
            return cursor.fetchall()

    def change(self, sql: str) -> None:
        """Do something to the database from outside."""
        with closing(psycopg2.connect(self.postgres)) as connection:
            connection.autocommit = True
            connection.cursor().execute(sql)

    def checksums(self) -> dict[str, str]:
        """Sums of all tables."""
        with closing(psycopg2.connect(self.postgres)) as connection:
            return checksums(connection)


def a_stage(database: str) -> Stage:
    """An empty log and empty read models."""
    migrate(database)
    return Stage(database)


def catch_up(projector: Projector) -> int:
    """Apply all there is; number of records."""
    total = 0
    while (read := projector.step(0)) or projector.is_rereading:
        total += read
    return total
