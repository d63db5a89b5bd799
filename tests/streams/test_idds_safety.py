"""A request to iDDS can name anything and reaches nothing: no import, no file, no growth of memory; the refusal has the place."""

import builtins
import importlib
import pickle
import sys
import tracemalloc
import zlib
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest

from streams.idds import compile as compiling
from streams.idds import zipped as unpacking
from streams.idds.compile import compile_graph
from streams.idds.enumerations import ENUMERATIONS
from streams.idds.faults import RequestFault
from streams.idds.grammar import read_request
from streams.idds.model import FunctionPlan, UploadedStep
from streams.idds.tree import DEPTH_MAX
from streams.idds.zipped import UnpackingAllowance, pieces_of
from tests.streams.idds_requests import (
    ROOT,
    WORKFLOWS,
    a_condition,
    a_job,
    a_request,
    a_work,
    an_object,
    asks,
    read,
    workflow_of,
    zipped,
)

MIB = 1024**2
REACHING: tuple[tuple[Any, str], ...] = (
    (builtins, "open"), (importlib, "import_module"), (pickle, "loads"), (builtins, "eval"), (builtins, "exec"),
)  # fmt: skip


@pytest.fixture(autouse=True)
def _nothing_is_opened_or_imported(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def refuse(*args: Any, **named: Any) -> None:
        raise AssertionError(f"reached for {args[:1]}")

    modules = set(sys.modules)
    for place, name in REACHING:
        monkeypatch.setattr(place, name, refuse)
    yield
    monkeypatch.undo()
    assert {one for one in set(sys.modules) - modules if one.startswith("idds")} == set()


def compiled(request: dict[str, Any]) -> Any:
    return compile_graph(workflow_of(request), UnpackingAllowance())


def place_of(work: str, rest: str) -> str:
    return f"{ROOT}._works.{work}.attributes.{rest}"


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "system"), ("subprocess", "Popen"), ("builtins", "eval"), ("pickle", "loads"), ("idds.workflowv2.work", "Popen"),
        ("idds.common.constants", "IDDSEnum"), ("idds.common.constants", "GracefulEvent"),
        ("idds.workflowv2.workflow ", "Workflow"), ("idds.common.utils", "SecureString"), ("idds.workflowv2", "workflow"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_class_that_is_not_known_is_refused_wherever_it_stands(module: str, name: str) -> None:
    request = a_request(a_work("a", user_x={"deep": [1, an_object(name, module, args=["touch /x"])]}))

    found = read(request)

    assert isinstance(found, RequestFault)
    assert found.place == place_of("a", "user_x.deep[1]")
    assert found.message.startswith(f"the class {name!r} of ")


@pytest.mark.parametrize("tag", [None, 1, ["os"], {"class": 1}])
def test_a_class_that_is_no_text_is_refused(tag: Any) -> None:
    request = {"request_metadata": {"workflow": {"class": tag, "module": tag, "attributes": {}}}}

    assert isinstance(read(request), RequestFault)


@pytest.mark.parametrize("method", ["__reduce__", "__class__", "run", "is_to_expire", "os.system", 1, None, ["is_finished"]])
def test_a_method_that_is_not_known_is_refused_with_its_place(method: Any) -> None:
    predicate = {"idds_method": method, "idds_method_internal_id": "a"}
    request = a_request(a_work("a"), _conditions={"c": a_condition("c", [predicate], [])})

    found = read(request)

    assert isinstance(found, RequestFault)
    assert found.place == f"{ROOT}._conditions.c.attributes._conditions[0]"
    assert found.message.startswith("the method ")


@pytest.mark.parametrize("attribute", ["__class__", "executable", "proxy", "_metadata"])
def test_conditions_read_no_attributes_but_those_of_users(attribute: str) -> None:
    predicate = {"idds_attribute": attribute, "idds_method_internal_id": "a"}

    found = read(a_request(a_work("a"), _conditions={"c": a_condition("c", [predicate], [])}))

    assert found == RequestFault(
        f"{ROOT}._conditions.c.attributes._conditions[0]",
        f"the attribute {attribute!r}: conditions read those that begin with user_",
    )


def test_source_text_of_conditions_is_not_taken_over() -> None:
    plan = workflow_of(a_request(a_work("a"), user_defined_conditions={"f": "import os; os.system('x')"}))

    assert "os.system" not in repr(plan)


def test_a_proxy_is_not_taken_over() -> None:
    plan = workflow_of(a_request(a_work("a", proxy="-----BEGIN KEY"), proxy="-----BEGIN KEY"))

    assert "BEGIN" not in repr(plan)


def test_a_pickle_passes_through_as_a_text() -> None:
    text = b64encode(zlib.compress(pickle.dumps(print))).decode()
    body = {"request_metadata": {"workflow": an_object(
        "Work", "idds.iworkflow.work", _func_name_and_args=["f.py:m:f", text, None, None], _multi_jobs_kwargs_list=[text],
    )}}  # fmt: skip

    found = read(body)

    assert isinstance(found, FunctionPlan)
    assert found.attributes["_multi_jobs_kwargs_list"] == [text]


@pytest.mark.parametrize("name", ["/etc/passwd", "../../x", "a/b", "..", "/", "a\\b"])
def test_a_path_is_no_name_of_a_work(name: str) -> None:
    found = read(a_request(a_work(name, work_id="a")))

    assert isinstance(found, RequestFault)
    assert found == RequestFault(place_of("a", "task_name"), f"{name!r} is a path, expected a name")


@pytest.mark.parametrize("name", ["/etc/passwd", "IDDS_WORKFLOW_ADDITIONAL_STORAGE", "x/IDDS_WORKFLOW_ADDITIONAL_STORAGE/a", 1])
def test_a_file_of_the_client_is_not_read(name: Any) -> None:
    found = read(a_request(a_work("a", {"idds_dependency_map_file": name})))

    assert isinstance(found, RequestFault)
    assert found.place == place_of("a", "_dependency_map.idds_dependency_map_file")
    assert "files of clients are not read" in found.message


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400", str(2**64)])
def test_numbers_that_json_does_not_have_are_refused(number: str) -> None:
    body = '{"request_metadata": {"workflow": null, "x": ' + number + "}}"

    found = read_request(body, UnpackingAllowance())

    assert isinstance(found, RequestFault)
    assert "number" in found.message or "64 bits" in found.message


def test_a_name_of_5000_characters_is_refused() -> None:
    work = read(a_request(a_work("x" * 5_000, work_id="a")))
    job = compiled(a_request(a_work("a", [a_job("fine"), a_job("x" * 5_000)])))

    assert work == RequestFault(place_of("a", "task_name"), "5000 characters, at most 4000")
    assert job == RequestFault(
        place_of("a", "_dependency_map[1].name"), "5000 characters, expected 1 to 4000 printable characters"
    )


def test_two_works_of_one_name_are_refused() -> None:
    found = compiled(a_request(a_work("same", work_id="a"), a_work("same", work_id="b")))

    assert found == RequestFault(place_of("b", "task_name"), "'same' names two works")


def test_a_work_under_a_foreign_id_is_refused() -> None:
    request = a_request(a_work("a"))
    base = request["request_metadata"]["workflow"]["attributes"]["template"]["attributes"]
    base["_works"] = {"b": base["_works"]["a"]}

    assert read(request) == RequestFault(place_of("b", "_metadata.attributes.internal_id"), "'a', but it stands under 'b'")


def test_a_condition_on_a_work_that_is_not_there_is_refused() -> None:
    found = read(a_request(a_work("a"), _conditions={"c": a_condition("c", [asks("gone", "is_finished")], ["a"])}))

    assert found == RequestFault("request_metadata.workflow", "the condition c names the work 'gone', which is not there")


def test_a_bomb_is_refused_at_the_limit_with_flat_memory() -> None:
    packer = zlib.compressobj(9)
    bomb = b"".join([packer.compress(b" " * MIB) for _ in range(128)] + [packer.flush()])
    text = "idds_zip:" + b64encode(bomb).decode()
    plan = workflow_of(a_request(a_work("a", text)))
    tracemalloc.start()

    found = compile_graph(plan, UnpackingAllowance(string_bytes_max=100 * MIB))

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == RequestFault(place_of("a", "_dependency_map"), "unpacks to more than 104857600 bytes")
    assert peak < 4 * MIB


def test_a_string_may_have_512_mib_and_a_request_4_gib() -> None:
    assert UnpackingAllowance() == UnpackingAllowance(536_870_912, 4_294_967_296)


def test_a_bomb_in_one_text_is_refused_before_it_is_in_memory() -> None:
    allowance = UnpackingAllowance(string_bytes_max=4 * MIB)
    plan = workflow_of(a_request(a_work("a", zipped(b'["' + b"x" * 8 * MIB + b'"]'))))

    found = compile_graph(plan, allowance)

    assert found == RequestFault(place_of("a", "_dependency_map"), f"unpacks to more than {4 * MIB} bytes")


def test_all_strings_of_a_request_share_an_allowance() -> None:
    allowance = UnpackingAllowance(request_bytes_left=1_000)
    works = [a_work(name, [a_job(f"{name}{number}") for number in range(15)]) for name in ("a", "b")]

    found = compile_graph(workflow_of(a_request(*works)), allowance)

    assert isinstance(found, RequestFault)
    assert found.place == place_of("b", "_dependency_map")
    assert found.message == "the zipped strings of the request unpack to more than it may have in all"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("plain", "'plain', expected a text that begins with idds_zip:"),
        ("idds_zip:", "the zipped text is cut off"),
        ("idds_zip:####", "no zipped text: Only base64 data is allowed"),
        (zipped([])[:-8], "the zipped text is cut off"),
        ("idds_zip:" + b64encode(zlib.compress(b"[]") * 2).decode(), "the zipped text goes on after its end"),
        (zipped(b"[] []"), "the JSON goes on after its end"),
        (zipped(b'[{"name": "x"}'), "what is zipped is no JSON: '', expected ','"),
        (zipped(b'[{"name": NaN}]'), "what is zipped is no JSON: NaN is no number of JSON"),
        (zipped(b'["\xff"]'), "what is zipped is no UTF-8"),
        (zipped({"a": 1}), "expected a list of jobs"),
        (zipped(b"[" * 100_000), "JSON nested too deeply"),
    ],
)
def test_a_string_that_is_not_zipped_jobs_is_refused(text: str, message: str) -> None:
    found = compiled(a_request(a_work("a", text)))

    assert isinstance(found, RequestFault)
    assert found.message == message


