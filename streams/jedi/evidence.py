"""The explanation of a brokerage, cut to what a record can hold. Pure.

In: verdicts on all queues, for each piece that was brokered apart. Out: evidence of at most EVIDENCE_BYTES: sentences go first
(the code stays), then verdicts on queues that were dropped, from the end; candidates stay, five for each piece.
"""

from collections.abc import Sequence

from schemas.records import replace
from schemas.types import BrokerageEvidence, QueueVerdict
from streams.engine.record_size import LEAD_BYTES, NUMBER_BYTES, bytes_of
from streams.jedi.shown import readable

#: Beside at most 500 plans, each with a queue and its input units, in a record of at most 900 kB.
EVIDENCE_BYTES = 400_000
MESSAGE_CHARACTERS_MAX = 300
#: What the bounds of the evidence allow, and how many of them may be candidates: five for each memory that input was raised to.
VERDICTS_MAX, CANDIDATES_MAX = 5_000, 100
#: Of a character, and of all of a verdict beside its texts and the numbers in its lists.
CHARACTER_BYTES_MAX, FIXED_BYTES = 4, 8 * LEAD_BYTES + 8 * NUMBER_BYTES


def evidence_of(
    verdicts: Sequence[QueueVerdict], seed: str, facts_position: str, bytes_max: int = EVIDENCE_BYTES
) -> BrokerageEvidence:
    """The whole of it where it fits into `bytes_max`."""
    kept = [_with_readable(one) for one in verdicts]
    few = len(kept) <= VERDICTS_MAX - CANDIDATES_MAX
    if few and (_fit_surely(kept, bytes_max) or _bytes(kept) <= bytes_max):
        return BrokerageEvidence(verdicts=tuple(kept), seed=seed, facts_position=facts_position)
    if _bytes(kept) > bytes_max:
        kept = [one if one.taken else replace(one, message="", change="") for one in kept]
    left = bytes_max - _bytes([one for one in kept if one.taken])
    fitting: list[QueueVerdict] = []
    for one in kept:
        left -= 0 if one.taken else bytes_of(one.to_avro())
        if one.taken or (left >= 0 and len(fitting) < VERDICTS_MAX - CANDIDATES_MAX):
            fitting.append(one)
    return BrokerageEvidence(verdicts=tuple(fitting), seed=seed, facts_position=facts_position)


def _with_readable(one: QueueVerdict) -> QueueVerdict:
    message = readable(one.message, MESSAGE_CHARACTERS_MAX)
    return one if message == one.message else replace(one, message=message)


def _bytes(verdicts: Sequence[QueueVerdict]) -> int:
    return sum(bytes_of(one.to_avro()) for one in verdicts)


def _fit_surely(verdicts: Sequence[QueueVerdict], bytes_max: int) -> bool:
    """True when they fit even with each number and list at its longest: the usual case, at a tenth of the cost of `bytes_of`."""
    texts = sum(len(one.queue) + len(one.code) + len(one.message) + len(one.change) for one in verdicts)
    lists = sum(len(one.untested) * (LEAD_BYTES + 64) + (len(one.ends) + len(one.loads)) * NUMBER_BYTES for one in verdicts)
    return CHARACTER_BYTES_MAX * texts + lists + len(verdicts) * FIXED_BYTES <= bytes_max
