"""Files that share a bare name: inputs of several datasets, one output in several datasets, logs beside merged logs."""

from commands.job.outputs import missing_outputs
from schemas.dataset import RegisterFiles
from schemas.job_files import own_log
from schemas.records import replace
from schemas.task import GenerateJobs, RefineTask, TaskBroken, TaskFinalized
from schemas.types import (
    BrokerageEvidence,
    DatasetFile,
    DatasetRole,
    JobPlan,
    OutputTemplate,
    SplitRules,
    TaskVerdict,
)
from tests.commands.builders import (
    QUEUE,
    TASK,
    a_definition,
    a_merging_definition,
    a_queue,
    a_running_task,
    a_submission,
    job,
    run_all,
    spec_of,
    the_task,
)
from tests.commands.in_memory import Culm, a_culm

IN_TWO = OutputTemplate(
    stream="OUTPUT1",
    role=DatasetRole.OUTPUT,
    dataset="user.jdoe.t1_copy",
    scope="user.jdoe",
    name_template="user.jdoe.$JEDITASKID._${SN/P}.out.txt",
)
MERGED_LOG = OutputTemplate(
    stream="LOG_MERGE0",
    role=DatasetRole.LOG,
    dataset="user.jdoe.t1.merge.log",
    scope="user.jdoe",
    name_template="user.jdoe.t1.$JEDITASKID.${SN}.merge.log.tgz",
    merge_only=True,
)


def a_file(scope: str, checksum: str) -> DatasetFile:
    return DatasetFile(lfn="data.root", scope=scope, size_bytes=5, checksum=checksum, endpoint="LOCAL_DISK")


def a_task_with_twins(scopes: tuple[str, str]) -> Culm:
    """A task whose two input datasets hold `data.root` each, in these scopes."""
    culm = a_culm()
    a_queue(culm)
    for dataset, scope in zip(("in.a", "in.b"), scopes, strict=True):
        culm.send(RegisterFiles(files=(a_file(scope, f"ad:{scope}"),), role=DatasetRole.INPUT), dataset)
    culm.send(a_submission(), str(TASK))
    definition = a_definition(
        rules=SplitRules(files_per_job=2), events_total=None, sequence_offset=None, input_datasets=("in.a", "in.b"),
        parameters='-i "${IN/T}"',
    )  # fmt: skip
    culm.send(RefineTask(definition=definition, parameters_revision=0), str(TASK), role="system")
    return culm


def plan(culm: Culm, *jobs: tuple[int, ...]) -> None:
    """Make jobs of these units."""
    plans = tuple(JobPlan(unit_ids=units, queue=QUEUE) for units in jobs)
    (number,) = the_task(culm).orders
    order = the_task(culm).orders[number]
    command = GenerateJobs(order=number, kind=order.kind, plans=plans, brokerage=BrokerageEvidence(seed="seed"))
    answer = culm.send(command, str(TASK), role="system")
    assert answer.accepted, answer


def test_files_of_one_name_in_two_datasets_are_both_given_to_jobs_and_counted() -> None:
    culm = a_task_with_twins(("user.a", "user.b"))

    plan(culm, (1,), (2,))
    run_all(culm)

    given = [(one.dataset, one.scope, one.lfn) for n in (1, 2) for one in spec_of(culm, job(n)).inputs]
    assert given == [("in.a", "user.a", "data.root"), ("in.b", "user.b", "data.root")]
    assert culm.last(TaskFinalized).accounts.finished == 2


def test_two_different_files_of_one_name_are_never_given_to_one_job() -> None:
    culm = a_task_with_twins(("user.a", "user.b"))

    plan(culm, (1, 2))

    assert culm.last(TaskBroken).message == "job parameters: two input files of one job have the name 'data.root'"


