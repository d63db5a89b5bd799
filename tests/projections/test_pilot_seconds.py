"""How much of the pilots' time of the last hour held no job."""

from contextlib import closing

import psycopg2

from api.queries.usage import BUSY_SECONDS, PILOT_SECONDS, WASTED_SECONDS

TABLES = """
create table worker (queue text, started_at bigint, asked_at bigint, ended_at bigint);
create table job (queue text, sent_at bigint, ended_at bigint, modified_at bigint);
create table lease (queue text, leased_at bigint);
create function ago(minutes int) returns bigint language sql stable
  as 'select (extract(epoch from now()) * 1000000)::bigint - minutes * 60000000::bigint';
insert into worker values
  ('A', ago(30), ago(28), ago(20)), ('A', ago(300), ago(299), ago(50)), ('A', ago(40), ago(39), null),
  ('A', null, null, null), ('A', ago(300), null, ago(200)), ('B', ago(10), null, null), ('C', ago(70), null, ago(55));
insert into job values
  ('A', ago(30), ago(25), ago(25)), ('A', ago(90), ago(55), ago(55)),
  ('A', ago(200), ago(100), ago(1)), ('A', null, ago(5), ago(5));
insert into lease values ('A', ago(10));
"""


def test_time_with_and_without_a_job_is_that_of_the_last_hour_by_queue(database: str) -> None:
    with closing(psycopg2.connect(database)) as connection, connection.cursor() as cursor:
        cursor.execute(TABLES)
        cursor.execute(PILOT_SECONDS)
        ran = dict(cursor.fetchall())
        cursor.execute(BUSY_SECONDS)
        busy = dict(cursor.fetchall())

    assert ran == {"A": (10 + 10 + 40) * 60.0, "B": 10 * 60.0, "C": 5 * 60.0}
    assert busy == {"A": (5 + 5 + 10) * 60.0}


def test_time_without_a_job_is_known_by_what_it_went_for(database: str) -> None:
    with closing(psycopg2.connect(database)) as connection, connection.cursor() as cursor:
        cursor.execute(TABLES)
        cursor.execute(WASTED_SECONDS)
        wasted = {(queue, reason): seconds / 60.0 for queue, reason, seconds in cursor.fetchall()}

    assert wasted == {
        ("A", "starting"): 2 + 1,
        ("A", "waiting"): 60 - 20 - 3,
        ("B", "starting"): 10,
        ("B", "waiting"): 0,
        ("C", "never asked"): 5,
        ("C", "waiting"): 0,
    }
