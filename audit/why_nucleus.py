"""Why a task has its nucleus, the site that takes its output, or why none takes it. Pure.

In: the task's row with what was said of each nucleus. Out: reasons, the one that blocks first.
"""

from collections.abc import Sequence

from audit.reason import Reason, Row
from audit.remedies import remedy_of_nucleus

NAMED_MAX = 5


def no_nucleus(task: Row, since: int) -> list[Reason]:
    """Each nucleus that was dropped, with what would have to change; empty for a task that has one or needs none."""
    found = task.get("nuclei")
    if task.get("nucleus") or not found:
        return []
    says = f"No nucleus takes its output: {len(found)} looked at; {_sum(found)}."
    change = "One of the following must change; it is tried again when a source outside says something else."
    reasons = [Reason(says, change, "the sites", since)]
    return reasons + [
        Reason(f"{one['code']}: {one['nucleus']}: {one['message']}", *remedy_of_nucleus(one["nucleus"], one["change"]))
        for one in found[:NAMED_MAX]
    ]


def nucleus_of(task: Row) -> list[Reason]:
    """Which nucleus the task has, and how it came to it; empty for a task without one."""
    name = task.get("nucleus")
    if not name:
        return []
    found = task.get("nuclei") or ()
    taken = next((one for one in found if one["code"] == "set"), None)
    if taken is None:
        says = f"Nucleus {name} takes its output: a person or the task named it."
    else:
        says = f"Nucleus {name} takes its output: drawn by weight {taken['weight']:,.3g}, {len(found)} looked at; {_sum(found)}."
    return [Reason(says, "Reassign the task to another nucleus.", "its owner or production")]


def _sum(found: Sequence[Row]) -> str:
    """`2 dropped by space, 1 passed and not drawn`."""
    dropped = [one["code"] for one in found if one["code"] not in ("set", "weight")]
    parts = [f"{dropped.count(code)} dropped by {code}" for code in sorted(set(dropped))]
    passed = sum(one["code"] == "weight" for one in found)
    parts += [f"{passed} passed and not drawn"] if passed else []
    return ", ".join(parts) or "none dropped"
