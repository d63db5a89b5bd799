"""A task from submission to its end, through every aggregate, without Kafka."""


from schemas.dataset import FilesRegistered, RegisterFiles
from schemas.ids import JOBS_PER_TASK
from schemas.job import CompleteMerge, JobFinished, KillJob
from schemas.queue import JobLeased
from schemas.records import replace
from schemas.task import (
    ContentsFed,
    FinishTask,
    IncreaseAttempts,
    KillTask,
    ParkTask,
    PauseTask,
    RefineTask,
    ReloadTask,
    ResumeTask,
    RetryTask,
    TaskFinalized,
    WakeTask,
)
from schemas.types import (
    BrokerageEvidence,
    DatasetFile,
    DatasetRole,
    JobKind,
    OutcomeKind,
    OutputTemplate,
    ReportedState,
    RetryAction,
    SplitRules,
    StepDefinition,
    TaskDefinition,
    TaskVerdict,
)
from tests.commands.builders import (
    QUEUE,
    TASK,
    a_definition,
    a_queue,
    a_running_task,
    a_submission,
    account,
    culm_outputs,
    end,
    generate_all,
    job,
    lease,
    report,
    run_all,
    spec_of,
    the_order,
    the_task,
)
from tests.commands.in_memory import a_culm


def test_a_task_whose_jobs_all_finish_is_done() -> None:
    culm = a_running_task()

    done = run_all(culm)

    assert done == [job(1), job(2), job(3)]
    final = culm.last(TaskFinalized)
    assert final.verdict is TaskVerdict.DONE
    assert (final.accounts.total, final.accounts.finished, final.accounts.jobs_live) == (3, 3, 0)


def test_each_job_gets_its_own_number_and_names() -> None:
    culm = a_running_task()

    spec = spec_of(culm, job(2))

    assert spec.parameters == (
        "-a jobO.tar.gz -o \"{'out.txt': 'user.jdoe.10000001._000002.out.txt'}\" -p \"echo%2012\""
    )
    assert [output.lfn for output in spec.outputs] == [
        "user.jdoe.10000001._000002.out.txt",
        "user.jdoe.t1.log.10000001.000002.log.tgz",
    ]


def test_outputs_are_registered_in_their_datasets() -> None:
    culm = a_running_task()

    run_all(culm)

    dataset = culm.state("dataset", "user.jdoe.t1_out.txt")
    assert sorted(dataset.files) == [f"user.jdoe.10000001._00000{n}.out.txt" for n in (1, 2, 3)]
    assert dataset.owner == "jdoe"


def test_input_that_fails_once_is_tried_again_and_the_task_is_done() -> None:
    culm = a_running_task()
    failed = lease(culm)
    assert failed is not None

    end(culm, failed, succeeded=False)
    account(culm, failed, OutcomeKind.FAILED)
    done = run_all(culm)

    assert job(4) in done
    assert spec_of(culm, job(4)).attempt == 2
    assert culm.last(TaskFinalized).verdict is TaskVerdict.DONE


def test_a_task_whose_jobs_always_fail_fails_and_says_why() -> None:
    culm = a_running_task()

    done = run_all(culm, succeed=False)

    final = culm.last(TaskFinalized)
    assert len(done) == 9
    assert final.verdict is TaskVerdict.FAILED
    assert final.message == "3 of 3 input files failed, 0 were not processed; last error: exe 1: boom happened"


def test_a_task_with_some_failed_input_is_finished() -> None:
    culm = a_running_task()
    for number in (1, 2):
        end(culm, lease(culm) or 0)
        account(culm, job(number), OutcomeKind.FINISHED)

    run_all(culm, succeed=False)

    assert culm.last(TaskFinalized).verdict is TaskVerdict.FINISHED


def test_a_rule_that_forbids_retries_gives_input_up_at_once() -> None:
    culm = a_running_task()
    failed = lease(culm) or 0

    end(culm, failed, succeeded=False)
    account(culm, failed, OutcomeKind.FAILED, action=RetryAction.NO_RETRY)

    assert the_task(culm).failed == 1


def test_an_outcome_is_accounted_for_once() -> None:
    culm = a_running_task()
    first = lease(culm) or 0
    end(culm, first)
    account(culm, first, OutcomeKind.FINISHED)
    events = len(culm.events)

    answer = account(culm, first, OutcomeKind.FINISHED)

    assert answer.accepted
    assert culm.names(events) == []
    assert the_task(culm).finished == 1


