"""One batch, one transaction: rows, positions and what is set aside, together or not at all.

In: decoded records, and what the projector holds. Out: rows as the fold has them. Guards: only the owner of the positions
writes; a record whose rows Postgres refuses is found by halving the batch and sets its own aggregate aside, nothing else.
"""

from collections.abc import Callable, Mapping, Sequence

import psycopg2
import structlog
from psycopg2 import errors

from projections.catalogue import PROJECTIONS, Projection
from projections.engine.batch import Folded, Item, aggregates_of, fold, owner_of, rows_read, without
from projections.engine.changes import Key, Row
from projections.engine.errors import Outdated, PartitionStopped, TablesMissing
from projections.engine.holding import Holding
from projections.engine.positions import Connection, Cursor, Partition, Stored, advance, hold_still
from projections.engine.rereading import Rereading
from projections.engine.set_aside import Mark, Marks, note_skipped, put_marks
from projections.engine.statements import Statement, send
from projections.engine.writing import fetch_rows, statements_for
from schemas.reading import Aggregate, Place

HEADS_MAX = 300_000
#: Postgres ended our session because it stood still within a transaction: nothing was written, and no row is to blame.
SESSION_ENDED = (errors.IdleInTransactionSessionTimeout,)
TABLES_GONE = (errors.UndefinedTable, errors.InvalidSchemaName)
#: Postgres does not take the rows of a record, however often it is tried. Some of these count as trouble of the server.
BAD_ROW = (
    psycopg2.DataError,
    psycopg2.IntegrityError,
    psycopg2.InternalError,
    psycopg2.ProgrammingError,
    psycopg2.NotSupportedError,
    errors.ProgramLimitExceeded,
    errors.StatementTooComplex,
    ArithmeticError,
    RecursionError,
    TypeError,
    ValueError,
)
log = structlog.get_logger()


