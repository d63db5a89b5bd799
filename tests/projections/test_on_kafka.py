"""The projector as a process, on a real log and a real database; others may have written to the same log before."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg2
import pytest

from process.kafka_security import environment_of
from projections.catalogue import PASSING
from projections.config import ProjectorConfig
from projections.engine.checksum import checksums
from projections.engine.kafka_log import KafkaLogReader
from projections.engine.migrate import migrate
from projections.engine.rebuild import Rebuild
from schemas.ids import FIRST_TASK_ID
from tests.projections.kafka_writer import KafkaWriter, until
from tests.projections.sample_history import a_task, submitted

pytestmark = pytest.mark.stack
FIRST = FIRST_TASK_ID + 600_000
PER_TASK_ROWS = "SELECT count(*) FROM task WHERE task_id BETWEEN %s AND %s"


@pytest.fixture(scope="module")
def writer(kafka: str, registry: str) -> KafkaWriter:
    """A log with all topics and schemas."""
    return KafkaWriter(kafka, registry)


@contextmanager
def projecting(config: ProjectorConfig) -> Iterator[subprocess.Popen[bytes]]:
    """A projector process."""
    environ = {
        **os.environ,
        **environment_of(config.kafka),
        "CULM_REGISTRY": config.registry,
        "CULM_POSTGRES": config.postgres,
    }
    process = subprocess.Popen([sys.executable, "-W", "ignore", "-m", "projections"], env=environ)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def tasks(postgres: str, first: int, last: int) -> int:
    """How many of these tasks the read models know."""
    with closing(psycopg2.connect(postgres)) as connection, connection.cursor() as cursor:
        cursor.execute(PER_TASK_ROWS, (first, last))
        (count,) = cursor.fetchone() or (0,)
        return int(count)


def rebuilt(config: ProjectorConfig, writer: KafkaWriter) -> None:
    """Rebuild everything, in several processes."""
    reader = KafkaLogReader(config.kafka, client_id="test", passing=PASSING, hears_ends=True)
    Rebuild(config.postgres, writer.codec, reader, [], config=config).run()
    reader.close()


def sums(postgres: str) -> dict[str, str]:
    """Sums of all tables."""
    with closing(psycopg2.connect(postgres)) as connection:
        return checksums(connection)


def test_what_is_committed_is_projected_through_kills_and_rebuilt_equal(
    writer: KafkaWriter, kafka: str, registry: str, database: str
) -> None:
    config = ProjectorConfig(kafka, registry, database, rebuild_records_max=50, rebuild_processes=2)
    migrate(database)
    with projecting(config) as process:
        writer.say(*(a_task(FIRST + number) for number in range(20)))
        until(lambda: tasks(database, FIRST, FIRST + 19), lambda count: count > 0)
        process.send_signal(signal.SIGKILL)
    writer.say([(submitted(FIRST + 50), FIRST + 50)], commit=False)
    writer.say(*(a_task(FIRST + number) for number in range(20, 30)))

    with projecting(config) as process:
        until(lambda: tasks(database, FIRST, FIRST + 99), lambda count: count == 30)
        process.terminate()
        assert process.wait(20) == 0

    # The last records may have come after the last task: a rebuild gets to the end, and so does the projector.
    rebuilt(config, writer)
    first = sums(database)
    rebuilt(config, writer)
    assert sums(database) == first
    assert tasks(database, FIRST, FIRST + 99) == 30


def test_a_second_process_shares_with_the_first_and_goes_on_alone_when_that_is_killed(
    writer: KafkaWriter, kafka: str, registry: str, database: str
) -> None:
    config = ProjectorConfig(kafka, registry, database)
    migrate(database)
    writer.say([(submitted(FIRST + 200), FIRST + 200)])

    with projecting(config) as first:
        until(lambda: tasks(database, FIRST + 200, FIRST + 200), lambda count: count == 1)
        with projecting(config) as second:
            # Eight tasks are in all partitions, of whichever projector.
            writer.say([(submitted(FIRST + number), FIRST + number) for number in range(201, 209)])
            until(lambda: tasks(database, FIRST + 201, FIRST + 208), lambda count: count == 8)
            assert (first.poll(), second.poll()) == (None, None)
            until(lambda: epochs(database), lambda found: len(found) > 0 and min(found) >= 2)

            first.send_signal(signal.SIGKILL)
            first.wait()

            writer.say([(submitted(FIRST + number), FIRST + number) for number in range(209, 217)])
            until(lambda: tasks(database, FIRST + 209, FIRST + 216), lambda count: count == 8)
            assert second.poll() is None


def epochs(postgres: str) -> list[int]:
    """How often the positions of each partition were taken over."""
    with closing(psycopg2.connect(postgres)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT writer_epoch FROM projection_position")
        return [epoch for (epoch,) in cursor.fetchall()]
