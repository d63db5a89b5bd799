"""Consumers of the log, one function for each purpose; no other module makes one.

All read committed records only and commit nothing by themselves. All but `member` are given their partitions by `assign`: no
group is joined, so no rebalance takes partitions away. What differs is where a reader begins, how much it fetches ahead and what
an offset means that the log no longer holds. Source: docs/reference/kafka.md, "Readers".
"""

from confluent_kafka import Consumer

from eventlog.connection import connection

PREFETCH_KILOBYTES = 16_384
PREFETCH_LARGE_KILOBYTES = 65_536
#: How often a member looks whether the broker names its topics; when that changed, the group shares partitions out again.
TOPICS_LOOKED_AT_MS = 10_000


def positioned_reader(
    kafka: str,
    name: str,
    *,
    hears_ends: bool = False,
    answer_wait_ms: int = 100,
    prefetch_kilobytes: int = PREFETCH_KILOBYTES,
    checks_sums: bool = False,
) -> Consumer:
    """A reader that goes on from positions it keeps itself: the projector, the notary, the audit.

    An offset that the log no longer holds is an error, never skipped. hears_ends: a message of its own tells that the end of
    a partition was reached. answer_wait_ms: how long the broker may hold an empty answer back. checks_sums: verify each
    record's checksum, for those who look for altered files.
    """
    return _open(
        kafka,
        name,
        {
            "auto.offset.reset": "error",
            "enable.partition.eof": hears_ends,
            "fetch.wait.max.ms": answer_wait_ms,
            # A partition whose leader just changed is asked again soon.
            "fetch.error.backoff.ms": 50,
            "queued.min.messages": 20_000,
            "queued.max.messages.kbytes": prefetch_kilobytes,
            "check.crcs": checks_sums,
        },
    )


def one_shot_reader(kafka: str, name: str, *, fetch_bytes_max: int | None = None, hurried: bool = False) -> Consumer:
    """A reader that looks at what is there now, up to the ends, and is closed: dead letters, exports, health.

    The end of a partition arrives as a message (`_PARTITION_EOF`); an offset that is no longer held means the first one that
    is. fetch_bytes_max: fetch no more of a partition at once, for those who want one record. hurried: its failures are the
    caller's answer, not log lines.
    """
    purpose: dict[str, str | int | bool] = {
        "auto.offset.reset": "earliest",
        "enable.partition.eof": True,
        # At the end of each partition the broker would hold the answer back for half a second, in case more comes.
        "fetch.wait.max.ms": 10,
    }
    if fetch_bytes_max is not None:
        purpose["fetch.message.max.bytes"] = fetch_bytes_max
    if hurried:
        purpose["log_level"] = 0
    return _open(kafka, name, purpose)


def tail_reader(
    kafka: str, name: str, *, hears_ends: bool = False, prefetch_kilobytes: int = PREFETCH_KILOBYTES
) -> Consumer:
    """A reader of what comes from now on: answers, live pages, heartbeats. What was before is of no interest to it.

    hears_ends: a message of its own tells that the end of a partition was reached.
    """
    return _open(
        kafka,
        name,
        {
            "auto.offset.reset": "latest",
            "enable.partition.eof": hears_ends,
            "fetch.error.backoff.ms": 100,
            "queued.max.messages.kbytes": prefetch_kilobytes,
        },
    )


def follower(
    kafka: str, name: str, *, prefetch_kilobytes: int = PREFETCH_KILOBYTES, group: str | None = None
) -> Consumer:
    """A reader of the past and all that comes, into memory: facts of the processors.

    The end of a partition arrives as a message; an offset that is no longer held means the first one that is. group: whose
    positions it can be asked for; it never joins.
    """
    return _open(
        kafka,
        name,
        {
            "auto.offset.reset": "earliest",
            "enable.partition.eof": True,
            "fetch.error.backoff.ms": 100,
            "queued.max.messages.kbytes": prefetch_kilobytes,
        },
        group=group,
    )


def member(
    kafka: str,
    group: str,
    instance: str,
    *,
    session_seconds: float,
    standstill_seconds: float = 300.0,
    hears_ends: bool = False,
    must_be_held: bool = False,
) -> Consumer:
    """A reader that shares the partitions of its topics with the others of `group`: deciders, processors.

    instance: a name that no other running member has; one that comes back with it within `session_seconds` takes its partitions
    back at once, without a rebalance. standstill_seconds: who does not ask for records for so long gives its partitions to
    others. must_be_held: an offset that is no longer held is an error; else it means the first one
    that is.
    """
    session_ms = int(session_seconds * 1000)
    return _open(
        kafka,
        group,
        {
            "group.instance.id": f"{group}-{instance}",
            "session.timeout.ms": session_ms,
            "heartbeat.interval.ms": session_ms // 4,
            "max.poll.interval.ms": int(max(standstill_seconds, session_seconds) * 1000),
            "auto.offset.reset": "error" if must_be_held else "earliest",
            # A broker that has just come back may not name a topic when partitions are shared out; it would be read by no one
            # until the client looks again, which is five minutes by default.
            "topic.metadata.refresh.interval.ms": TOPICS_LOOKED_AT_MS,
            "enable.partition.eof": hears_ends,
            "fetch.error.backoff.ms": 100,
            "queued.max.messages.kbytes": PREFETCH_KILOBYTES,
        },
        group=group,
    )


def _open(kafka: str, name: str, purpose: dict[str, str | int | bool], *, group: str | None = None) -> Consumer:
    return Consumer(
        {
            **connection(kafka, name),
            # The client demands a group even of those who never use one.
            "group.id": group or f"{name}-unused",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "isolation.level": "read_committed",
            # A reader that emptied a full queue would otherwise wait for up to a second before it fetches more.
            "fetch.queue.backoff.ms": 20,
            **purpose,
        }
    )
