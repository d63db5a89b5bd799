"""What a decision may weigh, and the sentences that say so. Pure.

A record is at most `RECORD_BYTES_MAX`; what could be more is cut by design: lists travel in parts of `PART_BYTES_MAX` (orders,
plans, feeds, outcomes) beside their limits of number. A decision that is more than one transaction should hold is refused.
"""

from commands.decision import Refusal
from schemas.wire import RECORD_BYTES_MAX

#: Records and bytes of one decision, follow-ups included. What a task does with more is slices (commands/task/limits.py).
DECISION_RECORDS_MAX = 50_000
DECISION_BYTES_MAX = 100_000_000
#: Follow-ups are decided with their cause until so much came of it; the rest takes the way through the log.
INLINE_BYTES_MAX = 4_000_000
#: A list that is cut into several records: bytes of each part.
PART_BYTES_MAX = 500_000
#: A message in an answer or an error in a dead letter; longer ones are cut.
MESSAGE_CHARACTERS_MAX = 1_000
#: The key and value of a record that a dead letter repeats; larger ones are left out, they stand where they stood.
LETTER_KEY_BYTES_MAX = 1_000
LETTER_VALUE_BYTES_MAX = 800_000


class TooLarge(Exception):
    """A decision that cannot be written; `refusal` says what weighs how much."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


def record_too_large(name: str, size: int) -> TooLarge:
    """One record of a decision is over the limit of a record."""
    return TooLarge(Refusal("TOO_LARGE", f"{name} of this decision has {size:,} bytes, expected at most {RECORD_BYTES_MAX:,}"))


def decision_too_large(records: int, size: int) -> TooLarge | None:
    """The whole decision against its budget; None when it is within."""
    if records > DECISION_RECORDS_MAX:
        return TooLarge(
            Refusal("TOO_LARGE", f"the decision has {records:,} records, expected at most {DECISION_RECORDS_MAX:,}")
        )
    if size > DECISION_BYTES_MAX:
        return TooLarge(Refusal("TOO_LARGE", f"the decision has {size:,} bytes, expected at most {DECISION_BYTES_MAX:,}"))
    return None


def shortened(text: str, characters_max: int = MESSAGE_CHARACTERS_MAX) -> str:
    """`text` when it is short enough, else its beginning and how long it was."""
    if len(text) <= characters_max:
        return text
    ending = f"... ({len(text):,} characters)"
    return text[: characters_max - len(ending)] + ending
