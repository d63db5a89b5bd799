"""Why a task waits, in sentences that name who can change it."""

from typing import Any

from audit.why import JobFacts, TaskFacts, why_job, why_task

MINUTE = 60_000_000
AGAIN = (
    "No queue can take it: 2 queues looked at; 1 dropped by memory; 1 dropped by status."
    " It is tried again in 55 min and whenever a queue is configured."
)


def a_verdict(queue: str, code: str, message: str) -> dict[str, Any]:
    return {"queue": queue, "taken": False, "code": code, "message": message}


def test_a_parked_task_says_who_could_let_it_go_on() -> None:
    facts = TaskFacts(
        task={"status": "pending", "modified_at": 0},
        now=5 * MINUTE,
        jobs={},
        verdicts=[
            a_verdict("A", "memory", "9000 MB are needed, the limit is 4000 MB"),
            a_verdict("B", "status", "status is offline"),
        ],
        deadlines=[{"kind": "parked", "due_at": 60 * MINUTE}],
    )

    found = [(reason.says, reason.change, reason.who) for reason in why_task(facts)]

    assert found == [
        (
            AGAIN,
            "One of the following must change.",
            "the sites, or its owner",
        ),
        ("memory: A: 9000 MB are needed, the limit is 4000 MB", "Ask for another amount of memory.", "its owner"),
        ("status: B: status is offline", "The queue must be set online.", "an operator"),
    ]


def test_a_parked_task_says_the_number_that_would_have_to_change() -> None:
    verdicts = [
        {**a_verdict(queue, "lowmemory", "9000 MB of memory are needed"), "change": "queue.rss_mb_max=9000"} for queue in "ABCD"
    ]
    facts = TaskFacts(task={"status": "pending", "modified_at": 0}, now=5 * MINUTE, jobs={}, verdicts=verdicts)

    _, reason = why_task(facts)

    assert reason.says == "lowmemory: A: 9000 MB of memory are needed (and 3 more)"
    assert reason.change == (
        "rss_mb_max of queue A must be 9000; or rss_mb_max of queue B must be 9000; or rss_mb_max of queue C must be 9000."
    )
    assert reason.who == "an operator"


def test_a_throttled_task_says_limit_value_and_release() -> None:
    message = "share Analysis: 1,100 jobs waiting, limit 1,000; goes on at 900"

    (reason,) = why_task(TaskFacts(task={"status": "throttled", "modified_at": 0, "message": message}, now=9, jobs={}))

    assert reason.says == f"Its next jobs wait: {message}."
    assert reason.change == "The level is crossed, or an administrator sets other limits (SetThrottles)."


def test_a_task_that_was_set_aside_names_its_letter_and_how_to_try_again() -> None:
    letter = "set aside: dead letter 4f1d0f4e, reaction refine met a bug"
    facts = TaskFacts(task={"status": "pending", "modified_at": 7, "message": letter}, now=9, jobs={})

    (reason,) = why_task(facts)

    assert reason.says == f"It is {letter}. Its record was kept and waits to be tried again."
    assert (reason.change, reason.who) == ("Fix what met the bug, then: culm dead-letter retry ID.", "an operator")


def test_a_task_whose_input_is_held_names_the_units() -> None:
    row = {"status": "running", "modified_at": 7, "started_at": 7, "files_total": 9, "files_finished": 2, "files_failed": 0}
    held, done = {**row, "input_held": "3-9"}, {**row, "input_held": "12-20", "files_finished": 9}

    first, *_ = why_task(TaskFacts(task=held, now=9, jobs={}))
    found = why_task(TaskFacts(task=done, now=9, jobs={}))

    assert first.says == "Input units 3-9 are held: no jobs are made of them until they are released or dropped."
    assert first.change == "Release them, or drop what will not come."
    assert len(found) == 1


def test_a_task_that_waits_for_input_says_for_which_and_how_long() -> None:
    message = "waits for input dataset user.jdoe.later, which does not exist yet; it is waited for 7 days"
    deadline = {"kind": "input", "due_at": 60 * MINUTE}
    facts = TaskFacts({"status": "pending", "modified_at": 7, "message": message}, 5 * MINUTE, {}, deadlines=[deadline])

    (reason,) = why_task(facts)

    assert reason.says == f"It {message}. A person must decide in 55 min unless it comes."
    assert reason.change == "The first file is registered in the dataset; its name is spelled as it is there."
    assert reason.who == "its owner"


def test_a_task_that_waits_for_its_parent_says_whose_end_is_awaited() -> None:
    message = "waits for the end of parent task 10000900"
    (reason,) = why_task(TaskFacts({"status": "pending", "modified_at": 7, "message": message}, 9, {}))

    assert (reason.says, reason.who) == ("It waits for the end of parent task 10000900.", "the owner of the parent")


def test_a_scouting_task_says_what_its_scouts_have_to_show() -> None:
    row = {"status": "scouting", "modified_at": 7, "started_at": 7, "files_total": 200, "files_finished": 2, "files_failed": 0}
    task = {**row, "input_number_max": 10, "definition": {"scouts": {"success_tenths": 5}}}

    first, *_ = why_task(TaskFacts(task=task, now=9, jobs={}))

    assert first.says == (
        "Its scouts are at work: the first 10 of 200 input units go alone until 5 tenths of them succeeded; 2 have."
    )
    assert first.change == "The scouts succeed, or an avalanche is ordered."


def test_a_task_says_why_its_jobs_ask_for_another_memory() -> None:
    row = {"status": "running", "modified_at": 7, "started_at": 7, "files_total": 9, "files_finished": 2, "files_failed": 0}
    ram = {"parameter": "ram_mb", "old": 2000.0, "new": 3900.0, "applied": True, "reduction": "percentile 75"}
    ram |= {"margin_percent": 10, "jobs": 5, "least": 1200.0, "most": 3700.5}
    recorded = {**ram, "parameter": "io_kb_per_second", "applied": False}

    *_, last = why_task(TaskFacts(task={**row, "learned": [ram, recorded]}, now=9, jobs={}))

    assert last.says == "ram_mb is 3,900 instead of 2,000: percentile 75 of 5 jobs that used 1,200 to 3,700.5, and 10 %."
    assert last.change == "Revert the requirements."

    *_, named = why_task(TaskFacts(task={**row, "learned": [{**ram, "sample": [[91, 3700.5], [92, 1200.0]]}]}, now=9, jobs={}))

    assert named.says.endswith("that used 1,200 to 3,700.5, and 10 % (job 91 3,700.5, job 92 1,200 and 3 more).")


def test_a_job_that_waits_at_a_closed_queue_says_what_would_open_it() -> None:
    job = {
        "status": "activated", "activated_at": 5, "task_id": 1, "queue": "Q", "priority": 900, "core_count": 1,
        "ram_mb_min": 2000, "resource_type": "SCORE",
    }  # fmt: skip
    demand = {"live": 0, "wanted": 0, "unhealthy": "The queue gets no new work: 3 workers in a row ended (no-shared-folder)."}

    reason, _ = why_job(JobFacts(job=job, queue={"settings": {}}, demand=demand, lease=None, now=9))

    assert (reason.says, reason.change, reason.who) == (
        "Queue Q is closed. The queue gets no new work: 3 workers in a row ended (no-shared-folder).",
        "A worker must come as far as to ask for work; or reassign the task.",
        "the site",
    )