def test_one_file_that_stands_in_two_datasets_is_staged_once() -> None:
    culm = a_task_with_twins(("user.a", "user.a"))

    plan(culm, (1, 2))
    run_all(culm)

    spec = spec_of(culm, job(1))
    assert [(one.scope, one.lfn) for one in spec.inputs] == [("user.a", "data.root")]
    assert spec.parameters == "-i \"['data.root']\""
    assert culm.last(TaskFinalized).accounts.finished == 2


def test_a_name_has_one_scope_in_a_dataset() -> None:
    culm = a_culm()
    culm.send(RegisterFiles(files=(a_file("user.a", "ad:1"),)), "d")

    later = culm.send(RegisterFiles(files=(a_file("user.b", "ad:1"),)), "d")
    together = culm.send(RegisterFiles(files=(a_file("user.a", "ad:1"), a_file("user.b", "ad:1"))), "e")

    assert (later.reason, together.reason) == ("SCOPE_DIFFERS", "SCOPE_DIFFERS")
    assert later.message == "data.root is in the dataset with scope 'user.a', cannot be registered again with 'user.b'"


def test_one_command_cannot_register_two_contents_of_one_name() -> None:
    answer = a_culm().send(RegisterFiles(files=(a_file("user.a", "ad:1"), a_file("user.a", "ad:2"))), "d")

    assert answer.reason == "CHECKSUM_DIFFERS"


def test_one_output_of_two_datasets_is_registered_in_both() -> None:
    definition = a_definition()
    culm = a_running_task(replace(definition, outputs=(*definition.outputs[:1], IN_TWO, *definition.outputs[1:])))

    run_all(culm)

    names = {f"user.jdoe.{TASK}._00000{n}.out.txt" for n in (1, 2, 3)}
    assert set(culm.state("dataset", "user.jdoe.t1_out.txt").files) == names
    assert set(culm.state("dataset", "user.jdoe.t1_copy").files) == names
    assert culm.last(TaskFinalized).verdict is TaskVerdict.DONE


def test_one_output_of_two_datasets_is_merged_once_and_registered_in_both() -> None:
    definition = a_merging_definition()
    culm = a_running_task(replace(definition, outputs=(*definition.outputs[:1], IN_TWO, *definition.outputs[1:])))

    run_all(culm)

    unmerged = [f"panda.um.user.jdoe.{TASK}._00000{n}.out.txt" for n in (1, 2, 3)]
    merge = spec_of(culm, job(4))
    assert merge.parameters == f"-r . -a jobO.tar.gz {','.join(unmerged)}:user.jdoe.{TASK}._000004.out.txt "
    assert [one.lfn for one in merge.inputs] == unmerged
    for dataset in ("user.jdoe.t1_out.txt", "user.jdoe.t1_copy"):
        assert list(culm.state("dataset", dataset).files) == [f"user.jdoe.{TASK}._000004.out.txt"]


def test_one_output_in_two_scopes_would_be_written_twice() -> None:
    definition = a_definition()
    culm = a_running_task(replace(definition, outputs=(*definition.outputs[:1], replace(IN_TWO, scope="group.x"))))

    assert "would be written twice by one job" in culm.last(TaskBroken).message


def test_the_log_of_a_job_that_merges_logs_is_its_own() -> None:
    definition = a_merging_definition()
    assert definition.merge is not None
    step = replace(definition.merge, parameters="${TRN_OUTPUT:OUTPUT} ${TRN_LOG_MERGE:LOG_MERGE}")
    culm = a_running_task(replace(definition, outputs=(*definition.outputs, MERGED_LOG), merge=step))

    run_all(culm)

    outputs = spec_of(culm, job(4)).outputs
    log = own_log(outputs)
    assert log is not None
    assert log.lfn == f"user.jdoe.t1.merge.{TASK}.000004.log.tgz"
    assert missing_outputs(outputs, ()) == (f"user.jdoe.{TASK}._000004.out.txt", f"user.jdoe.t1.{TASK}.000004.merge.log.tgz")
    assert list(culm.state("dataset", "user.jdoe.t1.merge.log").files) == [f"user.jdoe.t1.{TASK}.000004.merge.log.tgz"]
