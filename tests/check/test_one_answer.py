"""The law that each command has one answer, where commands are delivered again."""

from check.laws import OneAnswerEach, Seen
from check.report import judge_log
from schemas.answer import CommandAnswered
from schemas.reading import Place
from schemas.types import CommandEnvelope

CAUSE, FOLLOW_UP = "bea4aad0-5b72-5108-a01a-fa2982d64b0e", "170a11c1-32f9-55cc-85e7-01fbb0ca7e5c"


def given(offset: int) -> Seen:
    """A command record."""
    envelope = CommandEnvelope(
        command_id=CAUSE, aggregate_id="7", correlation_id=CAUSE, issued_at=1, actor="a", role="system", vo="v"
    )
    return Seen(Place("culm.job.commands.v1", 0, offset), "commands", "job", "RecordLease", envelope, None)


def answered(offset: int, command_id: str, cause: str | None = None) -> Seen:
    """An answer; of a follow-up that led to no event, with its cause."""
    message = CommandAnswered(
        command_id=command_id,
        command_type="EndLease",
        aggregate="queue",
        aggregate_id="Q",
        correlation_id=CAUSE,
        accepted=cause is not None,
        causation_id=cause,
        sequence=1,
        answered_at=1,
        vo="v",
        actor="a",
    )
    return Seen(Place("culm.command.answers.v1", 0, offset), "answers", "queue", "CommandAnswered", None, message)


def found_in(records: list[Seen]) -> list[str]:
    (result,) = judge_log(records, [OneAnswerEach({("culm.job.commands.v1", 0): 100})])
    return [result.first.found] if result.first else []


def test_a_refused_command_that_was_delivered_twice_has_two_answers_and_so_has_what_followed_from_it() -> None:
    commands = [given(1), given(2)]
    answers = [answered(1, FOLLOW_UP, CAUSE), answered(2, FOLLOW_UP, CAUSE), answered(3, CAUSE), answered(4, CAUSE)]

    assert found_in(commands + answers) == []


def test_a_second_answer_to_what_followed_once_is_found() -> None:
    answers = [answered(1, CAUSE), answered(2, FOLLOW_UP, CAUSE), answered(3, FOLLOW_UP, CAUSE)]

    assert found_in([given(1), *answers]) == [f"2 answers to follow-up {FOLLOW_UP}, whose cause was given 1 times"]
