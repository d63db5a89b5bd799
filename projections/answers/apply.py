"""What was answered to a command; the first answer counts, a repeated one says the same again."""

from projections.engine.changes import RowChanges
from schemas.answer import CommandAnswered
from schemas.reading import Recorded


def apply(record: Recorded, changes: RowChanges) -> None:
    """File the answer under its command."""
    match record.message:
        case CommandAnswered() as answer:
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
        case _:
            pass
