"""Builds before the jobs of a task and merges after them, through every aggregate, without Kafka."""

from commands.limits import PART_BYTES_MAX
from commands.sizes import bytes_of
from schemas.job import CompleteMerge, JobFinished, KillJob
from schemas.records import replace
from schemas.task import JobsOrdered, TaskFinalized
from schemas.types import DatasetRole, JobKind, OutcomeKind, OutputTemplate, StepDefinition, TaskVerdict
from tests.commands.builders import (
    a_definition,
    a_merging_definition,
    a_running_task,
    account,
    end,
    generate_all,
    job,
    lease,
    run_all,
    spec_of,
    the_order,
    the_task,
)


def test_outputs_are_merged_once_all_jobs_are_through() -> None:
    culm = a_running_task(a_merging_definition())

    done = run_all(culm)

    merge = spec_of(culm, job(4))
    assert done[-1] == job(4)
    assert merge.kind is JobKind.MERGE
    assert merge.parameters == (
        "-r . -a jobO.tar.gz panda.um.user.jdoe.10000001._000001.out.txt,panda.um.user.jdoe.10000001._000002.out.txt,"
        "panda.um.user.jdoe.10000001._000003.out.txt:user.jdoe.10000001._000004.out.txt "
    )
    assert culm.last(TaskFinalized).verdict is TaskVerdict.DONE
    assert culm.last(JobFinished).merge_job_id == job(4)
    assert culm.state("job", job(1)).status == "finished"


def test_more_names_than_a_command_line_takes_are_merged_by_several_orders() -> None:
    outputs = tuple(
        OutputTemplate(
            stream=f"OUTPUT{number}",
            role=DatasetRole.OUTPUT,
            dataset=f"user.jdoe.out{number}",
            scope="user.jdoe",
            name_template="u" * 400 + f".{number}.${{SN}}",
        )
        for number in range(10)
    )
    culm = a_running_task(replace(a_merging_definition(), events_total=60, outputs=outputs, parameters="true"))

    for number in range(1, 61):
        end(culm, lease(culm) or 0)
        account(culm, job(number), OutcomeKind.MERGING)
    run_all(culm)

    orders = [message for message, _ in culm.events if isinstance(message, JobsOrdered) and message.kind is JobKind.MERGE]
    merged = [row.job_id for order in orders for row in order.unmerged]
    names = [sum(len(file.lfn) + 1 for row in order.unmerged for file in row.outputs) for order in orders]
    assert len(orders) == 3
    assert max(names) <= 90_000
    assert max(map(bytes_of, orders)) < PART_BYTES_MAX + 21_000
    assert sorted(merged) == [job(number) for number in range(1, 61)]
    assert culm.last(TaskFinalized).verdict is TaskVerdict.DONE
    assert culm.letters == []


def test_a_task_that_breaks_at_its_merge_takes_the_unmerged_jobs_with_it() -> None:
    definition = a_merging_definition()
    assert definition.merge is not None
    culm = a_running_task(replace(definition, merge=replace(definition.merge, parameters="-l ${LIB}")))

    run_all(culm)
    killed = [job(number) for number in (1, 2, 3)]
    for number in killed:
        account(culm, number, OutcomeKind.CANCELLED)

    assert [culm.state("job", number).status for number in killed] == ["cancelled"] * 3
    assert culm.last(TaskFinalized).verdict is TaskVerdict.BROKEN
    assert culm.last(TaskFinalized).accounts.jobs_live == 0


def test_a_job_that_is_killed_while_it_is_being_merged_stays_merged() -> None:
    culm = a_running_task(a_merging_definition())
    for _ in range(3):
        first = lease(culm) or 0
        end(culm, first)
        account(culm, first, OutcomeKind.MERGING)
    generate_all(culm)

    culm.send(KillJob(code=9), str(job(2)))
    account(culm, job(2), OutcomeKind.CANCELLED)
    run_all(culm)

    finalized = culm.last(TaskFinalized)
    assert finalized.verdict is TaskVerdict.DONE
    assert (finalized.accounts.finished, finalized.accounts.jobs_total) == (3, 4)


