"""What an order carries of its task's definition: enough for the generator, and no more than 20 kB."""

from typing import Any

import pytest

from commands.sizes import bytes_of
from commands.task.for_orders import IN_ORDERS_BYTES_MAX, for_orders
from schemas.task import JobsOrdered, RefineTask
from schemas.types import DatasetRole, OutputTemplate, Requirements, SplitRules, StepDefinition, TaskDefinition
from streams.facts.snapshot import Snapshot
from streams.jedi.generate import generate
from tests.commands.builders import TASK, a_definition, a_queue, a_running_task, a_submission, the_order, the_task
from tests.commands.in_memory import a_culm
from tests.streams.builders import SEED, files
from tests.streams.builders import a_queue as facts_of_a_queue


def a_long_definition(**changes: Any) -> TaskDefinition:
    """A definition whose texts and lists are long, but for its sites."""
    output = OutputTemplate(
        stream="OUTPUT0", role=DatasetRole.OUTPUT, dataset="user.jdoe.out", scope="user.jdoe", name_template="f.${SN}.root"
    )
    given: dict[str, Any] = {
        "parameters": "-p " + "x" * 150_000,
        "input_include": tuple(f"file_{number}.*" for number in range(900)),
        "input_exclude": (r".*\.log",),
        "outputs": tuple(
            OutputTemplate(**{**output.to_avro(), "stream": f"OUTPUT{number}", "name_template": f"f{number}.${{SN}}.root"})
            for number in range(200)
        ),
        "build": StepDefinition(transformation="culm://server/trf/user/buildGen", parameters="-i " + "y" * 90_000),
        "multi_step_json": '{"a": "' + "z" * 100_000 + '"}',
        "container_name": "docker://image",
    }
    return a_definition(**{**given, **changes})


def test_an_order_has_requirements_and_rules_and_nothing_of_texts_and_patterns() -> None:
    definition = a_long_definition(build=None)

    carried = the_order(a_running_task(definition)).definition

    assert (carried.requirements, carried.rules) == (definition.requirements, definition.rules)
    assert (carried.parameters, carried.input_include, carried.outputs, carried.multi_step_json) == ("", (), (), None)
    assert bytes_of(carried) < 1_000 < 150_000 < bytes_of(definition)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"events_total": None, "input_datasets": tuple(f"user.jdoe.in_{number}" for number in range(500))},
        {"events_total": None, "pfn_list": tuple(f"root://storage/{number}" for number in range(1_000))},
        {"rules": SplitRules(files_per_job=3), "requirements": Requirements(included_sites=("S*",), disk_mb=500)},
    ],
)
def test_the_generator_makes_the_same_of_the_part_as_of_the_whole(changes: dict[str, Any]) -> None:
    whole = a_long_definition(**changes)
    facts = Snapshot({"S1": facts_of_a_queue("S1"), "S2": facts_of_a_queue("S2")}, position="")
    order: dict[str, Any] = {"order": 1, "kind": "NORMAL", "units": tuple(files(50)), "task_id": TASK, "priority": 1}

    of_the_part = generate(JobsOrdered(definition=for_orders(whole), **order), "wlcg", facts, SEED)

    assert of_the_part == generate(JobsOrdered(definition=whole, **order), "wlcg", facts, SEED)


def test_sites_that_no_order_could_carry_break_the_task_with_limit_and_value() -> None:
    sites = tuple(f"SITE_{number:04d}_{'x' * 100}" for number in range(300))
    culm = a_culm()
    a_queue(culm)
    culm.send(a_submission(), str(TASK))

    definition = a_definition(requirements=Requirements(included_sites=sites[:100], excluded_sites=sites[100:]))
    culm.send(RefineTask(definition=definition, parameters_revision=0), str(TASK), role="system")

    assert the_task(culm).message.startswith("its 300 sites and requirements have 35,")
    assert the_task(culm).message.endswith(f"expected at most {IN_ORDERS_BYTES_MAX:,}")
