"""What is carried how often: the specification of a job, and the records of its life."""

from schemas.job import JobDefined
from schemas.queue import JobQueued
from tests.commands.builders import a_running_task, lease


def test_a_specification_stands_in_one_event_and_in_the_answer_of_its_pilot() -> None:
    culm = a_running_task()
    spec = culm.last(JobQueued).spec
    assert spec.parameters

    while lease(culm) is not None:
        pass

    events = [culm.codec.encode(message, envelope) for message, envelope in culm.events]
    assert sum(spec.parameters.encode() in value for value in events) == 1
    answers = [answer for answer in culm.answers if answer.leased and answer.leased.spec == spec]
    assert len(answers) == 1


def test_a_made_job_keeps_what_its_guards_and_its_row_need() -> None:
    culm = a_running_task()
    defined, queued = culm.last(JobDefined).spec, culm.last(JobQueued).spec

    assert (defined.parameters, defined.inputs, defined.container_name, defined.multi_step_json) == ("", (), None, None)
    assert defined.outputs == queued.outputs
    assert (defined.attempt, defined.owner, defined.vo, defined.queue) == (1, queued.owner, queued.vo, queued.queue)
