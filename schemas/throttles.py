"""How many jobs may wait and run before orders are throttled: the limits in force, and what is wrong with a setting. Pure.

The built-in limits are high: they let pass what a few hundred users ask for. Caps of users and groups are 0, none.
Source: docs/reference/jedi.md, "Generation throttle" and "User caps"; docs/decisions/0086.
"""

from collections.abc import Sequence

from schemas.types import AccountCap, ThrottleLimits

THROTTLES_KEY = "throttles"
BUILT_IN_LIMITS = ThrottleLimits()
NO_CAP = AccountCap()


def limits_of_type(rows: Sequence[ThrottleLimits], share: str, resource_type: str) -> ThrottleLimits:
    """The limits for jobs of one share and type: those of both, else of the type, else of all."""
    for wanted in ((share, resource_type), ("", resource_type), ("", "")):
        for row in rows:
            if (row.share, row.resource_type) == wanted and (row.resource_type or not row.share):
                return row
    return BUILT_IN_LIMITS


def limits_of_share(rows: Sequence[ThrottleLimits], share: str) -> ThrottleLimits | None:
    """The limits for a share as a whole; None where there are none."""
    return next((row for row in rows if share and row.share == share and not row.resource_type), None)


def cap_of(rows: Sequence[AccountCap], vo: str, owner: str, working_group: str) -> AccountCap:
    """The cap of a group, or of a user where the work is for no group."""
    name, group = (working_group, True) if working_group else (owner, False)
    found = (row for row in rows if row.group is group and row.vo in ("", vo) and row.name in ("", name))
    return next(found, NO_CAP)


def problem_of_throttles(limits: Sequence[ThrottleLimits], caps: Sequence[AccountCap]) -> str:
    """What is wrong with a setting: key, value and what was expected; empty when nothing is."""
    for number, row in enumerate(limits):
        if row.queue_cap and row.queue_cap < row.queue_limit:
            return f"limits {number}: queue_cap is {row.queue_cap}, expected 0 or at least queue_limit {row.queue_limit}"
    if len({(row.share, row.resource_type) for row in limits}) < len(limits):
        return "limits: a share with a resource_type stands twice, expected each at most once"
    if len({(row.vo, row.name, row.group) for row in caps}) < len(caps):
        return "caps: a name stands twice, expected each at most once"
    for number, cap in enumerate(caps):
        if not cap.jobs_max and not cap.cores_max:
            return f"caps {number}: jobs_max and cores_max are 0, expected one of them above 0"
    return ""