def test_a_job_that_is_killed_before_its_merge_is_planned_is_processed_again() -> None:
    culm = a_running_task(a_merging_definition())
    first = lease(culm) or 0
    end(culm, first)
    account(culm, first, OutcomeKind.MERGING)

    culm.send(KillJob(code=9), str(first))
    account(culm, first, OutcomeKind.CANCELLED)
    run_all(culm)

    finalized = culm.last(TaskFinalized)
    assert finalized.verdict is TaskVerdict.DONE
    assert (finalized.accounts.finished, finalized.accounts.jobs_total) == (3, 5)


def test_a_job_that_waits_for_its_merge_may_be_reported_again() -> None:
    culm = a_running_task(a_merging_definition())
    generate_all(culm)
    account(culm, job(1), OutcomeKind.MERGING)
    events = len(culm.events)

    answer = account(culm, job(1), OutcomeKind.MERGING)

    assert answer.accepted
    assert culm.names(events) == []
    assert the_task(culm).units[1].status == "running"


def test_a_name_that_the_client_wrote_out_becomes_the_unmerged_one() -> None:
    definition = a_merging_definition()
    text = "-o \"{'out.txt': 'user.jdoe.$JEDITASKID._${SN/P}.out.txt'}\""
    culm = a_running_task(replace(definition, parameters=text))

    parameters = spec_of(culm, job(1)).parameters

    assert parameters == "-o \"{'out.txt': 'panda.um.user.jdoe.10000001._000001.out.txt'}\""


def test_a_merge_that_keeps_failing_sends_the_input_back() -> None:
    culm = a_running_task(a_merging_definition())
    for number in (1, 2, 3):
        end(culm, lease(culm) or 0)
        account(culm, job(number), OutcomeKind.MERGING)

    for number in (4, 5, 6):
        generate_all(culm)
        end(culm, lease(culm) or 0, succeeded=False, attempt=number - 3)
        account(culm, job(number), OutcomeKind.FAILED)
    for number in (1, 2, 3):
        assert culm.state("job", job(number)).status == "failed"
        account(culm, job(number), OutcomeKind.FAILED)

    assert len(the_order(culm).units) == 3 or len(the_task(culm).orders) == 3
    run_all(culm)
    assert culm.last(TaskFinalized).verdict is TaskVerdict.DONE


def test_sources_are_built_first_and_jobs_get_the_library() -> None:
    culm = a_running_task(
        a_definition(
            build=StepDefinition(transformation="t", parameters="-i ${IN} -o ${OUT}", archive="sources.tar.gz", label="panda"),
            parameters="-l ${LIB} -o \"{'out.txt': '${OUTPUT0}'}\"",
        )
    )

    run_all(culm)

    assert spec_of(culm, job(1)).parameters == "-i sources.tar.gz -o panda.10000001.000001.lib.tgz"
    assert spec_of(culm, job(2)).parameters.startswith("-l panda.10000001.000001.lib.tgz ")
    assert culm.last(TaskFinalized).verdict is TaskVerdict.DONE


def test_a_build_that_keeps_failing_fails_the_task() -> None:
    culm = a_running_task(
        a_definition(build=StepDefinition(transformation="t", parameters="-i ${IN} -o ${OUT}", archive="s.tar.gz"))
    )

    run_all(culm, succeed=False)

    final = culm.last(TaskFinalized)
    assert final.verdict is TaskVerdict.FAILED
    assert final.message.startswith("the build failed 3 times")


def test_merged_jobs_of_an_unknown_merge_are_left_alone() -> None:
    culm = a_running_task()

    answer = culm.send(CompleteMerge(succeeded=True, merge_job_id=1), str(job(1)), role="system")

    assert answer.reason == "NOT_MERGING"