def test_a_zipped_text_is_the_same_wherever_its_pieces_end(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = [a_job(f"job_{number}_äöü", ("a", "x" * (number % 7))) for number in range(50)]
    text = zipped(jobs)

    whole = "".join(pieces_of(text, (), UnpackingAllowance()))
    monkeypatch.setattr(unpacking, "PIECE_BYTES", 3)
    monkeypatch.setattr(unpacking, "SLICE_CHARACTERS", 4)
    pieces = list(pieces_of(text, (), UnpackingAllowance()))

    assert "".join(pieces) == whole
    assert len(pieces) > 500


def test_a_graph_beyond_the_limits_is_refused_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "NODES_MAX", 3)
    monkeypatch.setattr(compiling, "EDGES_MAX", 2)
    nodes = compiled(a_request(a_work("a", [a_job(str(number)) for number in range(4)])))
    edges = compiled(a_request(a_work("a", [a_job("0"), a_job("1", ("a", "0")), a_job("2", ("a", "0"), ("a", "1"))])))

    assert nodes == RequestFault(
        place_of("a", "_dependency_map"), "more than 3 jobs in a request: submit parts as workflows of their own"
    )
    assert edges == RequestFault(
        place_of("a", "_dependency_map[2].dependencies"),
        "more than 2 dependencies in a request: submit parts as workflows of their own",
    )