def test_killing_a_task_withdraws_waiting_jobs_and_orders_held_ones_stopped() -> None:
    culm = a_running_task()
    held = lease(culm) or 0
    report(culm, held, ReportedState.RUNNING)

    culm.send(KillTask(), str(TASK))

    assert culm.state("queue", QUEUE).waiting == {}
    assert report(culm, held, ReportedState.RUNNING).pilot_command == "tobekilled"
    end(culm, held, succeeded=False)
    for number in (1, 2, 3):
        account(culm, job(number), OutcomeKind.CANCELLED)
    assert culm.last(TaskFinalized).verdict is TaskVerdict.ABORTED


def test_a_task_killed_before_it_is_refined_is_aborted_at_once() -> None:
    culm = a_culm()
    culm.send(a_submission(), str(TASK))

    culm.send(KillTask(), str(TASK))

    assert culm.last(TaskFinalized).verdict is TaskVerdict.ABORTED


def test_a_task_finished_before_it_is_refined_fails_without_a_crash() -> None:
    culm = a_culm()
    culm.send(a_submission(), str(TASK))

    culm.send(FinishTask(), str(TASK))

    assert culm.last(TaskFinalized).verdict is TaskVerdict.FAILED


def test_a_stranger_cannot_kill_a_task() -> None:
    culm = a_running_task()

    answer = culm.send(KillTask(), str(TASK), actor="mallory")

    assert (answer.accepted, answer.reason) == (False, "NOT_PERMITTED")
    assert answer.message == "not the task owner or no production role"


def test_a_soft_finish_waits_for_the_jobs_that_pilots_hold() -> None:
    culm = a_running_task()
    held = lease(culm) or 0

    culm.send(FinishTask(soft=True), str(TASK))
    account(culm, job(2), OutcomeKind.CLOSED)
    account(culm, job(3), OutcomeKind.CLOSED)

    assert the_task(culm).status == "finishing"
    end(culm, held)
    account(culm, held, OutcomeKind.FINISHED)
    assert culm.last(TaskFinalized).verdict is TaskVerdict.FINISHED


def test_retrying_a_failed_task_gives_its_input_new_attempts() -> None:
    culm = a_running_task()
    run_all(culm, succeed=False)

    answer = culm.send(RetryTask(), str(TASK))
    run_all(culm)

    assert answer.accepted
    assert culm.last(TaskFinalized).verdict is TaskVerdict.DONE


def test_retrying_a_running_task_is_refused_with_its_status() -> None:
    culm = a_running_task()

    answer = culm.send(RetryTask(), str(TASK))

    assert answer.reason == "WRONG_STATUS"
    assert answer.message == "the retry command is not accepted if the task is in running status"


def test_a_reloaded_task_keeps_finished_input_and_takes_what_is_new() -> None:
    culm = a_running_task()
    run_all(culm)

    culm.send(ReloadTask(parameters_json='{"nEvents": 5}'), str(TASK))
    culm.send(
        RefineTask(definition=a_definition(events_total=5), parameters_revision=1), str(TASK), role="system"
    )
    done = run_all(culm)

    assert len(done) == 2
    assert culm.last(TaskFinalized).accounts.finished == 5


def test_a_reload_without_new_input_ends_at_once() -> None:
    culm = a_running_task()
    run_all(culm)

    culm.send(ReloadTask(), str(TASK))
    culm.send(RefineTask(definition=a_definition(), parameters_revision=1), str(TASK), role="system")

    assert the_task(culm).status == "done"


def test_a_definition_made_from_old_parameters_is_refused() -> None:
    culm = a_running_task()
    run_all(culm)
    culm.send(ReloadTask(), str(TASK))

    answer = culm.send(RefineTask(definition=a_definition(), parameters_revision=0), str(TASK), role="system")

    assert answer.reason == "STALE"


def test_a_paused_task_gives_no_job_to_a_pilot_until_resumed() -> None:
    culm = a_running_task()

    culm.send(PauseTask(), str(TASK))
    while_paused = lease(culm)
    culm.send(ResumeTask(), str(TASK))

    assert while_paused is None
    assert lease(culm) == job(1)


