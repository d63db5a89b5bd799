"""Work has a budget before it is done: what is too much breaks the task that asked for it, with limit and value, and no other."""

import json
import re
from typing import Any, NoReturn

import pytest

from commands import limits
from commands.dataset import decide as dataset_decide
from commands.engine import decider
from commands.limits import PART_BYTES_MAX, shortened
from commands.sizes import bytes_of, cut, first_part
from commands.task import feeding, shell, units
from commands.task.limits import ORDERS_OPEN_MAX
from commands.task.text import UnresolvedPlaceholder, expand, text_bytes_max
from schemas.dataset import RegisterFiles
from schemas.task import ContentsFed, JobsOrdered, KillTask, RefineTask, TaskBroken
from schemas.types import DatasetFile, DatasetRole, OutputTemplate, SplitRules, StepDefinition, TaskDefinition
from schemas.wire import to_bytes
from tests.commands.builders import (
    TASK,
    a_definition,
    a_queue,
    a_running_task,
    a_submission,
    generate_all,
    job,
    run_all,
    spec_of,
    the_task,
)
from tests.commands.in_memory import Culm, a_culm

DATASET = "user.jdoe.in"


def a_refined_task(definition: TaskDefinition) -> Culm:
    """A system with a task that is refined, and every slice of its input fed."""
    culm = a_culm()
    a_queue(culm)
    culm.send(a_submission(), str(TASK))
    culm.send(RefineTask(definition=definition, parameters_revision=0), str(TASK), role="system")
    return culm


def a_task_over(files: list[DatasetFile], **changes: object) -> Culm:
    """A refined task over a dataset of these files."""
    culm = a_culm()
    a_queue(culm)
    for start in range(0, len(files), 500):
        command = RegisterFiles(files=tuple(files[start : start + 500]), role=DatasetRole.INPUT)
        assert culm.send(command, DATASET).accepted
    culm.send(a_submission(), str(TASK))
    given: dict[str, object] = {"events_total": None, "input_datasets": (DATASET,), "rules": SplitRules(), **changes}
    definition = a_definition(**given)
    culm.send(RefineTask(definition=definition, parameters_revision=0), str(TASK), role="system")
    return culm


def a_file(lfn: str, events: int | None = None) -> DatasetFile:
    return DatasetFile(lfn=lfn, scope="user.jdoe", size_bytes=5, checksum="ad:062c0215", endpoint="LOCAL_DISK", events=events)


def message_of(culm: Culm) -> str:
    """Why the task broke."""
    broken = culm.last(TaskBroken)
    return f"{broken.reason}: {broken.message}"


def test_a_thousand_million_made_up_events_break_the_task_before_they_are_made() -> None:
    culm = a_refined_task(a_definition(events_total=10**9))

    assert message_of(culm) == "TOO_MANY_FILES: 1,000,000,000 input units, expected at most 1,000,000"
    assert culm.send(KillTask(), "1").reason == "UNKNOWN_TASK"


def test_a_thousand_million_events_in_one_file_break_the_task_before_they_are_made() -> None:
    culm = a_task_over([a_file("a.root", 10**9)], rules=SplitRules(events_per_job=1))

    assert message_of(culm) == "TOO_MANY_FILES: 1,000,000,000 input units, expected at most 1,000,000"


def test_made_up_input_is_fed_in_slices_and_none_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeding, "UNITS_PER_SLICE", 1_000)

    culm = a_refined_task(a_definition(events_total=3_500))

    fed = [message for message, _ in culm.events if isinstance(message, ContentsFed)]
    assert [len(one.units) for one in fed] == [500] * 7
    assert [one.chunk_complete for one in fed] == [False, True] * 3 + [True]
    assert [one.complete for one in fed] == [False] * 6 + [True]
    assert [unit.start_event for one in fed for unit in one.units] == list(range(3_500))
    assert list(the_task(culm).units) == list(range(1, 3_501))


def test_a_task_has_so_many_orders_open_and_gets_the_next_when_one_is_planned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeding, "UNITS_PER_SLICE", 20_000)
    culm = a_refined_task(a_definition(events_total=11_000, rules=SplitRules(events_per_job=1)))

    assert len(the_task(culm).orders) == ORDERS_OPEN_MAX
    generate_all(culm, per_job=500)

    assert sum(len(message.units) for message, _ in culm.events if isinstance(message, JobsOrdered)) == 11_000


def test_long_names_are_ordered_in_parts_that_fit_a_record() -> None:
    names = tuple("root://storage.example.org:1094//data/" + "d" * 200 + f"/file_{n:06d}.root" for n in range(3_000))

    culm = a_refined_task(a_definition(pfn_list=names, events_total=None))
    generate_all(culm, per_job=100)

    orders = [message for message, _ in culm.events if isinstance(message, JobsOrdered)]
    assert sum(len(order.units) for order in orders) == 3_000
    # Beside its units an order has a definition for orders (at most 20 kB) and a few numbers.
    assert max(bytes_of(order) for order in orders) < PART_BYTES_MAX + 21_000
    assert {order.definition.pfn_list for order in orders} == {names[:1]}
    assert culm.letters == []


