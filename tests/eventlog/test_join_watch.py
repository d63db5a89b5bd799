"""A member whose group is silent for too long gives up and is made again."""

import pytest
from confluent_kafka import KafkaException

from eventlog.membership import JoinWatch


def a_watch(times: list[float]) -> JoinWatch:
    """A watch of a member with a session of 10 s; the clock shows `times`, one a look."""
    return JoinWatch(10.0, lambda: times.pop(0))


def test_a_group_that_is_silent_for_three_sessions_is_left() -> None:
    watch = a_watch([100.0, 130.0, 130.1])

    watch.check()

    with pytest.raises(KafkaException, match="nothing for 30 s"):
        watch.check()


def test_a_member_that_knows_what_it_has_is_at_rest() -> None:
    watch = a_watch([100.0])
    watch.given()

    watch.check()


def test_after_a_loss_the_group_has_its_time_again() -> None:
    watch = a_watch([100.0, 500.0, 530.0, 530.1])
    watch.given()
    watch.taken()
    watch.check()

    with pytest.raises(KafkaException):
        watch.check()