def test_finishing_a_paused_task_lets_pilots_have_its_merge_job() -> None:
    culm = a_running_task(a_merging_definition())
    for _ in range(2):
        first = lease(culm) or 0
        end(culm, first)
        account(culm, first, OutcomeKind.MERGING)
    culm.send(PauseTask(), str(TASK))

    culm.send(FinishTask(soft=False), str(TASK))
    account(culm, job(3), OutcomeKind.CANCELLED)
    generate_all(culm)

    assert lease(culm) == job(4)


def test_an_order_without_a_queue_parks_the_task_until_it_is_woken() -> None:
    culm = a_culm()
    a_queue(culm)
    culm.send(a_submission(), str(TASK))
    culm.send(RefineTask(definition=a_definition(), parameters_revision=0), str(TASK), role="system")
    parked = ParkTask(order=1, brokerage=BrokerageEvidence(seed="s"), message="no queue has 8 cores")

    culm.send(parked, str(TASK), role="system")
    assert the_task(culm).status == "pending"
    culm.send(WakeTask(cause="TIMER"), str(TASK), role="system")

    assert the_order(culm).order == 2
    run_all(culm)
    assert the_task(culm).status == "done"


def test_input_files_come_from_the_dataset() -> None:
    culm = a_culm()
    a_queue(culm)
    files = tuple(
        DatasetFile(lfn=f"tile_{n}.png", scope="user.jdoe", size_bytes=10, checksum="ad:1", endpoint="LOCAL_DISK")
        for n in range(7)
    )
    culm.send(RegisterFiles(files=files), "user.jdoe.tiles")
    culm.send(a_submission(), str(TASK))
    definition = a_definition(
        input_datasets=("user.jdoe.tiles",),
        input_files_max=5,
        events_total=None,
        sequence_offset=None,
        parameters='-i "${IN/T}" -o "{\'out.txt\': \'${OUTPUT0}\'}"',
        rules=SplitRules(files_per_job=2),
    )

    culm.send(RefineTask(definition=definition, parameters_revision=0), str(TASK), role="system")
    generate_all(culm, per_job=2)

    spec = spec_of(culm, job(1))
    assert [file.lfn for file in spec.inputs] == ["tile_0.png", "tile_1.png"]
    assert spec.parameters.startswith("-i \"['tile_0.png', 'tile_1.png']\"")
    assert len(the_task(culm).jobs) == 3


def test_a_task_over_an_unknown_dataset_is_broken_and_names_it() -> None:
    culm = a_culm()
    culm.send(a_submission(), str(TASK))

    culm.send(
        RefineTask(definition=a_definition(input_datasets=("user.jdoe.nope",)), parameters_revision=0),
        str(TASK),
        role="system",
    )

    final = culm.last(TaskFinalized)
    assert (final.verdict, final.message) == (TaskVerdict.BROKEN, "input dataset user.jdoe.nope does not exist")


def test_another_tenants_dataset_does_not_exist() -> None:
    culm = a_culm()
    file = DatasetFile(lfn="f", scope="s", size_bytes=1, checksum="ad:1", endpoint="E")
    culm.send(RegisterFiles(files=(file,)), "d", vo="other")
    culm.send(a_submission(), str(TASK))

    culm.send(
        RefineTask(definition=a_definition(input_datasets=("d",)), parameters_revision=0), str(TASK), role="system"
    )

    assert culm.last(TaskFinalized).message == "input dataset d does not exist"