def test_a_definition_that_fits_no_record_breaks_the_task() -> None:
    culm = a_refined_task(a_definition(pfn_list=tuple("x" * 1_000 for _ in range(880)), events_total=None))

    assert message_of(culm).startswith("TOO_LARGE: the definition has 88")


def test_a_decision_with_a_record_that_no_log_takes_is_refused_with_a_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    culm = a_culm()
    monkeypatch.setattr(decider, "RECORD_BYTES_MAX", 4_000)

    refused = culm.send(a_submission(parameters_json=json.dumps({"a": "x" * 4_000})), str(TASK))
    taken = culm.send(a_submission(), str(TASK))

    assert (refused.accepted, refused.reason, taken.accepted) == (False, "TOO_LARGE", True)
    assert re.fullmatch(r"TaskSubmitted of this decision has 4,\d{3} bytes, expected at most 900,000", refused.message or "")
    assert [(letter.error_class, letter.source_topic) for letter in culm.letters] == [("TooLarge", "culm.task.commands.v1")]
    assert [type(message).__name__ for message, _ in culm.events] == ["TaskSubmitted"]


def test_a_decision_of_more_bytes_than_a_transaction_is_refused_with_a_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    culm = a_running_task()
    before = len(culm.events)
    monkeypatch.setattr(limits, "DECISION_BYTES_MAX", 500)

    answer = culm.send(KillTask(), str(TASK))

    assert (answer.accepted, answer.reason) == (False, "TOO_LARGE")
    assert re.fullmatch(r"the decision has [\d,]+ bytes, expected at most 500", answer.message or "")
    assert [letter.error_class for letter in culm.letters] == ["TooLarge"]
    assert len(culm.events) == before


def test_files_with_long_names_are_fed_in_parts_that_fit_a_record() -> None:
    culm = a_task_over([a_file("f" * 900 + f"{n:06d}") for n in range(1_000)])

    fed = [message for message, _ in culm.events if isinstance(message, ContentsFed)]
    assert sum(len(one.units) for one in fed) == 1_000
    assert max(bytes_of(one) for one in fed) < PART_BYTES_MAX + 1_000
    assert the_task(culm).contents_complete


def test_a_dataset_of_more_files_than_a_task_may_have_breaks_the_task(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset_decide, "FILES_OF_A_TASK_MAX", 2)

    culm = a_task_over([a_file(name) for name in "abc"])

    assert message_of(culm) == "TOO_MANY_FILES: input dataset user.jdoe.in has 3 files, expected at most 2"


def test_patterns_choose_files_in_linear_time() -> None:
    culm = a_task_over(
        [a_file("a" * 60 + "b"), a_file("a" * 60)], input_include=("(a+)+$",), input_exclude=("^b",)
    )

    assert [unit.spec.lfn for unit in the_task(culm).units.values()] == ["a" * 60]


def test_a_pattern_that_cannot_be_used_breaks_the_task_and_is_named() -> None:
    culm = a_task_over([a_file("a")], input_include=(r"(a)\1",))

    assert message_of(culm).startswith(r"BAD_PATTERN: input dataset user.jdoe.in: pattern '(a)\\1' has the backreference \1")


