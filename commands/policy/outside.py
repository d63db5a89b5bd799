"""What the policies of outside sources say to a command: storages, sites, links, software, worker nodes, replicas.

Key `source.NAME`: which entries a source names, and how old it is. Keys `storage.NAME` and the like: what a source says of one
thing. Guards: of a source that lost too many of its entries nothing is taken over, unless a person has looked; an older document
does not go before a younger one; a fact stands under the key of what it is about.
"""

from typing import assert_never

from commands.decision import Decision, accept, refuse
from commands.policy.model import Policy
from schemas.outside import key_of_fact, problem_of_fact
from schemas.policy import OutsideFactSet, SetOutsideFact, SourceHeldBack, SourceTaken, TakeSource
from schemas.times import utc
from schemas.types import CommandEnvelope

#: More than this part of the entries gone at once is taken for a broken source.
GONE_MAX = 0.2
EXAMPLES_MAX = 5


def decide_outside(policy: Policy, command: TakeSource | SetOutsideFact, by: CommandEnvelope) -> Decision:
    """Answer a command of a bridge."""
    match command:
        case TakeSource():
            return take_source(policy, command, by)
        case SetOutsideFact():
            return set_outside_fact(policy, command, by)
        case _:
            assert_never(command)


def take_source(policy: Policy, command: TakeSource, by: CommandEnvelope) -> Decision:
    """The entries of a source, whole; refused with a trace where more than a fifth of those before are gone."""
    expected = f"source.{command.source}"
    if by.aggregate_id != expected:
        return refuse("BAD_KEY", f"source {command.source!r} was sent to {by.aggregate_id!r}, expected {expected!r}")
    if command.source_at < policy.source_at:
        found, known = utc(command.source_at), utc(policy.source_at)
        return refuse("STALE", f"source_at of {command.source} is {found}, expected {known} or later: it was taken over then")
    if len(set(command.entries)) != len(command.entries):
        return refuse("BAD_SOURCE", f"entries of {command.source} name a key twice, expected each once")
    before, now = set(policy.source_entries), set(command.entries)
    gone = sorted(before - now)
    if len(gone) > GONE_MAX * len(before) and not command.confirmed:
        return _held_back(policy, command, gone)
    added = tuple(sorted(now - before))
    if command.source_at == policy.source_at and not added and not gone:
        return accept()
    taken = SourceTaken(
        source=command.source,
        source_at=command.source_at,
        added=added,
        removed=tuple(gone),
        entries=len(now),
        confirmed=command.confirmed,
    )
    return accept(taken)


def set_outside_fact(policy: Policy, command: SetOutsideFact, by: CommandEnvelope) -> Decision:
    """What a source says of one thing now; no event where it says what it said before."""
    if command.fact is not None:
        problem = problem_of_fact(command.fact)
        if problem:
            return refuse("BAD_FACT", problem)
        expected = key_of_fact(command.fact)
        if by.aggregate_id != expected:
            return refuse("BAD_KEY", f"the fact was sent to {by.aggregate_id!r}, expected {expected!r}")
    if command.source_at < policy.source_at:
        found, known = utc(command.source_at), utc(policy.source_at)
        return refuse("STALE", f"source_at is {found}, expected {known} or later: what is known is younger")
    if policy.outside == command.fact:
        return accept()
    return accept(OutsideFactSet(source=command.source, source_at=command.source_at, fact=command.fact))


def _held_back(policy: Policy, command: TakeSource, gone: list[str]) -> Decision:
    before, examples = len(policy.source_entries), tuple(gone[:EXAMPLES_MAX])
    held = SourceHeldBack(
        source=command.source,
        source_at=command.source_at,
        entries_before=before,
        entries_gone=len(gone),
        examples=examples,
    )
    message = (
        f"{len(gone)} of the {before} entries of {command.source} are gone ({', '.join(examples)[:300]}), expected at most"
        f" {GONE_MAX:.0%}: nothing was taken over; look at the source, then confirm"
    )
    return refuse("SHRUNK", message, held)