def a_merging_definition() -> TaskDefinition:
    return a_definition(
        merge=StepDefinition(
            transformation="http://127.0.0.1/trf/user/runMerge",
            parameters="-r . -a jobO.tar.gz ${TRN_OUTPUT:OUTPUT} ${TRN_LOG:LOG}",
        )
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


def test_retrying_a_task_whose_reload_was_cut_short_refines_it_again() -> None:
    culm = a_running_task()
    run_all(culm, succeed=False)
    culm.send(ReloadTask(parameters_json="{}"), str(TASK))
    culm.send(FinishTask(soft=False), str(TASK))

    answer = culm.send(RetryTask(), str(TASK))

    assert answer.event_types == ("TaskReloaded",)
    assert the_task(culm).status == "rerefine"


def test_a_reload_counts_revived_input_as_ready() -> None:
    culm = a_running_task()
    run_all(culm, succeed=False)

    culm.send(ReloadTask(parameters_json="{}"), str(TASK))
    culm.send(RefineTask(definition=a_definition(), parameters_revision=1), str(TASK), role="system")

    fed = culm.last(ContentsFed).accounts
    assert (fed.total, fed.used, fed.failed) == (3, 0, 0)


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


def test_an_end_of_a_job_of_another_task_changes_nothing() -> None:
    culm = a_running_task()

    answer = account(culm, job(1) + JOBS_PER_TASK, OutcomeKind.FAILED)

    assert (answer.accepted, answer.event_types) == (True, ())
    assert culm.state("task", TASK).jobs.counted() == 3


def test_a_build_that_keeps_failing_fails_the_task() -> None:
    culm = a_running_task(
        a_definition(build=StepDefinition(transformation="t", parameters="-i ${IN} -o ${OUT}", archive="s.tar.gz"))
    )

    run_all(culm, succeed=False)

    final = culm.last(TaskFinalized)
    assert final.verdict is TaskVerdict.FAILED
    assert final.message.startswith("the build failed 3 times")


def test_a_job_that_was_killed_by_hand_returns_its_input() -> None:
    culm = a_running_task()

    culm.send(KillJob(code=3), str(job(1)))
    account(culm, job(1), OutcomeKind.CANCELLED)

    assert the_order(culm).units[0].unit_id == 1


def test_more_attempts_revive_input_that_was_given_up() -> None:
    culm = a_running_task()
    first = lease(culm) or 0
    end(culm, first, succeeded=False)
    account(culm, first, OutcomeKind.FAILED, action=RetryAction.NO_RETRY)

    culm.send(IncreaseAttempts(increase=5), str(TASK))

    assert the_task(culm).failed == 0


def test_two_pilots_never_hold_one_job() -> None:
    culm = a_running_task()

    got = [lease(culm, pilot=f"pilot-{n}") for n in range(5)]

    assert got == [job(1), job(2), job(3), None, None]
    leased = [message.job_id for message, _ in culm.events if isinstance(message, JobLeased)]
    assert len(leased) == len(set(leased))


def test_a_missing_output_fails_the_job_and_is_named() -> None:
    culm = a_running_task()
    first = lease(culm) or 0

    end(culm, first, outputs=())

    errors = culm.events[-2][0].errors if culm.names()[-1] == "LeaseEnded" else culm.events[-1][0].errors
    assert errors[0].diagnostic == "output not reported: user.jdoe.10000001._000001.out.txt"


def test_merged_jobs_of_an_unknown_merge_are_left_alone() -> None:
    culm = a_running_task()

    answer = culm.send(CompleteMerge(succeeded=True, merge_job_id=1), str(job(1)), role="system")

    assert answer.reason == "NOT_MERGING"


def test_a_template_that_asks_for_input_the_job_lacks_breaks_the_task() -> None:
    culm = a_culm()
    a_queue(culm)
    culm.send(a_submission(), str(TASK))
    definition = a_definition(parameters="-i ${IN2/T}")

    culm.send(RefineTask(definition=definition, parameters_revision=0), str(TASK), role="system")
    generate_all(culm)

    assert culm.last(TaskFinalized).message == "job parameters: ${IN2/T} is not known for this job"


def test_an_output_of_no_dataset_is_registered_nowhere() -> None:
    culm = a_running_task()
    first = lease(culm)
    assert first is not None
    end(culm, first)
    homeless = tuple(replace(file, dataset="") for file in culm_outputs(culm, first))

    account(culm, first, OutcomeKind.FINISHED, outputs=homeless)

    assert [m for m, _ in culm.events if isinstance(m, FilesRegistered)] == []


def test_registered_files_keep_their_role() -> None:
    culm = a_running_task()

    run_all(culm)

    roles = {envelope.aggregate_id: m.role for m, envelope in culm.events if isinstance(m, FilesRegistered)}
    assert roles == {"user.jdoe.t1_out.txt": DatasetRole.OUTPUT, "user.jdoe.t1.log": DatasetRole.LOG}


def test_an_output_may_be_missing_when_the_template_allows_it() -> None:
    optional = OutputTemplate(
        stream="OUTPUT0",
        role=DatasetRole.OUTPUT,
        dataset="d",
        scope="s",
        name_template="x.${SN}",
        allow_no_output=True,
    )
    culm = a_running_task(a_definition(outputs=(optional,)))
    first = lease(culm) or 0

    end(culm, first, outputs=())

    assert culm.state("job", first).status == "finished"
