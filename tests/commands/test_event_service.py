"""Tasks whose jobs take ranges of the events of their input: from the files to the merged output, also when jobs die."""

from typing import Any

from commands.ranges.model import is_closed
from commands.ranges.snapshot import SNAPSHOT
from commands.snapshot import MAIN
from commands.task.transitions import TaskStatus
from schemas.answer import CommandAnswered
from schemas.dataset import RegisterFiles
from schemas.ranges import AcquireRanges, ConsumersAdmitted, RangesReported, RangesReturned, ReportRanges
from schemas.task import GenerateJobs, JobOutcomesRecorded, KillTask, RefineTask, TaskBroken, TaskFinalized
from schemas.types import (
    BrokerageEvidence,
    DatasetFile,
    DatasetRole,
    JobKind,
    JobPlan,
    OutcomeKind,
    RangeEnd,
    RangeOutput,
    RangeReport,
    SplitRules,
    StepDefinition,
    TaskVerdict,
)
from tests.commands.builders import (
    TASK,
    a_definition,
    a_queue,
    a_submission,
    account,
    end,
    generate_all,
    job,
    lease,
    run_all,
    spec_of,
    the_task,
)
from tests.commands.in_memory import Culm, a_culm

DATASET = "user.jdoe.in"
ESMERGE = StepDefinition(transformation="http://127.0.0.1/trf/user/runMerge", parameters="${TRN_OUTPUT:OUTPUT}")
DIED: dict[str, Any] = {"error_source": "pilot", "error_code": 1150, "error_diagnostic": "looping"}


def an_event_service(files: dict[str, int | None], *, planned: bool = True, **changes: Any) -> Culm:
    """A task with these files and their events, 10 to a range, whose jobs wait for pilots, or for their plan."""
    culm = a_culm()
    a_queue(culm)
    rows = tuple(
        DatasetFile(lfn=lfn, scope="user.jdoe", size_bytes=1, checksum="ad:00000001", endpoint="SE", events=number)
        for lfn, number in files.items()
    )
    assert culm.send(RegisterFiles(files=rows, role=DatasetRole.INPUT), DATASET).accepted
    culm.send(a_submission(), str(TASK))
    rules = SplitRules(files_per_job=1, events_per_range=10)
    given = {"events_total": None, "input_datasets": (DATASET,), "rules": rules, "merge": ESMERGE} | changes
    definition = a_definition(**given)
    assert culm.send(RefineTask(definition=definition, parameters_revision=0), str(TASK), role="system").accepted
    if planned:
        generate_all(culm)
    return culm


def acquire(culm: Culm, job_id: int, count: int = 10, *, actor: str = "pilot-1", lease_id: str = "") -> CommandAnswered:
    command = AcquireRanges(
        job_id=job_id, lease_id=lease_id or f"lease-{job_id}", count=count, events_per_range=1, inputs=()
    )
    return culm.send(command, str(TASK), actor=actor, role="pilot")


def numbers(answer: CommandAnswered) -> list[tuple[str, int, int, int]]:
    return [(one.file.lfn, one.first, one.last, one.try_number) for one in answer.ranges_granted]


def tell(culm: Culm, job_id: int, first: int, last: int, end_as: RangeEnd = RangeEnd.DONE, **changes: Any) -> CommandAnswered:
    """The answer to a report of ranges, whose results are in one file."""
    one = RangeReport(first=first, last=last, try_number=changes.pop("try_number", 1), end=end_as)
    files = (RangeOutput(lfn=f"zip-{first}-{last}.tar", size_bytes=7, checksum="ad:00000002", endpoint="OS"),)
    outputs = files if end_as is RangeEnd.DONE else ()
    command = ReportRanges(job_id=job_id, reports=(one,), **({"outputs": outputs} | changes))
    return culm.send(command, str(TASK), actor="pilot-1", role="pilot")


def ends(culm: Culm, job_id: int, kind: OutcomeKind, **error: Any) -> None:
    """The pilot's final report, and what the task learns of it."""
    end(culm, job_id, succeeded=kind is OutcomeKind.FINISHED, attempt=spec_of(culm, job_id).attempt)
    account(culm, job_id, kind, **error)


def outcomes(culm: Culm) -> list[tuple[int, OutcomeKind, int | None]]:
    """Job, kind and code of all ends that the task recorded."""
    recorded = [event for event, _ in culm.events if isinstance(event, JobOutcomesRecorded)]
    return [(one.job_id, one.kind, one.error_code) for event in recorded for one in event.outcomes]


def test_each_file_is_the_input_of_one_job_and_is_cut_into_ranges() -> None:
    culm = an_event_service({"a": 95, "b": 20})

    admitted = culm.last(ConsumersAdmitted)

    assert [(one.job_id, one.file_id) for one in admitted.jobs] == [(job(1), 1), (job(2), 2)]
    assert [(one.lfn, one.first, one.count) for one in admitted.files] == [("a", 1, 10), ("b", 11, 2)]
    assert [spec_of(culm, job(n)).takes_ranges for n in (1, 2)] == [True, True]
    assert [one.role for one in spec_of(culm, job(1)).outputs] == [DatasetRole.LOG]
    assert numbers(acquire(culm, job(2))) == [("b", 11, 12, 1)]
    assert acquire(culm, job(3)).reason == "UNKNOWN_JOB"


