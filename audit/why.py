"""Why a job or a task is where it is: a sentence with figures, and what would have to change. Pure.

In: facts from the read models. Out: `Reason`s, the one that blocks most first. Texts of users are quoted as they are;
the caller that shows them must escape them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from audit.reason import Reason, Row
from audit.remedies import remedy
from audit.why_nucleus import no_nucleus, nucleus_of
from schemas.instants import MICROSECONDS


@dataclass(frozen=True, slots=True)
class JobFacts:
    """Of one job. ahead: jobs of its queue that are taken before it. rate: jobs leased there in the last ten minutes."""

    job: Row
    queue: Row | None
    demand: Row | None
    lease: Row | None
    now: int
    ahead: int = 0
    leased_lately: int = 0
    task_held: bool = False
    later_attempt: int | None = None
    merge_job_status: str | None = None


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """Of one task. verdicts: of the last brokerage. jobs: number by status. errors: (count, source, code, text)."""

    task: Row
    now: int
    jobs: Mapping[str, int]
    verdicts: Sequence[Row] = ()
    queues: Sequence[Row] = ()
    deadlines: Sequence[Row] = ()
    errors: Sequence[Row] = ()
    last: Row | None = None


def why_job(facts: JobFacts) -> list[Reason]:
    """Why the job is in its status, the strongest reason first."""
    job, status = facts.job, facts.job["status"]
    match status:
        case "defined":
            return [Reason(f"It was made and queue {job['queue']} takes it up.", since=job["created_at"])]
        case "activated" | "throttled":
            return _waiting_job(facts)
        case "sent" | "starting" | "running" | "holding" | "transferring":
            return [_held_job(facts)]
        case "merging":
            return [_merging_job(facts)]
        case _:
            return [_ended_job(facts)]


def _waiting_job(facts: JobFacts) -> list[Reason]:
    job, queue = facts.job, facts.queue
    since = job["activated_at"]
    found = []
    if facts.task_held:
        found.append(
            Reason(f"Its task {job['task_id']} is paused.", "Resume the task.", "the owner of the task or production", since)
        )
    settings = (queue or {}).get("settings") or {}
    if settings.get("status") == "OFFLINE":
        found.append(
            Reason(f"Queue {job['queue']} is offline.", "Set it online, or reassign the task.", "an operator", since)
        )
    if facts.demand and facts.demand.get("unhealthy"):
        says = f"Queue {job['queue']} is closed. {facts.demand['unhealthy']}"
        found.append(Reason(says, "A worker must come as far as to ask for work; or reassign the task.", "the site", since))
    demand = facts.demand or {"wanted": 0, "live": 0}
    place = f"{_count(facts.ahead, 'job')} of {job['queue']} come before it (priority {job['priority']}, then age)"
    pilots = f"{_count(demand['live'], 'pilot')} alive there, {demand['wanted']} wanted"
    needs = (
        f"it needs {_count(job['core_count'], 'core')}, {job['ram_mb_min']} MB of memory, resource type {job['resource_type']}"
    )
    rate = f"{_count(facts.leased_lately, 'job')} of the queue were taken in the last 10 minutes"
    if not demand["live"] and not facts.leased_lately:
        says = f"It waits for a pilot: none is alive at {job['queue']}; {place}; {needs}."
        change = f"A pilot must ask for work at {job['queue']} ({demand['wanted']} are wanted)."
        found.append(Reason(says, change, "the site", since))
    else:
        says = f"It waits for its turn: {place}; {pilots}; {rate}; {needs}."
        change = "A pilot with enough free memory, cores and time asks for work; a higher priority lets it go earlier."
        found.append(Reason(says, change, "the site; production for the priority", since))
    return found


def _held_job(facts: JobFacts) -> Reason:
    job, lease = facts.job, facts.lease
    where = f"Pilot {job['pilot']} on {job['node']} holds it ({job['status']})"
    if job["order_kill"]:
        where += "; it is ordered to stop and gets the order in the answer to its next report"
    if lease is None:
        return Reason(f"{where}; its lease has ended and the end of the job is being recorded.", since=job["modified_at"])
    seen, left = (facts.now - lease["seen_at"]) // MICROSECONDS, (lease["due_at"] - facts.now) // MICROSECONDS
    alive = f"last sign of life {_span(seen)} ago, "
    alive += f"the lease ends in {_span(left)} without another" if left >= 0 else f"the lease is over since {_span(-left)}"
    change = "The payload ends, or the pilot stays silent and the job is made again."
    return Reason(f"{where}; {alive}.", change, since=job["sent_at"])


def _merging_job(facts: JobFacts) -> Reason:
    merge = facts.job["merge_job_id"]
    if merge is None:
        return Reason("Its output waits until enough is there for a merge job.", since=facts.job["modified_at"])
    return Reason(f"Its output is merged by job {merge}, which is {facts.merge_job_status}.", since=facts.job["modified_at"])


def _ended_job(facts: JobFacts) -> Reason:
    job = facts.job
    said = "; ".join(f"{one['source']} {one['code']} {one['diagnostic']}".strip() for one in job["errors"])
    says = f"It ended {job['status']}"
    if job["status"] == "finished":
        by = f"; merge job {job['merge_job_id']} took them up" if job["merge_job_id"] else ""
        return Reason(f"{says} with {_count(len(job['outputs'] or ()), 'output file')}{by}.", since=job["ended_at"])
    says += f": {said}." if said else "."
    if facts.later_attempt is not None:
        return Reason(f"{says} Its input went into job {facts.later_attempt}.", since=job["ended_at"])
    return Reason(
        f"{says} Its input was not tried again.", "Retry the task.", "the owner of the task or production", job["ended_at"]
    )


def why_task(facts: TaskFacts) -> list[Reason]:
    """Why the task is in its status, the strongest reason first."""
    task, status = facts.task, facts.task["status"]
    since = facts.last["at"] if facts.last else task["modified_at"]
    match status:
        case "waiting":
            change = "The rest arrives, or an hour after its submission it ends unfinished."
            return [Reason("The names of its input are arriving.", change, since=since)]
        case "registered" | "rerefine":
            return [Reason("Its parameters are being read.", since=since)]
        case "defined":
            return _held_input(task) or [Reason("Its input is being collected from its datasets.", since=since)]
        case "ready":
            return [Reason("Its next jobs are being placed on queues.", since=since)]
        case "pending" | "throttled":
            return _waiting(facts, since)
        case "scouting":
            at_work = (*_at_work(facts, since), *nucleus_of(task))
            return [*_letters(task), _scouting(task, since), *_held_input(task), *at_work, *_learned(task)]
        case "running":
            return [*_letters(task), *_held_input(task), *_at_work(facts, since), *nucleus_of(task), *_learned(task)]
        case "paused":
            why = f" ({facts.last['summary']})" if facts.last else ""
            held = _count(sum(facts.jobs.get(word, 0) for word in ("activated", "defined")), "waiting job")
            return [
                Reason(f"It is paused{why}; {held} held back.", "Resume it.", "its owner or production", since)
            ]
        case "finishing" | "aborting" | "tobroken":
            live = sum(number for word, number in facts.jobs.items() if word in LIVE)
            return [Reason(f"It is about to end: {_count(live, 'job')} of it must still come to an end.", since=since)]
        case _:
            return [_ended_task(facts)]


#: Jobs of a sample that a sentence names.
SAMPLE_NAMED = 5
LIVE = frozenset(
    {"defined", "activated", "throttled", "sent", "starting", "running", "holding", "transferring", "merging"}
)


def _letters(task: Row) -> list[Reason]:
    """What stands in dead letters; empty when none holds the task."""
    if not (task.get("message") or "").startswith("set aside: "):
        return []
    says = f"It is {task['message']}. Its record was kept and waits to be tried again."
    return [Reason(says, "Fix what met the bug, then: culm dead-letter retry ID.", "an operator", task["modified_at"])]


def _scouting(task: Row, since: int) -> Reason:
    """What its scouts still have to show."""
    most, rules = task.get("input_number_max"), (task.get("definition") or {}).get("scouts") or {}
    says = f"Its scouts are at work: the first {most} of {task['files_total']} input units go alone until"
    says += f" {rules.get('success_tenths', 5)} tenths of them succeeded; {task['files_finished']} have."
    return Reason(says, "The scouts succeed, or an avalanche is ordered.", "its owner or production", since)


def _held_input(task: Row) -> list[Reason]:
    """Which input waits for its release; empty when none does, or when all that is held is done."""
    held, done = task.get("input_held"), task["files_finished"] + task["files_failed"]
    if not held or (task["files_total"] and done >= task["files_total"]):
        return []
    says = f"Input units {held} are held: no jobs are made of them until they are released or dropped."
    return [Reason(says, "Release them, or drop what will not come.", "who holds them, its owner, or production")]


def _awaiting(facts: TaskFacts, since: int) -> Reason:
    """What it waits for before it has input: its parent, or a dataset."""
    says = f"It {facts.task['message']}."
    due = next((one["due_at"] for one in facts.deadlines if one["kind"] == "input"), None)
    if due is not None:
        says += f" A person must decide in {_span((due - facts.now) // MICROSECONDS)} unless it comes."
    if facts.task["message"].startswith("waits for the end of parent task"):
        change = "The parent ends; with one that is failed, broken or aborted it ends, too."
        return Reason(says, change, "the owner of the parent", since)
    return Reason(says, "The first file is registered in the dataset; its name is spelled as it is there.", "its owner", since)


def _learned(task: Row) -> list[Reason]:
    """Requirements that follow what its jobs used, each with how it came about."""
    found = []
    for one in task.get("learned") or ():
        if one["applied"] and one["new"] != one["old"]:
            before = "none" if one["old"] is None else f"{one['old']:,g}"
            says = f"{one['parameter']} is {one['new']:,g} instead of {before}:"
            says += f" {one['reduction']} of {_count(one['jobs'], 'job')} that used"
            says += f" {one['least']:,g} to {one['most']:,g}, and {one['margin_percent']} %"
            sample = [f"job {job} {value:,g}" for job, value in one.get("sample") or ()][:SAMPLE_NAMED]
            more = one["jobs"] - len(sample)
            says += f" ({', '.join(sample)}{f' and {more} more' if more > 0 else ''})." if sample else "."
            found.append(Reason(says, "Revert the requirements.", "its owner or production"))
    return found


def _parked(facts: TaskFacts, since: int) -> list[Reason]:
    dropped: dict[str, list[Row]] = {}
    for verdict in facts.verdicts:
        if not verdict["taken"]:
            dropped.setdefault(verdict["code"], []).append(verdict)
    total = len(facts.verdicts)
    says = f"No queue can take it: {_count(total, 'queue')} looked at"
    says += "".join(f"; {len(found)} dropped by {code}" for code, found in sorted(dropped.items(), key=_most)) + "."
    due = next((one["due_at"] for one in facts.deadlines if one["kind"] == "parked"), None)
    again = ""
    if due is not None:
        again = f" It is tried again in {_span((due - facts.now) // MICROSECONDS)} and whenever a queue is configured."
    reasons = [Reason(says + again, "One of the following must change.", "the sites, or its owner", since)]
    for code, found in sorted(dropped.items(), key=_most):
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        says = f"{code}: {found[0]['queue']}: {found[0]['message']}{more}"
        reasons.append(Reason(says, *remedy(code, [(one["queue"], one.get("change", "")) for one in found])))
    return reasons


def _waiting(facts: TaskFacts, since: int) -> list[Reason]:
    task = facts.task
    if _letters(task):
        return _letters(task)
    if task["status"] == "throttled":
        return [_throttled(task, since), *(_at_work(facts, since) if facts.jobs else ())]
    if (task.get("message") or "").startswith("waits for "):
        return [_awaiting(facts, since)]
    return no_nucleus(task, since) or [*_parked(facts, since), *nucleus_of(task)]


def _throttled(task: Row, since: int) -> Reason:
    says = f"Its next jobs wait: {task['message']}." if task["message"] else "Its next jobs wait for a level."
    return Reason(says, "The level is crossed, or an administrator sets other limits (SetThrottles).", "administrator", since)


def _most(entry: tuple[str, list[Row]]) -> tuple[int, str]:
    return -len(entry[1]), entry[0]


def _at_work(facts: TaskFacts, since: int) -> list[Reason]:
    task, jobs = facts.task, facts.jobs
    done = f"{task['files_finished']} of {task['files_total']} input units are done, {task['files_failed']} failed"
    waiting = sum(jobs.get(word, 0) for word in ("defined", "activated", "throttled"))
    busy = sum(jobs.get(word, 0) for word in ("sent", "starting", "running", "holding", "transferring"))
    says = f"It works: {done}; {_count(busy, 'job')} in pilots' hands, {waiting} waiting"
    says += f", {jobs['merging']} waiting for a merge." if jobs.get("merging") else "."
    reasons = [Reason(says, since=task["started_at"] or since)]
    for queue in facts.queues:
        settings = queue["settings"] or {}
        if not queue["live"]:
            says = f"{queue['name']}: {queue['mine']} of its jobs wait there and no pilot is alive ({queue['wanted']} wanted)."
            reasons.append(Reason(says, "A pilot must ask for work there.", "the site"))
        elif settings.get("status") == "OFFLINE":
            says = f"{queue['name']} is offline and {queue['mine']} of its jobs wait there."
            reasons.append(Reason(says, "Set it online, or reassign the task.", "an operator"))
        else:
            says = (
                f"{queue['name']}: {queue['mine']} of its jobs wait among {queue['waiting']};"
                f" {queue['live']} pilots alive, {queue['leased']} jobs in their hands."
            )
            reasons.append(Reason(says, "Pilots come free, or its priority rises.", "the site; production for the priority"))
    return reasons


def _ended_task(facts: TaskFacts) -> Reason:
    task, status = facts.task, facts.task["status"]
    meaning = {
        "done": "all of its input was processed",
        "finished": "it ended with part of its input unprocessed",
        "failed": "none of its input, or less than asked for, was processed",
        "broken": "it could never be worked on",
        "aborted": "it was killed",
        "exhausted": "it reached its limits and a person must decide",
    }.get(status, "it ended")
    accounts = f"{task['files_finished']} of {task['files_total']} input units done, {task['files_failed']} failed"
    says = f"It is {status}: {meaning} ({accounts})."
    if task["message"]:
        says += f" {task['message'].rstrip('.')}."
    if facts.errors:
        first = facts.errors[0]
        says += f" Most often: {first['source']} {first['code']} {first['diagnostic']} ({_count(first['jobs'], 'job')})."
    change = "Retry it." if status in ("finished", "failed", "exhausted") else ""
    return Reason(says, change, "its owner or production" if change else "no one needs to", task["ended_at"])


def _span(seconds: int) -> str:
    """A time to come in words: seconds below two minutes, else minutes."""
    return f"{max(0, seconds)} s" if seconds < 120 else f"{seconds // 60} min"


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
