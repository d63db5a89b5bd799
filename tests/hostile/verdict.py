"""Whether the messages hurt anyone but their senders: what was seen, held against the bars. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.hostile.bystander import Life
from tests.hostile.message import Outcome, Request, Sender
from tests.hostile.watching import After, Look

#: The bystander's slowest lives may take so many times as long as before. Where they take longer beside well-formed messages,
#: too, it is the processors that all share, and hostile ones may cost him so many times what those cost him.
TIMES_MAX, CONTROL_TIMES_MAX = 2.0, 1.25
#: A process may grow by this share and so many MB: caches fill, and what was accepted is kept.
GROWTH_SHARE_MAX, GROWTH_MB_MAX = 0.25, 96
SHOWN = 5
#: Who is to be let in to the end, and of how many requests in a row, of so many kinds, one at least is read.
SENDERS, LAST, KINDS = (Sender.USER, Sender.PILOT, Sender.OPERATOR), 60, 20


@dataclass(frozen=True, slots=True)
class Seen:
    """A whole run. Lives alone, beside well-formed messages and beside hostile ones are equally many."""

    outcomes: Sequence[Outcome]
    lives_before: Sequence[Life]
    lives_control: Sequence[Life]
    lives_during: Sequence[Life]
    before: Look
    after: After
    unanswered: int = 0


def slow(lives: Sequence[Life]) -> float:
    """Seconds within which 99 of 100 lives ended; of fewer, the slowest."""
    ordered = sorted(life.seconds for life in lives)
    return ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))] if ordered else float("inf")


def middle(lives: Sequence[Life]) -> float:
    """The median, seconds."""
    ordered = sorted(life.seconds for life in lives)
    return ordered[len(ordered) // 2] if ordered else float("inf")


def restarted(before: Mapping[str, int], after: Mapping[str, int]) -> list[str]:
    """Processes that were started again."""
    return [f"{name} {after[name] - before.get(name, 0)} times" for name in after if after[name] != before.get(name, 0)]


def grown(before: Mapping[str, int], after: Mapping[str, int]) -> list[str]:
    """Processes that grew by more than they may."""
    limits = {name: size + max(GROWTH_MB_MAX, size * GROWTH_SHARE_MAX) for name, size in before.items()}
    return [f"{name} from {before[name]} to {size} MB" for name, size in after.items() if size > limits.get(name, float("inf"))]


def faults(seen: Seen, floor_seconds: float = 0.0) -> list[str]:
    """What does not hold, in sentences; empty when no one but the senders was hurt.

    floor_seconds: a p99 below this is never too slow; for short runs, whose p99 is a single life on a noisy machine.
    """
    after = seen.after
    found = [f"the bystander's life did not end done: {life.problem}" for life in _sick(seen)[:SHOWN]]
    before_seconds, control_seconds, during_seconds = map(slow, (seen.lives_before, seen.lives_control, seen.lives_during))
    if during_seconds > max(TIMES_MAX * before_seconds, CONTROL_TIMES_MAX * control_seconds, floor_seconds):
        beside = f"{control_seconds:.2f} s beside well-formed messages"
        found.append(f"the bystander's p99 went from {before_seconds:.2f} to {during_seconds:.2f} s; {beside}")
    if len({len(seen.lives_before), len(seen.lives_control), len(seen.lives_during)}) > 1:
        found.append(f"{len(seen.lives_during)} lives during it, {len(seen.lives_before)} before: it was stopped")
    errors = [outcome for outcome in seen.outcomes if outcome.is_error]
    found += [f"{one.status} to {one.message.name} ({one.message.description[:80]})" for one in errors[:SHOWN]]
    if len(errors) > SHOWN:
        found.append(f"{len(errors)} errors of the server in all")
    silent = [outcome for outcome in seen.outcomes if outcome.timed_out]
    found += [f"{one.code}: {one.message.name} ({one.message.description[:80]}): {one.answer}" for one in silent[:SHOWN]]
    found += [f"{sender} is let in no more: none of the last {LAST} requests was read" for sender in shut_out(seen.outcomes)]
    found += [f"restarted: {one}" for one in restarted(seen.before.restarts, after.look.restarts)]
    found += [f"memory: {one}" for one in grown(seen.before.own_mb, after.look.own_mb)]
    found += [f"lag of {name}: {'unknown' if lag is None else lag}" for name, lag in after.lag.items() if lag != 0]
    found += [f"stands: {place}" for place in after.standing[:SHOWN]]
    found += [f"in a log: {place}" for place in after.secrets]
    found += [f"checker: {law}" for law in after.violations]
    return found


def shut_out(outcomes: Sequence[Outcome]) -> list[Sender]:
    """Senders of whom nothing is read any more, as after a login that ended: what they send proves nothing."""
    found = []
    for sender in SENDERS:
        own = [one for one in outcomes if isinstance(one.message.content, Request) and one.message.content.sender is sender]
        last = own[-LAST:]
        if len({one.message.kind for one in last}) >= KINDS and all(one.status in (401, 403) for one in last):
            found.append(sender)
    return found


def _sick(seen: Seen) -> list[Life]:
    return [life for life in (*seen.lives_before, *seen.lives_control, *seen.lives_during) if life.problem]


def table(seen: Seen) -> list[dict[str, int | str]]:
    """A row a kind: sent, accepted, refused by code, errors of the server, timeouts."""
    rows: dict[str, list[Outcome]] = {}
    for outcome in seen.outcomes:
        rows.setdefault(outcome.message.kind, []).append(outcome)
    return [_row(kind, rows[kind]) for kind in sorted(rows)]


def _row(kind: str, outcomes: Sequence[Outcome]) -> dict[str, int | str]:
    codes: dict[str, int] = {}
    for one in outcomes:
        if not (one.accepted or one.is_error or one.timed_out):
            codes[one.code] = codes.get(one.code, 0) + 1
    return {
        "kind": kind,
        "sent": len(outcomes),
        "accepted": sum(one.accepted for one in outcomes),
        "refused": ", ".join(f"{code} {count}" for code, count in sorted(codes.items(), key=lambda item: -item[1])),
        "errors": sum(one.is_error for one in outcomes),
        "timeouts": sum(one.timed_out for one in outcomes),
    }
