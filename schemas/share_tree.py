"""The tree of global shares: whether it is sound, which leaf a task belongs to, and in which order leaves are served. Pure.

In: the rows of the policy `shares`, each a leaf or a node. Out: problems as sentences, the name of a leaf, the standing of each
row, the order of the leaves. A row that no other one names as its parent is a leaf. Tree order is depth first, siblings as the
policy lists them. Source: docs/reference/jedi.md, "Global shares"; docs/decisions/0073.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas.patterns import PatternRefused, compile_pattern
from schemas.types import GlobalShare, ShareStanding

#: Key of the policy, and of the ranking.
SHARES_KEY = "shares"
#: Of a task that no leaf takes; its jobs go after those of all leaves.
UNDEFINED = "Undefined"
#: The share that is served before all others.
TEST = "Test"
PERCENT_TOLERANCE = 0.01
#: Nodes above a leaf.
DEPTH_MAX = 20


@dataclass(frozen=True, slots=True)
class ShareAsked:
    """What a task says of itself, which leaves match against."""

    label: str = ""
    working_group: str = ""
    campaign: str = ""
    processing_type: str = ""
    transformation: str = ""
    resource_type: str = ""
    vo: str = ""


def problem_of_shares(shares: Sequence[GlobalShare]) -> str:
    """What is wrong with a tree; empty when nothing is."""
    names = [share.name for share in shares]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        return f"share {twice[0]} is named twice"
    if UNDEFINED in names:
        return f"share {UNDEFINED}: expected another name, as this one is for tasks that no share takes"
    known = set(names)
    sums: dict[str | None, float] = defaultdict(float)
    for share in shares:
        if share.parent is not None and share.parent not in known:
            return f"share {share.name} has the unknown parent {share.parent}"
        for pattern in _patterns_of(share):
            problem = _problem_of_pattern(pattern)
            if problem:
                return f"share {share.name}: {problem}"
        sums[share.parent] += share.percent
    for parent, total in sums.items():
        if abs(total - 100) > PERCENT_TOLERANCE:
            return f"shares below {parent or 'the top'} add up to {total:g} percent, expected 100"
    return _problem_of_depth(shares)


def leaves_of(rows: Sequence[GlobalShare] | Sequence[ShareStanding]) -> tuple[str, ...]:
    """Names of the leaves in tree order."""
    children = _children(rows)
    found: list[str] = []
    unseen = list(reversed(children.get(None, ())))
    while unseen:
        name = unseen.pop().name
        below = children.get(name)
        if below:
            unseen += reversed(below)
        else:
            found.append(name)
    return tuple(found)


def leaf_for(shares: Sequence[GlobalShare], asked: ShareAsked, named: str = "") -> str | None:
    """The leaf of a task: the first in tree order that matches it, or the one it names, if that one matches.

    UNDEFINED when none does, None when the one that is named is no leaf that matches.
    """
    rows = {share.name: share for share in shares}
    matching = (name for name in leaves_of(shares) if _matches(rows[name], asked))
    if named:
        return named if named in matching else None
    return next(matching, UNDEFINED)


def standings_of(shares: Sequence[GlobalShare], used: Mapping[str, float]) -> tuple[ShareStanding, ...]:
    """Usage and pledge of each row in the order of `shares`. used: HS23 of each leaf; what is no leaf is left out.

    A node uses what its leaves use; it may have its percent of what its parent may have, at the top of all that is used.
    """
    rows = {share.name: share for share in shares}
    sums = dict.fromkeys(rows, 0.0)
    total = 0.0
    for leaf in leaves_of(shares):
        amount = used.get(leaf, 0.0)
        total += amount
        above: str | None = leaf
        while above is not None:
            sums[above] += amount
            above = rows[above].parent
    pledged: dict[str, float] = {}
    for name in rows:
        pledged[name] = total * _fraction(rows, name)
    return tuple(
        ShareStanding(
            name=share.name,
            parent=share.parent,
            percent=share.percent,
            used=sums[share.name],
            pledged=pledged[share.name],
        )
        for share in shares
    )


def order_of(standings: Sequence[ShareStanding], more: Mapping[str, float] | None = None) -> tuple[str, ...]:
    """The leaves, the one to be served first at the front.

    At each node the child that has least of what it may have goes first, so that what one share leaves goes to its siblings
    first; equal ones keep the tree's order. more: HS23 that leaves use beyond `standings`.
    """
    children = _children(standings)
    used = {one.name: one.used for one in standings}
    if more:
        parents = {one.name: one.parent for one in standings}
        for leaf, amount in more.items():
            above: str | None = leaf if leaf in used else None
            while above is not None:
                used[above] += amount
                above = parents[above]
    found: list[str] = []
    unseen = _by_need(children.get(None, ()), used)
    while unseen:
        one = unseen.pop()
        below = children.get(one.name)
        if below:
            unseen += _by_need(below, used)
        else:
            found.append(one.name)
    return tuple(found)


def _by_need(siblings: Sequence[ShareStanding], used: Mapping[str, float]) -> list[ShareStanding]:
    """The one to be served first comes last; siblings are pledged by their percent."""

    def need(one: ShareStanding) -> float:
        return used[one.name] / one.percent if one.percent > 0 else float("inf")

    return sorted(siblings, key=need)[::-1] if len(siblings) > 1 else list(siblings)


def _children(
    rows: Sequence[GlobalShare] | Sequence[ShareStanding],
) -> dict[str | None, list[ShareStanding]]:
    found: dict[str | None, list[ShareStanding]] = {}
    for row in rows:
        one = row if isinstance(row, ShareStanding) else _unused(row)
        found.setdefault(one.parent, []).append(one)
    return found


def _unused(share: GlobalShare) -> ShareStanding:
    return ShareStanding(name=share.name, parent=share.parent, percent=share.percent, used=0.0)


def _fraction(rows: Mapping[str, GlobalShare], name: str) -> float:
    """What part of everything a row may have, from 0 to 1."""
    part = 1.0
    above: str | None = name
    while above is not None:
        part *= rows[above].percent / 100
        above = rows[above].parent
    return part


def _patterns_of(share: GlobalShare) -> tuple[str | None, ...]:
    """In the order of the fields of `ShareAsked`."""
    return (
        share.label_pattern,
        share.working_group_pattern,
        share.campaign_pattern,
        share.processing_type_pattern,
        share.transformation_pattern,
        share.resource_type_pattern,
        share.vo_pattern,
    )


def _matches(share: GlobalShare, asked: ShareAsked) -> bool:
    """True when each pattern of the leaf matches the beginning of what is asked, as in PanDA; a leaf without any takes all."""
    values = (
        asked.label,
        asked.working_group,
        asked.campaign,
        asked.processing_type,
        asked.transformation,
        asked.resource_type,
        asked.vo,
    )
    return all(
        pattern is None or compile_pattern(pattern, dot_all=True).match(value)
        for pattern, value in zip(_patterns_of(share), values, strict=True)
    )


def _problem_of_depth(shares: Sequence[GlobalShare]) -> str:
    """A share that is above itself, or stands too deep."""
    parents = {share.name: share.parent for share in shares}
    for share in shares:
        depth, above = 0, share.parent
        while above is not None:
            depth += 1
            if depth > DEPTH_MAX:
                return f"share {share.name} has more than {DEPTH_MAX} shares above it or is above itself, expected a tree"
            above = parents[above]
    return ""


def _problem_of_pattern(pattern: str | None) -> str:
    try:
        compile_pattern(pattern or "", dot_all=True)
    except PatternRefused as problem:
        return str(problem)
    return ""