def test_more_matching_than_a_decision_may_do_breaks_the_task(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(units, "MATCHING_MAX", 10)

    culm = a_task_over([a_file("a" * 60)], input_include=("a+",))

    assert "1 patterns over 1 file names cost" in message_of(culm)


def test_a_template_that_explodes_breaks_its_task() -> None:
    names = tuple("n" * 500 for _ in range(100))
    definition = a_definition(pfn_list=names, events_total=None, parameters="${IN/L}" * 400)
    culm = a_refined_task(definition)

    generate_all(culm, per_job=100)

    assert message_of(culm) == (
        "BAD_PARAMETERS: job parameters: they become more than 120,000 bytes, which no shell takes as one command"
    )


def test_braces_without_end_cost_no_time() -> None:
    culm = a_refined_task(a_definition(parameters="${IN" * 20_000))

    generate_all(culm)

    assert the_task(culm).status == "broken" or len(the_task(culm).jobs) == 3


def test_no_expression_is_made_of_the_names_of_a_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """An expression of 100 names costs the names times the text: two seconds for each job of this task."""
    outputs = tuple(
        OutputTemplate(
            stream=f"OUTPUT{number}",
            role=DatasetRole.OUTPUT,
            dataset=f"user.jdoe.out{number}",
            scope="user.jdoe",
            name_template="a" * 430 + f"b{number:06d}${{SN}}",
        )
        for number in range(100)
    )
    merge = StepDefinition(transformation="http://127.0.0.1/trf/user/runMerge", parameters="${TRN_OUTPUT:OUTPUT}")
    text = "-o " + "a" * 430 + "b000099${SN/P} " + "a" * 50_000
    culm = a_refined_task(a_definition(events_total=2, outputs=outputs, merge=merge, parameters=text))

    def refused(*_: Any) -> NoReturn:
        raise AssertionError("an expression was compiled in a decision")

    with monkeypatch.context() as patched:
        patched.setattr(re, "compile", refused)
        generate_all(culm)

    assert culm.letters == []
    made = [spec_of(culm, job(number)).parameters for number in (1, 2)]
    assert made == ["-o panda.um." + "a" * 430 + f"b00009900000{number} " + "a" * 50_000 for number in (1, 2)]


def test_a_list_that_a_placeholder_names_again_and_again_is_not_made() -> None:
    with pytest.raises(UnresolvedPlaceholder, match=r"\$\{IN,IN,IN.* names a list twice"):
        expand("${" + ",".join(["IN"] * 3_000) + "}", {"IN": ["a"]}, {})


def test_placeholders_stand_for_so_many_characters_of_names_however_short_they_become() -> None:
    names = ["x" * 890 + f"{number:06d}" for number in range(500)]

    assert len(expand("${IN} " * 4, {"IN": names}, {})) < 25_000
    with pytest.raises(UnresolvedPlaceholder, match="stand for more than 2,000,000 characters of names"):
        expand("${IN} " * 5, {"IN": names}, {})


def test_a_long_expression_is_not_filled_in() -> None:
    with pytest.raises(UnresolvedPlaceholder, match="is not a sum of whole numbers"):
        expand("${IN/M[" + "#+" * 20_000 + "1]}", {"IN": ["9"]}, {})


def test_a_template_is_looked_through_once_for_all_values(monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[int] = []

    class Counting:
        def search(self, text: str) -> None:
            searched.append(len(text))

    monkeypatch.setattr(shell, "COMMANDS_WITHIN", Counting())

    expand("${IN/S} " * 10, {"IN": [f"a#{number}" for number in range(500)]}, {})

    assert searched == [80]


def test_the_whole_life_goes_on_within_the_budgets() -> None:
    culm = a_running_task()
    run_all(culm)

    assert culm.letters == []


def test_what_a_value_weighs_is_never_less_than_what_avro_makes_of_it() -> None:
    culm = a_running_task(a_definition(pfn_list=("ä" * 50, "x"), events_total=None))
    run_all(culm)

    for message, envelope in culm.events:
        assert bytes_of(message) + bytes_of(envelope) >= len(to_bytes(message, envelope))


def test_lists_are_cut_by_number_and_by_bytes() -> None:
    assert list(cut("abcdef", 4, 100, lambda _: 1)) == [("a", "b", "c", "d"), ("e", "f")]
    assert list(cut("abcdef", 4, 25, lambda _: 10)) == [("a", "b"), ("c", "d"), ("e", "f")]
    assert list(cut("ab", 4, 5, lambda _: 10)) == [("a",), ("b",)]
    assert first_part((), 4, 5) == ()


def test_a_long_message_is_cut() -> None:
    assert shortened("x" * 1_000) == "x" * 1_000
    assert len(shortened("x" * 5_000)) == 1_000
    assert shortened("x" * 5_000).endswith("... (5,000 characters)")


def test_a_job_that_its_bounds_refuse_breaks_the_task_instead_of_being_lost() -> None:
    step = StepDefinition(transformation="http://127.0.0.1/trf/user/buildGen", parameters="-i ${IN} -o ${OUT}", archive="a.tgz")
    culm = a_culm()
    a_queue(culm)
    culm.send(a_submission(name="group:dataset#1/"), str(TASK))
    culm.send(RefineTask(definition=a_definition(build=step), parameters_revision=0), str(TASK), role="system")

    generate_all(culm)

    odd = "BAD_PARAMETERS: a job of the task is out of bounds: outputs[1].lfn: found 'group:dataset#1.build"
    assert message_of(culm).startswith(odd)
    assert [answer.reason for answer in culm.answers if answer.reason == "OUT_OF_BOUNDS"] == []


@pytest.mark.parametrize(
    ("transformation", "taken"), [("culm://server/trf/user/runGen-00-00-02", True), ("https://elsewhere/trf/r", False)]
)
def test_parameters_beyond_a_command_line_are_for_wrappers_that_read_them_from_a_file(transformation: str, taken: bool) -> None:
    template, bytes_max = "-p " + "x" * 300_000 + " ${SN}", text_bytes_max(transformation)

    if taken:
        assert expand(template, {}, {"SN": "7"}, bytes_max).endswith("x 7")
        return
    with pytest.raises(UnresolvedPlaceholder, match="more than 120,000 bytes, which no shell takes as one command"):
        expand(template, {}, {"SN": "7"}, bytes_max)