def test_what_came_of_all_ranges_is_merged_and_the_task_is_done() -> None:
    culm = an_event_service({"a": 30})
    job_id = lease(culm) or 0
    acquire(culm, job_id)
    tell(culm, job_id, 1, 2)
    tell(culm, job_id, 3, 3)

    ends(culm, job_id, OutcomeKind.FINISHED)
    done = run_all(culm)

    merge = spec_of(culm, job(2))
    assert outcomes(culm)[0] == (job(1), OutcomeKind.MERGING, None)
    assert (merge.kind, merge.priority, [one.lfn for one in merge.inputs]) == (
        JobKind.MERGE,
        5000,
        ["zip-1-2.tar", "zip-3-3.tar"],
    )
    assert merge.parameters == "zip-1-2.tar,zip-3-3.tar:user.jdoe.10000001._000002.out.txt"
    assert {one.dataset for one in merge.inputs} == {"panda.um.user.jdoe.t1_out.txt"}
    assert done == [job(2)]
    assert culm.last(TaskFinalized).verdict is TaskVerdict.DONE
    assert culm.state("job", job(1)).status == "finished"


def test_a_consumer_that_dies_is_followed_by_one_that_gets_what_is_left() -> None:
    culm = an_event_service({"a": 40})
    first = lease(culm) or 0
    acquire(culm, first, 3)
    tell(culm, first, 1, 1)

    ends(culm, first, OutcomeKind.FAILED, **DIED)
    generate_all(culm)
    second = lease(culm) or 0
    given = numbers(acquire(culm, second))

    assert second == job(2)
    assert given == [("a", 2, 3, 2), ("a", 4, 4, 1)] or given == [("a", 4, 4, 1), ("a", 2, 3, 2)]
    assert tell(culm, first, 2, 2).reason == "NOT_PERMITTED"
    tell(culm, second, 2, 3, try_number=2)
    tell(culm, second, 4, 4)
    ends(culm, second, OutcomeKind.FINISHED)
    run_all(culm)
    assert sorted(one.lfn for one in spec_of(culm, job(3)).inputs) == ["zip-1-1.tar", "zip-2-3.tar", "zip-4-4.tar"]
    assert culm.last(TaskFinalized).verdict is TaskVerdict.DONE


def test_a_pilot_that_calls_unprocessed_input_a_success_is_not_believed() -> None:
    culm = an_event_service({"a": 30})
    for attempt in range(1, 4):
        generate_all(culm)
        job_id = lease(culm) or 0
        acquire(culm, job_id, 1)
        tell(culm, job_id, attempt, attempt) if attempt < 3 else None
        ends(culm, job_id, OutcomeKind.FINISHED)

    assert outcomes(culm) == [(job(n), OutcomeKind.FAILED, 117) for n in (1, 2, 3)]
    assert culm.last(TaskFinalized).verdict is TaskVerdict.FAILED


def test_a_job_that_dies_after_its_last_report_has_processed_its_input() -> None:
    culm = an_event_service({"a": 20})
    job_id = lease(culm) or 0
    acquire(culm, job_id)
    tell(culm, job_id, 1, 2)

    ends(culm, job_id, OutcomeKind.FAILED, **DIED)
    run_all(culm)

    assert outcomes(culm)[0] == (job(1), OutcomeKind.MERGING, None)
    assert culm.last(TaskFinalized).verdict is TaskVerdict.DONE


def test_ranges_that_failed_for_good_are_left_out_and_a_file_without_any_that_is_done_has_failed() -> None:
    culm = an_event_service({"a": 20, "b": 10})
    one, other = lease(culm) or 0, lease(culm) or 0
    acquire(culm, one)
    acquire(culm, other)
    tell(culm, one, 1, 1)
    tell(culm, one, 2, 2, RangeEnd.FATAL)
    tell(culm, other, 3, 3, RangeEnd.FATAL)

    ends(culm, one, OutcomeKind.FINISHED)
    ends(culm, other, OutcomeKind.FINISHED)
    run_all(culm)

    assert outcomes(culm)[:2] == [(job(1), OutcomeKind.MERGING, None), (job(2), OutcomeKind.FAILED, 119)]
    assert culm.last(TaskFinalized).verdict is TaskVerdict.FINISHED


def test_results_that_no_pilot_named_fail_a_task_that_merges_them() -> None:
    culm = an_event_service({"a": 10})
    job_id = lease(culm) or 0
    acquire(culm, job_id)
    tell(culm, job_id, 1, 1, outputs=())

    ends(culm, job_id, OutcomeKind.FINISHED)

    assert outcomes(culm) == [(job(1), OutcomeKind.FAILED, 119)]
    assert "zipFile" in culm.last(TaskFinalized).message