class Applier:
    """Applies records for the owner of `holding`."""

    def __init__(self, holding: Holding, connect: Callable[[], Connection]) -> None:
        self._holding, self._connect = holding, connect

    def take(self, items: Sequence[Item]) -> list[PartitionStopped]:
        """Apply the records that were read next; partitions that stop because of them. Raises Outdated."""
        return self._halving(items, self._next)

    def take_again(self, items: Sequence[Item], rereading: Rereading, until: int) -> None:
        """Apply records of aggregates that are set aside, all of theirs below `until`. Raises Outdated."""

        def attempt(some: Sequence[Item], refused: Mapping[Place, str]) -> list[PartitionStopped]:
            is_last = not some or some[-1] is items[-1]
            return self._again(some, refused, rereading, until if is_last else some[-1].place.offset + 1)

        self._halving(items, attempt)

    def end_again(self, rereading: Rereading) -> None:
        """Everything below the positions was read again: what was not refused is set aside no longer. Raises Outdated."""
        holding, connection = self._holding, self._connect()
        rereading.forget_lifted(holding.marks)
        changed = {aggregate: rereading.doubts.get(aggregate) for aggregate in rereading.trying}
        with connection, connection.cursor() as cursor:
            if not hold_still(cursor, holding.positions, rereading.partition):
                raise Outdated
            put_marks(cursor, changed)
        self._marked(changed)

    def _halving(
        self, items: Sequence[Item], attempt: Callable[[Sequence[Item], Mapping[Place, str]], list[PartitionStopped]]
    ) -> list[PartitionStopped]:
        """Attempt all; when Postgres refuses a value, the halves, down to the record that has it."""
        try:
            return attempt(items, {})
        except BAD_ROW as problem:
            if isinstance(problem, (*TABLES_GONE, *SESSION_ENDED, TablesMissing)):
                raise
            if len(items) > 1:
                log.warning("batch_refused", problem=said(problem), records=len(items))
                middle = len(items) // 2
                return [*self._halving(items[:middle], attempt), *self._halving(items[middle:], attempt)]
            if not items:
                raise
            refused = said(problem)
        try:
            return attempt(items, {items[0].place: refused})
        except BAD_ROW as problem:
            if isinstance(problem, (*TABLES_GONE, *SESSION_ENDED, TablesMissing)):
                raise
            stop = PartitionStopped(items[0].place, "bug", said(problem))
            self._holding.stopped.add((stop.place.topic, stop.place.partition))
            return [stop]

    def _next(self, items: Sequence[Item], refused: Mapping[Place, str]) -> list[PartitionStopped]:
        holding, connection = self._holding, self._connect()
        items = [item for item in items if (item.place.topic, item.place.partition) not in holding.stopped]
        with connection, connection.cursor() as cursor:
            folded, stopped = self._fold(cursor, items, holding.marks, refused)
            reached = holding.slots(folded.reached)
            if reached:
                if not advance(cursor, holding.positions, reached):
                    raise Outdated
                self._write(cursor, folded, folded.marks)
                self._problems_passed(cursor, folded.reached)
        # Committed: only now is it true.
        for slot, offset in reached.items():
            stored = holding.positions[slot]
            holding.positions[slot] = Stored(offset, stored.writer_epoch, stored.generation)
        self._remember(folded, folded.marks)
        holding.stopped.update((stop.place.topic, stop.place.partition) for stop in stopped)
        return stopped

    def _again(
        self, items: Sequence[Item], refused: Mapping[Place, str], rereading: Rereading, until: int
    ) -> list[PartitionStopped]:
        holding, connection = self._holding, self._connect()
        rereading.forget_lifted(holding.marks)
        items = [item for item in items if owner_of(item) in rereading.trying]
        others = {aggregate: mark for aggregate, mark in holding.marks.items() if aggregate not in rereading.trying}
        with connection, connection.cursor() as cursor:
            if not hold_still(cursor, holding.positions, rereading.partition):
                raise Outdated
            folded, stopped = self._fold(cursor, items, {**others, **rereading.doubts}, refused)
            changed = rereading.changes_by(folded, until)
            self._write(cursor, folded, changed)
        self._remember(folded, changed)
        rereading.take(folded, changed)
        if stopped:
            rereading.trying.clear()
        return []

    def _fold(
        self, cursor: Cursor, items: Sequence[Item], marks: Marks, refused: Mapping[Place, str]
    ) -> tuple[Folded, list[PartitionStopped]]:
        holding = self._holding
        heads = self._heads(cursor, aggregates_of(items))
        known = {p.name: self._known(cursor, p, items, marks, refused) for p in holding.projections}
        stopped: list[PartitionStopped] = []
        while True:
            try:
                return fold(holding.projections, items, heads, known, marks, refused), stopped
            except PartitionStopped as stop:
                stopped.append(stop)
                items = without(items, stop)

    def _write(self, cursor: Cursor, folded: Folded, marks: Mapping[Aggregate, Mark | None]) -> None:
        """Everything that the batch does to rows, in one message."""
        statements: list[Statement] = []
        for projection in self._holding.projections:
            schema = self._holding.tables_in[projection.name]
            statements += statements_for(projection.tables, schema, folded.changes[projection.name])
        if statements:
            send(cursor, statements)
        if marks:
            put_marks(cursor, marks)
        if folded.skipped:
            note_skipped(cursor, [(item.place, item.message) for item in folded.skipped])

    def _remember(self, folded: Folded, marks: Mapping[Aggregate, Mark | None]) -> None:
        """What was committed."""
        holding = self._holding
        if len(holding.heads) > HEADS_MAX:
            holding.heads.clear()
        holding.heads.update(folded.heads)
        self._marked(marks)
        for item in folded.skipped[:3]:
            place = item.place
            log.error(
                "record_skipped",
                topic=place.topic,
                partition=place.partition,
                offset=place.offset,
                problem=item.message[:300],
                others=len(folded.skipped) - 1,
            )

    def _marked(self, marks: Mapping[Aggregate, Mark | None]) -> None:
        """Marks that were committed; said in the log when an aggregate stands still or goes on."""
        held = self._holding.marks
        for (aggregate, aggregate_id), mark in marks.items():
            before = held.pop((aggregate, aggregate_id), None)
            if mark is not None:
                held[aggregate, aggregate_id] = mark
            named = {"aggregate": aggregate, "aggregate_id": aggregate_id[:200]}
            if mark is None and before is not None:
                log.info("aggregate_goes_on", **named, was=before.kind, as_of=before.sequence)
            elif mark is not None and (before is None or before.message != mark.message):
                why = {"kind": mark.kind, "place": str(mark.place), "problem": mark.message[:300]}
                log.error("aggregate_set_aside", **named, as_of=mark.sequence, **why)

    def _problems_passed(self, cursor: Cursor, reached: Mapping[Partition, int]) -> None:
        """Take back the note of a problem that is behind us."""
        noted = self._holding.noted
        for partition, offset in reached.items():
            if partition in noted and noted[partition] < offset:
                cursor.execute("DELETE FROM projection_problem WHERE topic = %s AND partition = %s", partition)
                del noted[partition]

    def _known(
        self, cursor: Cursor, projection: Projection, items: Sequence[Item], marks: Marks, refused: Mapping[Place, str]
    ) -> dict[tuple[str, Key], Row | None]:
        known: dict[tuple[str, Key], Row | None] = {}
        schema = self._holding.tables_in[projection.name]
        for table, keys in rows_read(projection, items, marks, refused).items():
            found = fetch_rows(cursor, projection.tables[table], schema, projection.remembered[table], keys)
            known.update({(table, key): found.get(key) for key in keys})
        return known

    def _heads(self, cursor: Cursor, aggregates: set[Aggregate]) -> dict[Aggregate, int]:
        """Last accepted sequence of each aggregate that has one, from memory or from the table."""
        holding = self._holding
        heads = {aggregate: holding.heads[aggregate] for aggregate in aggregates if aggregate in holding.heads}
        missing = [aggregate for aggregate in aggregates if aggregate not in heads]
        if missing:
            table = PROJECTIONS["heads"].tables["aggregate_head"]
            found = fetch_rows(cursor, table, holding.tables_in["heads"], ("sequence",), missing)
            heads.update({(key[0], key[1]): row["sequence"] for key, row in found.items()})
        return heads


def said(problem: BaseException) -> str:
    """What Postgres said, without the values of the row, which may be of others or secret."""
    text = problem.diag.message_primary if isinstance(problem, psycopg2.Error) else f"{type(problem).__name__}: {problem}"
    return (text or type(problem).__name__).strip()[:300]