def test_a_tree_that_is_too_deep_is_refused() -> None:
    deep: Any = 1
    for _ in range(DEPTH_MAX + 5):
        deep = [deep]

    found = read(a_request(a_work("a", user_x=deep)))

    assert isinstance(found, RequestFault)
    assert found.message == f"nested deeper than {DEPTH_MAX}"


@pytest.mark.parametrize(("value", "name"), [(7, "Workflow"), (0, "Other"), ("0", None), (True, None), (None, None)])
def test_a_value_that_its_enumeration_does_not_have_is_refused(value: Any, name: str | None) -> None:
    request = a_request(a_work("a")) | {
        "request_type": an_object("WorkflowType", "idds.common.constants", _value_=value, _name_=name)
    }

    found = read(request)

    assert isinstance(found, RequestFault)
    assert found.place == "request_type"


def test_every_value_of_every_enumeration_is_read() -> None:
    for (module, name), values in ENUMERATIONS.items():
        given = [an_object(name, module, _value_=value, _name_=key) for key, value in values.items()]
        workflow_of(a_request(a_work("a", user_x=given)))


def test_a_step_holds_the_works_that_it_names_and_no_path() -> None:
    def step(maps: dict[str, Any], names: str) -> Any:
        return read(a_request(_is_workflow_step=True, _step_name=names, _workflow_data=zipped(maps)))

    both = step({"a": [a_job("x")], "b": zipped([a_job("y", ("a", "x"))])}, "a,b")
    assert isinstance(both, UploadedStep)
    assert both.job_maps.keys() == {"a", "b"}
    assert step({"a": []}, "a,b") == RequestFault(f"{ROOT}._step_name", "names other works than those whose graphs it holds")
    assert step({"../a": []}, "../a") == RequestFault(f"{ROOT}._workflow_data.../a", "'../a' is a path, expected a name")
    assert step({"a": 1}, "a") == RequestFault(f"{ROOT}._workflow_data.a", "1, expected a list of jobs or zipped text")


def test_workflows_within_workflows_end_somewhere() -> None:
    inner = a_request(a_work("a"), internal_id="w0")["request_metadata"]["workflow"]
    for number in range(1, 13):
        base = an_object("WorkflowBase", WORKFLOWS, internal_id=f"w{number}", _works={f"w{number - 1}": inner})
        inner = an_object("Workflow", WORKFLOWS, template=base)

    found = read({"request_metadata": {"workflow": inner}})

    assert isinstance(found, RequestFault)
    assert found.message == "workflows nested deeper than 10"
