"""A task from submission to its end, through every aggregate, without Kafka."""


from schemas.dataset import FilesRegistered, RegisterFiles
from schemas.ids import JOBS_PER_TASK
from schemas.queue import JobLeased
from schemas.records import replace
from schemas.task import (
    ParkTask,
    RefineTask,
    TaskFinalized,
    WakeTask,
)
from schemas.types import (
    BrokerageEvidence,
    DatasetFile,
    DatasetRole,
    OutcomeKind,
    OutputTemplate,
    RetryAction,
    SplitRules,
    TaskVerdict,
)
from tests.commands.builders import (
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
    assert final.message == "3 of 3 input units failed, 0 were not processed; last error: exe 1: boom happened"


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


def test_an_end_of_a_job_of_another_task_changes_nothing() -> None:
    culm = a_running_task()

    answer = account(culm, job(1) + JOBS_PER_TASK, OutcomeKind.FAILED)

    assert (answer.accepted, answer.event_types) == (True, ())
    assert culm.state("task", TASK).jobs.counted() == 3


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
