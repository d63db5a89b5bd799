"""Which partitions of the log each of several projectors folds.

In: the sessions that hold a seat, an advisory lock of the database. Out: a seat for this session, and its share of the
partitions. Guards: a seat belongs to the session in which its projector writes, so one without a seat cannot write either; who
owns a partition is decided by the epoch of its positions (`positions.py`), and seats only say who should take it over: two
projectors that for a moment differ about the seats take turns, and never write the same partition.
"""

from collections.abc import Iterable, Sequence

import psycopg2.extensions

from projections.engine.errors import NoSeat
from projections.engine.positions import Partition

Cursor = psycopg2.extensions.cursor
#: Any number; the first half of the lock's key, the second is the number of the seat.
SEATS = 2_508_045
SEATS_MAX = 1_000
#: A projector that stands still for so long loses its session, and with it its seat and what it had begun to write.
SILENT_SECONDS_MAX = 20
SESSION = (
    f"-c idle_session_timeout={SILENT_SECONDS_MAX * 1000}"
    f" -c idle_in_transaction_session_timeout={SILENT_SECONDS_MAX * 1000}"
    " -c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3"
)


def take_seat(cursor: Cursor) -> int:
    """The lowest free seat, held until the session ends; raises NoSeat when all are taken."""
    for seat in range(SEATS_MAX):
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", (SEATS, seat))
        if cursor.fetchone() == (True,):
            return seat
    raise NoSeat(f"{SEATS_MAX} projectors hold every seat")


def seats_taken(cursor: Cursor) -> tuple[int, ...]:
    """Seats of all sessions that hold one, in order."""
    cursor.execute(
        "SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND objsubid = 2 AND granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY 1",
        (SEATS,),
    )
    return tuple(seat for (seat,) in cursor.fetchall())


def share_of(seat: int, seats: Sequence[int], partitions: Iterable[Partition]) -> frozenset[Partition]:
    """The partitions that fall to `seat`: every nth, n being the number of seats; none when it is no seat that is taken."""
    if seat not in seats:
        return frozenset()
    rank = seats.index(seat)
    return frozenset(partition for place, partition in enumerate(sorted(partitions)) if place % len(seats) == rank)
