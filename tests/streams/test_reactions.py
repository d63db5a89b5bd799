"""Which command follows from which event of a task's life, and when parked tasks are tried again."""

import json

from schemas.bounds import problems_of
from schemas.policy import QueueConfigured
from schemas.task import BreakTask, RefineTask, TaskParked, TaskReloaded, TaskSubmitted, WakeTask
from schemas.types import BrokerageEvidence, QueueSettings
from streams.facts.snapshot import Parked, Snapshot, knows_more, position_text
from streams.jedi.reactions import refine_submitted
from streams.jedi.wake import wake_all, wake_late
from tests.streams.builders import a_submission, a_submission_with_input, record_read

API = "http://127.0.0.1:25080"


def a_task(parameters: str, parent: int | None = None) -> TaskSubmitted:
    return TaskSubmitted(
        task_id=10_000_001,
        name="user.jdoe.test2/",
        user_name="J Doe",
        label="user",
        priority=1000,
        parent_task_id=parent,
        parameters_json=parameters,
    )


def test_a_submitted_task_is_refined_from_revision_zero() -> None:
    made = list(refine_submitted([record_read(a_task(json.dumps(a_submission()), parent=10_000_000))], API))

    assert len(made) == 1
    command = made[0].command
    assert isinstance(command, RefineTask)
    assert (command.parameters_revision, command.definition.parent_task_id) == (0, 10_000_000)
    assert made[0].envelope.aggregate_id == "10000001"


def test_datasets_of_a_word_that_all_organisations_use_are_those_of_the_task_s_organisation() -> None:
    parameters = a_submission_with_input()
    parameters["log"]["dataset"] = "PandaJob_#{pandaid}/"
    parameters["jobParameters"][2]["dataset"] = "PandaJob.in/"
    assert parameters["jobParameters"][2]["param_type"] == "input"

    (made,) = refine_submitted([record_read(a_task(json.dumps(parameters)))], API)

    assert isinstance(made.command, RefineTask)
    definition = made.command.definition
    log = definition.outputs[-1]
    assert definition.input_datasets == ("wlcg@PandaJob.in",)
    assert (log.dataset, log.scope) == ("wlcg@PandaJob_#{pandaid}", "wlcg@PandaJob_")
    assert [output.scope for output in definition.outputs[:-1]] == ["user.jdoe"] * (len(definition.outputs) - 1)


def test_a_reloaded_task_is_refined_from_its_new_parameters() -> None:
    event = TaskReloaded(parameters_json=json.dumps(a_submission(nEvents=9)), parameters_revision=2, task_attempt=2)

    command = next(iter(refine_submitted([record_read(event)], API))).command

    assert isinstance(command, RefineTask)
    assert (command.parameters_revision, command.definition.events_total) == (2, 9)


def test_parameters_that_mean_nothing_break_the_task() -> None:
    found = [
        next(iter(refine_submitted([record_read(a_task(text))], API))).command
        for text in ("{", "[1]", json.dumps(a_submission(taskName=None)))
    ]

    assert [command.message for command in found if isinstance(command, BreakTask)] == [
        "the parameters are no JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        "the parameters are list, expected a JSON object",
        "taskName is null, expected a value",
    ]


def test_parameters_whose_definition_is_out_of_bounds_break_the_task_by_field() -> None:
    changes = ({"site": "A B"}, {"maxAttempt": 10**9}, {"coreCount": 2**31}, {"transPath": "http://x/\ud800"})

    tasks = [a_task(json.dumps(a_submission(**change))) for change in changes]
    found = [next(iter(refine_submitted([record_read(task)], API))).command for task in tasks]

    assert [(command.reason, command.message) for command in found if isinstance(command, BreakTask)] == [
        (
            "BAD_PARAMETERS",
            (
                "requirements.site: found 'A B', "
                "expected a word of letters, digits and _.:+@-, neither beginning with - nor . or .. itself"
            ),
        ),
        ("BAD_PARAMETERS", "maxAttempt is 1000000000, expected a whole number of at most 1000000"),
        ("BAD_PARAMETERS", "coreCount is 2147483648, expected a whole number of at most 100000"),
        (
            "BAD_PARAMETERS",
            "transPath holds the character U+D800 ('http://x/\\ud800'), expected text without control characters",
        ),
    ]


def test_what_is_said_of_bad_parameters_can_be_written_down() -> None:
    made = next(iter(refine_submitted([record_read(a_task(json.dumps(a_submission(ramCountUnit="\ud800\x00" * 9_000))))], API)))

    assert isinstance(made.command, BreakTask)
    assert problems_of(made.command) == ()


def test_a_configured_queue_wakes_every_parked_task_in_its_own_tenant() -> None:
    facts = Snapshot(parked=(Parked(10_000_001, "lsst", "tree-1"), Parked(10_000_002, "wlcg", "tree-2")))
    configured = record_read(QueueConfigured(settings=QueueSettings(name="Q1", site="S")), "queue.Q1")

    made = list(wake_all([configured], facts))

    assert [(one.envelope.aggregate_id, one.envelope.vo, one.envelope.correlation_id) for one in made] == [
        ("10000001", "lsst", "tree-1"),
        ("10000002", "wlcg", "tree-2"),
    ]
    assert all(one.command == WakeTask(cause="QUEUE_CONFIGURED") for one in made)


def test_many_configured_queues_wake_a_parked_task_once() -> None:
    facts = Snapshot(parked=tuple(Parked(number, "lsst", "tree") for number in (10_000_001, 10_000_002)))
    configured = [record_read(QueueConfigured(settings=QueueSettings(name=f"Q{number}", site="S"))) for number in range(300)]

    made = list(wake_all(configured, facts))

    assert [one.envelope.aggregate_id for one in made] == ["10000001", "10000002"]
    assert {one.envelope.causation_id for one in made} == {configured[-1].cause.event_id}


def test_a_task_parked_on_old_facts_is_woken_at_once() -> None:
    parked = TaskParked(
        order=1, brokerage=BrokerageEvidence(seed="s", facts_position="culm.policy.events.v1:0:3"), message="no queue"
    )

    assert len(list(wake_late([record_read(parked)], Snapshot(position="culm.policy.events.v1:0:4")))) == 1
    assert list(wake_late([record_read(parked)], Snapshot(position="culm.policy.events.v1:0:3"))) == []


def test_positions_are_compared_by_the_policies_they_cover() -> None:
    now = position_text({("culm.policy.events.v1", 1): 7, ("culm.policy.events.v1", 0): 3, ("culm.queue.events.v1", 0): 99})

    assert now == "culm.policy.events.v1:0:3,culm.policy.events.v1:1:7,culm.queue.events.v1:0:99"
    assert not knows_more(now, "culm.policy.events.v1:0:3,culm.policy.events.v1:1:7")
    assert knows_more(now, "culm.policy.events.v1:0:3,culm.policy.events.v1:1:6")
    assert knows_more(now, "")