def test_a_merge_that_failed_is_followed_by_a_consumer_without_ranges_and_another_merge() -> None:
    culm = an_event_service({"a": 10})
    job_id = lease(culm) or 0
    acquire(culm, job_id)
    tell(culm, job_id, 1, 1)
    ends(culm, job_id, OutcomeKind.FINISHED)
    generate_all(culm)
    merge = lease(culm) or 0
    ends(culm, merge, OutcomeKind.FAILED, **DIED)
    generate_all(culm)

    again = lease(culm) or 0
    given = numbers(acquire(culm, again))
    ends(culm, again, OutcomeKind.FINISHED)
    run_all(culm)

    assert (merge, again, given) == (job(2), job(3), [])
    assert [one.lfn for one in spec_of(culm, job(4)).inputs] == ["zip-1-1.tar"]
    assert culm.last(TaskFinalized).verdict is TaskVerdict.DONE


def test_an_end_that_is_reported_twice_is_judged_once() -> None:
    culm = an_event_service({"a": 20})
    job_id = lease(culm) or 0
    acquire(culm, job_id)
    end(culm, job_id, succeeded=False)
    account(culm, job_id, OutcomeKind.FAILED, **DIED)

    account(culm, job_id, OutcomeKind.FAILED, **DIED)

    assert culm.names().count("RangesReturned") == 1
    assert outcomes(culm) == [(job(1), OutcomeKind.FAILED, 1150)]
    assert culm.last(RangesReturned).ready_total == 2


def test_a_killed_job_gives_its_ranges_back() -> None:
    culm = an_event_service({"a": 20})
    job_id = lease(culm) or 0
    acquire(culm, job_id)

    account(culm, job_id, OutcomeKind.CANCELLED, error_source="taskbuffer", error_code=100, error_diagnostic="killed")

    assert culm.state("ranges", TASK).ready == ((1, 2),)
    assert (acquire(culm, job_id).reason, culm.state("ranges", TASK).held) == ("ALREADY_FINAL", 0)


def test_a_file_without_a_count_of_events_breaks_the_task() -> None:
    culm = an_event_service({"a": 20, "b": None})

    assert the_task(culm).status is TaskStatus.BROKEN
    assert culm.last(TaskBroken).reason == "EVENTS_UNKNOWN"
    assert "file b has no number of events; nEventsPerWorker needs one" in culm.last(TaskBroken).message


def test_more_files_than_one_merge_takes_are_refused_and_the_ranges_stay_with_the_job() -> None:
    culm = an_event_service({"a": 20})
    job_id = lease(culm) or 0
    acquire(culm, job_id)
    names = tuple(RangeOutput(lfn=f"{n:03d}" + "z" * 1000) for n in range(60))

    refused = tell(culm, job_id, 1, 1, outputs=names)

    assert refused.reason == "TOO_MANY_FILES"
    assert culm.state("ranges", TASK).held == 2
    assert tell(culm, job_id, 1, 1).accepted


def test_the_rows_of_a_set_hold_its_jobs_and_what_came_of_ranges() -> None:
    culm = an_event_service({"a": 20, "b": 20})
    job_id = lease(culm) or 0
    acquire(culm, job_id)
    tell(culm, job_id, 1, 1)
    state = culm.state("ranges", TASK)
    names = {MAIN, *SNAPSHOT.names(state)}

    again = SNAPSHOT.restored({name: row for name, row in SNAPSHOT.rows(state, names) if row is not None})

    assert again == state
    assert names == {"main", "files-0", f"job-{job(1)}", "outputs-1"}
    assert list(SNAPSHOT.changed(state, culm.last(RangesReported))) == [f"job-{job(1)}", "outputs-1"]
    assert dict(state.admitted) == {job(1): 1, job(2): 2}


def test_a_set_leaves_memory_when_no_job_may_ask() -> None:
    culm = an_event_service({"a": 20})
    before = is_closed(culm.state("ranges", TASK))

    culm.send(KillTask(), str(TASK))
    account(culm, job(1), OutcomeKind.CANCELLED, error_source="taskbuffer", error_code=100, error_diagnostic="killed")

    assert (before, is_closed(culm.state("ranges", TASK))) == (False, True)
    assert the_task(culm).status is TaskStatus.ABORTED


def test_a_plan_of_several_files_for_one_job_is_refused() -> None:
    culm = an_event_service({"a": 20, "b": 20}, planned=False)
    (order,) = the_task(culm).orders
    plan = JobPlan(unit_ids=(1, 2), queue="LOCAL")
    command = GenerateJobs(order=order, kind=JobKind.NORMAL, plans=(plan,), brokerage=BrokerageEvidence(seed="seed"))

    answer = culm.send(command, str(TASK), role="system")

    assert (answer.reason, "several input units" in (answer.message or "")) == ("BAD_PLAN", True)
