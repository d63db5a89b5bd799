"""Output names with fields of input names: `--addNthFieldOfInDSToLFN`, `--addNthFieldOfInFileToLFN`."""

import pytest

from schemas.middle_names import middle_name
from schemas.records import replace
from schemas.task import GenerateJobs, RefineTask
from schemas.types import (
    BrokerageEvidence,
    DatasetRole,
    InputUnit,
    JobPlan,
    OutputTemplate,
    SplitRules,
    StepDefinition,
    TaskDefinition,
)
from streams.jedi.candidates import Candidate
from streams.jedi.split import split
from tests.commands.builders import QUEUE, TASK, a_definition, a_queue, a_submission, job, run_all, spec_of, the_order, the_task
from tests.commands.in_memory import Culm, a_culm
from tests.commands.test_waiting_for_input import register

DATASET = "data10_7TeV.00160387.physics_Muon.merge_tid001_00"


def a_unit(lfn: str, dataset: str = DATASET, endpoint: str = "SE") -> InputUnit:
    return InputUnit(unit_id=1, lfn=lfn, dataset=dataset, endpoint=endpoint)


def with_fields(*fields: int, of_files: bool = False, **changes: object) -> TaskDefinition:
    outputs = (
        OutputTemplate(
            stream="OUTPUT0",
            role=DatasetRole.OUTPUT,
            dataset="user.jdoe.t1_out.txt",
            scope="user.jdoe",
            name_template="user.jdoe${MIDDLENAME}.$JEDITASKID._${SN/P}.out.txt",
        ),
    )
    definition = a_definition(
        events_total=None,
        input_datasets=(DATASET,),
        rules=SplitRules(),
        outputs=outputs,
        parameters="-o '${OUTPUT0}' -m user.jdoe${MIDDLENAME}.x",
        name_fields=fields,
        name_fields_of_files=of_files,
    )
    return replace(definition, **changes)


@pytest.mark.parametrize(
    ("fields", "of_files", "expected"),
    [
        ((2,), False, ".00160387"),
        ((2, 1), False, ".00160387.data10_7TeV"),
        # `_tid` with its number is between fields, too.
        ((4, 5), False, ".merge._00"),
        # Of a dataset all fields, or none.
        ((2, 6), False, ""),
        ((1,), True, ".evts"),
        # Of a file as many as it has.
        ((2, 9, 1), True, ".0007"),
        ((), False, ""),
    ],
)
def test_fields_are_counted_from_one(fields: tuple[int, ...], of_files: bool, expected: str) -> None:
    assert middle_name(with_fields(*fields, of_files=of_files), a_unit("evts.0007.root")) == expected


def test_a_task_without_input_has_no_middle_name() -> None:
    assert middle_name(with_fields(1), a_unit("pseudo_lfn", "pseudo_dataset", endpoint="")) == ""


def test_files_whose_fields_differ_share_no_job() -> None:
    units = [
        replace(a_unit(lfn), unit_id=number)
        for number, lfn in enumerate(["a.run1.1", "a.run1.2", "a.run2.1", "a.run2.2", "a.run1.3"], start=1)
    ]

    plans = split(with_fields(2, of_files=True), units, [Candidate(QUEUE, 1.0, 0, 10**9)], "seed")
    others = split(with_fields(2), units, [Candidate(QUEUE, 1.0, 0, 10**9)], "seed")

    assert [plan.unit_ids for plan in plans] == [(1, 2), (3, 4), (5,)]
    assert [plan.unit_ids for plan in others] == [(1, 2, 3, 4, 5)]


def a_task(definition: TaskDefinition, *lfns: str) -> Culm:
    culm = a_culm()
    a_queue(culm)
    register(culm, DATASET, *lfns)
    culm.send(a_submission(), str(TASK))
    assert culm.send(RefineTask(definition=definition, parameters_revision=0), str(TASK), role="system").accepted
    return culm


def planned(culm: Culm, *plans: tuple[int, ...]) -> None:
    command = GenerateJobs(
        order=the_task(culm).last_order,
        kind=the_order(culm).kind,
        plans=tuple(JobPlan(unit_ids=plan, queue=QUEUE) for plan in plans),
        brokerage=BrokerageEvidence(seed="seed"),
    )
    assert culm.send(command, str(TASK), role="system").accepted


def test_output_and_text_of_a_job_have_the_field_of_its_input() -> None:
    culm = a_task(with_fields(2), "a.root")
    planned(culm, (1,))

    spec = spec_of(culm, job(1))

    assert spec.outputs[0].lfn == f"user.jdoe.00160387.{TASK}._000001.out.txt"
    assert spec.parameters == f"-o 'user.jdoe.00160387.{TASK}._000001.out.txt' -m user.jdoe.00160387.x"


def test_a_merged_output_has_the_field_of_its_first_part() -> None:
    merge = StepDefinition(transformation="http://127.0.0.1/trf/user/runMerge", parameters="${TRN_OUTPUT:OUTPUT}")
    culm = a_task(with_fields(2, merge=merge), "a.root", "b.root")
    planned(culm, (1,), (2,))

    run_all(culm)

    spec = spec_of(culm, job(3))
    parts = [f"panda.um.user.jdoe.00160387.{TASK}._00000{number}.out.txt" for number in (1, 2)]
    assert [file.lfn for file in spec.inputs] == parts
    assert spec.outputs[0].lfn == f"user.jdoe.00160387.{TASK}._000003.out.txt"
    assert spec.parameters == f"{','.join(parts)}:user.jdoe.00160387.{TASK}._000003.out.txt"
