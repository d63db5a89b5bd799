"""Consumers that answer one question from the log and go: they read a topic up to its end and are told when they are there.

Guards: a broker holds a fetch at the end of a partition back for `fetch.wait.max.ms`, half a second by default, before it says
that this is the end. The one who asks a question waits for that, so here it is short; a follower of the log has use for the
long one.
"""

from confluent_kafka import Consumer

END_TOLD_MILLISECONDS = 10


def consumer_to_the_end(kafka: str, client_id: str, *, reset: str) -> Consumer:
    """A consumer without a group, of which `close` is the caller's business.

    reset: where to begin when an offset is not there (any more).
    """
    return Consumer(settings(kafka, client_id, reset=reset))


def settings(kafka: str, client_id: str, *, reset: str) -> dict[str, str | int | bool]:
    """What such a consumer is made with."""
    assert reset in ("earliest", "latest"), f"{reset!r} is no place to begin"
    return {
        "bootstrap.servers": kafka,
        "client.id": client_id,
        "group.id": f"{client_id}-unused",
        "enable.auto.commit": False,
        "enable.partition.eof": True,
        "isolation.level": "read_committed",
        "auto.offset.reset": reset,
        "fetch.wait.max.ms": END_TOLD_MILLISECONDS,
    }
