"""Where words stand in a stack: for secrets, which must stand nowhere."""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import psycopg2
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition
from psycopg2 import sql

from deploy.stack import Stack
from eventlog.connection import connection

FOLDERS = ("logs", "shared", "cache", "storage", "work", "run", "notary", "decider")


def places_of(words: Iterable[str], stack: Stack) -> list[tuple[str, str]]:
    """(word, place) for each of `words` in topics, tables, logs, core files, what APIs share, storage, and work of payloads."""
    looked_for = [word.encode() for word in words]
    assert all(len(word) > 4 for word in looked_for), "a short word stands everywhere"
    texts = (*_files(stack.config.home), *_records(stack.config.kafka), *_rows(stack.config.postgres, looked_for))
    return [(word.decode(), place) for place, text in texts for word in looked_for if word in text]


def _files(home: Path) -> Iterator[tuple[str, bytes]]:
    for places in (home.glob("core*"), *((home / name).rglob("*") for name in FOLDERS)):
        for path in places:
            with contextlib.suppress(FileNotFoundError):
                if path.is_file() and not path.is_symlink():
                    yield str(path), path.read_bytes()


def _records(kafka: str) -> Iterator[tuple[str, bytes]]:
    reading = {"group.id": "planted", "enable.auto.commit": False, "enable.partition.eof": True}
    settings = {**connection(kafka, "culm-test"), **reading}
    consumer = Consumer(settings)
    topics = consumer.list_topics(timeout=20).topics
    unread = {(topic, partition) for topic, about in topics.items() for partition in about.partitions}
    consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for topic, partition in unread])
    while unread:
        message = consumer.poll(20)
        assert message is not None, f"no end of {unread}"
        place = (message.topic() or "", message.partition() or 0)
        if message.error() is not None:
            unread.discard(place)
        else:
            yield f"{place}@{message.offset()}", (message.key() or b"") + b" " + (message.value() or b"")
    consumer.close()


def _rows(postgres: str, words: Sequence[bytes]) -> Iterator[tuple[str, bytes]]:
    patterns = [f"%{word.decode()}%" for word in words]
    with contextlib.closing(psycopg2.connect(postgres)) as database, database.cursor() as cursor:
        cursor.execute(
            "SELECT table_schema, table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE'"
            " AND table_schema NOT IN ('pg_catalog', 'information_schema')"
        )
        for place in cursor.fetchall():
            query = sql.SQL("SELECT row::text FROM {} AS row WHERE row::text LIKE ANY(%s)").format(sql.Identifier(*place))
            cursor.execute(query, (patterns,))
            for (text,) in cursor:
                yield ".".join(place), text.encode()
