"""What becomes of the tasks of a person who was revoked: killed or paused, one command each, page by page.

In: the API, as the one who revokes. Out: a sentence with the counts. Guards: only tasks that the log has as the person's own, not
those of a namesake; a bounded number in one call; a task that refuses stops no other.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cli.api_client import ApiClient
from deploy.errors import StepFailed

#: What to do, and the command for it.
WORDS = {"keep": "", "kill": "KillTask", "pause": "PauseTask"}
ENDED = frozenset({"finished", "failed", "aborted", "done", "exhausted", "broken"})
PAGE = 500
ORDERS_MAX = 20_000
#: Jobs that a line names.
NAMED_MAX = 10
AT_NEXT_CALL = "at their pilot's next call (pilot3: up to 30 minutes)"


def order_tasks(client: ApiClient, actor: str, word: str, reason: str) -> str:
    """Send the command that `word` stands for to each task of `actor` in the caller's VO that has not ended; what came of it."""
    sent, refused, after = 0, 0, None
    while sent + refused < ORDERS_MAX:
        page = client.get("/v1/tasks", owner=actor, limit=PAGE, after=after)
        mine = (row["task_id"] for row in page["tasks"] if row["owner"] == actor and row["status"] not in ENDED)
        for task_id in mine:
            if _ordered(client, task_id, WORDS[word], reason):
                sent += 1
            else:
                refused += 1
        after = page["next"]
        if after is None:
            break
    told = f"{sent} tasks were ordered to {word}" + (f", {refused} refused" if refused else "")
    return told if after is None else f"{told}; there are older ones: run it again"


def lines_about_payloads(payloads: Sequence[Mapping[str, Any]], word: str) -> Iterator[str]:
    """Which of the `payloads` that ran when a person was revoked stop when, after its tasks were ordered to `word`."""
    own = [one for one in payloads if one["is_owner"]]
    if own and word != "kill":
        yield f"{_jobs(own)} of its tasks run on"
    stopping = [one for one in payloads if not one["is_owner"] or word == "kill"]
    for seconds in sorted({one["stops_within_seconds"] or 0 for one in stopping}, key=lambda found: found or float("inf")):
        found = [one for one in stopping if (one["stops_within_seconds"] or 0) == seconds]
        yield f"{_jobs(found)} stop {f'within {seconds} s' if seconds else AT_NEXT_CALL}"


def _jobs(payloads: Sequence[Mapping[str, Any]]) -> str:
    named = ", ".join(str(one["job_id"]) for one in payloads[:NAMED_MAX])
    more = f" and {len(payloads) - NAMED_MAX} more" if len(payloads) > NAMED_MAX else ""
    return f"{len(payloads)} payloads (jobs {named}{more})"


def _ordered(client: ApiClient, task_id: int, command: str, reason: str) -> bool:
    body: dict[str, Any] = {"aggregate_id": str(task_id), "reason": reason}
    try:
        return bool(client.post(f"/v1/commands/{command}", body).get("accepted", True))
    except StepFailed:
        return False
