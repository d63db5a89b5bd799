"""How Kafka's client tells a member of a group, or a transactional producer, that it is one no more.

A fatal failure is reported once: as a message with no topic and partition 0 whose error has the code `_FATAL` and not the mark of
a fatal one, which the Python client leaves out. A reader that misses it waits for ever for records. It does not always mean that
another one has the name: a member whose session ran out while the broker stood still is fenced by its own second try. Shown by
tests/eventlog/test_membership.py with a real broker.
"""

import time
from collections.abc import Callable

from confluent_kafka import KafkaError, KafkaException

#: Another one of the same name is at work.
FENCED = frozenset(
    {
        KafkaError._FENCED,
        KafkaError.INVALID_PRODUCER_EPOCH,
        KafkaError.PRODUCER_FENCED,
        KafkaError.FENCED_INSTANCE_ID,
    }
)
#: Sessions within which a group says what a member has.
SESSIONS_MAX = 3


def is_over(failure: KafkaError) -> bool:
    """True when the client is of no more use and another one must be made."""
    return failure.fatal() or failure.code() == KafkaError._FATAL or failure.code() in FENCED


def is_fenced(failure: KafkaError) -> bool:
    """True when another client took the name; to take it back would be a duel."""
    return failure.code() in FENCED


class JoinWatch:
    """How long a member is without an answer of its group.

    Kafka's client may lose its way when its session runs out while the broker does not answer (librdkafka issue 3437): it then
    waits for ever, without a word, and holds nothing. What helps is a new member of the same name, which takes its place at once.
    """

    def __init__(self, session_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        """The patience is `SESSIONS_MAX` sessions: a group needs one to forget a member that is gone."""
        self._seconds_max, self._clock = SESSIONS_MAX * session_seconds, clock
        self._since: float | None = clock()

    def given(self) -> None:
        """The group said what this member has, which may be nothing."""
        self._since = None

    def taken(self) -> None:
        """The member has nothing until the group says more."""
        self._since = self._clock()

    def check(self) -> None:
        """Raise KafkaException when the group has been silent for too long."""
        if self._since is not None and self._clock() - self._since > self._seconds_max:
            told = f"the group has given this member nothing for {self._seconds_max:g} s"
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT, told))
