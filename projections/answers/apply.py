"""What was answered to a command; the first answer counts, a repeated one says the same again."""

from projections.engine.changes import RowChanges
from schemas.answer import CommandAnswered
from schemas.answering import OWN_ROLE, answer_in
from schemas.reading import Recorded


def apply(record: Recorded, changes: RowChanges) -> None:
    """File the answer under its command."""
    answer = _answer(record)
    if answer is None:
        return
    changes.ensure(
        "answer",
        {
            "command_id": answer.command_id,
            "command_type": answer.command_type,
            "aggregate": answer.aggregate,
            "aggregate_id": answer.aggregate_id,
            "accepted": answer.accepted,
            "reason": answer.reason,
            "message": answer.message,
            "sequence": answer.sequence,
            "at": answer.answered_at,
            "vo": answer.vo,
            "actor": answer.actor,
        },
    )


def _answer(record: Recorded) -> CommandAnswered | None:
    """The answer in the record: itself, or what an event of a client's command stands for."""
    match record.message:
        case CommandAnswered() as answer:
            return answer
        case event if record.envelope is not None and record.envelope.role != OWN_ROLE:
            return answer_in(event, record.aggregate, record.envelope)
        case _:
            return None
