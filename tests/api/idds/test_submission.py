"""A workflow from the request to the commands: parts in order, one number for the same bytes, refusals with their place."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from api.idds.kept import digest_of, kept_parts, sent_again
from schemas.answer import CommandAnswered
from schemas.task import AddInputNames, SubmitTask
from schemas.task_name import ClaimTaskName
from schemas.types import NameList
from schemas.workflow import AddEdges, AddWorks, SealWorkflow, SubmitWorkflow
from streams.idds.zipped import UnpackingAllowance
from tests.api.builders import an_answer
from tests.api.idds.builders import IddsFront, error_of
from tests.streams.idds_requests import ROOT, a_job, a_request, a_work, golden, zipped


def a_flow(*works: dict[str, Any]) -> dict[str, Any]:
    """A request whose works all start at once."""
    ids = [one["attributes"]["_metadata"]["attributes"]["internal_id"] for one in works]
    return a_request(*works, independent_works=ids)


STEPS = (
    "workflows that are sent in steps are not run by this server yet; send it in one request of at most 420,000,000 bytes"
)
REQUEST = a_flow(a_work("isr", [a_job("i0"), a_job("i1")]), a_work("coadd", [a_job("c0", ("isr", "i0"), ("isr", "i1"))]))


@pytest.fixture(scope="module")
def shared_front(api_home: Path) -> IddsFront:
    return IddsFront(api_home)


@pytest.fixture
def front(shared_front: IddsFront) -> IddsFront:
    """The front of this module, in which nothing was submitted."""
    shared_front.begin_again()
    return shared_front


def sent(request: dict[str, Any]) -> bytes:
    return json.dumps(request).encode()


def test_a_request_becomes_parts_in_their_order_and_has_a_number(front: IddsFront) -> None:
    body = sent({**REQUEST, "name": "flow", "priority": 7, "lifetime": None, "site": "SLAC"})

    answer = front.ask("POST", "/request", body)

    assert answer.json() == {"request_id": 101}
    of_tasks = (ClaimTaskName, SubmitTask)
    claim, submitted, works, depths, edges, *tasks, seal = [command for command, _ in front.gateway.sent]
    assert [type(one) for one in tasks] == [ClaimTaskName, SubmitTask] * 2
    assert isinstance(claim, ClaimTaskName)
    assert isinstance(submitted, SubmitWorkflow)
    assert (submitted.request_id, submitted.name, submitted.priority, submitted.site) == (101, "flow", 7, "SLAC")
    assert (submitted.works, submitted.nodes, submitted.edges) == (2, 3, 2)
    assert (submitted.user_name, submitted.digest) == ("Jane Doe", digest_of(body))
    assert isinstance(works, AddWorks)
    assert [(one.name, one.nodes) for one in works.works] == [("isr", 2), ("coadd", 1)]
    assert depths == AddWorks(chunk=1, depths=(0, 0, 1))
    assert edges == AddEdges(chunk=2, first_parent=0, counts=(1, 1, 0), children=(2, 2))
    assert seal == SealWorkflow(works=2, nodes=3, edges=2)
    assert {key for one, key in front.gateway.sent[1:] if not isinstance(one, of_tasks)} == {"101"}


def test_each_work_becomes_a_task_that_holds_its_input_and_has_the_names_of_its_jobs(front: IddsFront) -> None:
    front.ask("POST", "/request", sent(REQUEST))

    isr, coadd = [(one, key) for one, key in front.gateway.sent if isinstance(one, SubmitTask)]
    assert [(one.request_id, one.work, one.input_held, one.task_id == int(key)) for one, key in (isr, coadd)] == [
        (101, 0, True, True),
        (101, 1, True, True),
    ]
    assert (isr[0].name, isr[0].label, isr[0].user_name) == ("isr_101_1", "test", "Jane Doe")
    assert isr[0].task_id != coadd[0].task_id
    parameters = [json.loads(one.parameters_json) for one, _ in (isr, coadd)]
    assert [one["pfnList"] for one in parameters] == [["i0", "i1"], ["c0"]]
    assert ["inputPreStaging" in one for one in parameters] == [False, False]


def test_many_names_follow_their_task_in_chunks_before_the_seal(front: IddsFront) -> None:
    front.ask("POST", "/request", sent(a_flow(a_work("isr", [a_job(f"i:{number}+x") for number in range(1_200)]))))

    (task,) = [one for one, _ in front.gateway.sent if isinstance(one, SubmitTask)]
    names = [one for one, _ in front.gateway.sent if isinstance(one, AddInputNames)]
    assert task.lists == (NameList(list="pfnList", count=1_200),)
    assert [len(one.names) for one in names] == [500, 500, 200]
    assert names[0].names[:2] == ("i:0+x", "i:1+x")
    assert isinstance(front.gateway.sent[-1][0], SealWorkflow)


def test_a_work_without_jobs_runs_at_once(front: IddsFront) -> None:
    front.ask("POST", "/request", sent(a_flow(a_work("alone"))))

    (task,) = [one for one, _ in front.gateway.sent if isinstance(one, SubmitTask)]
    assert (task.input_held, json.loads(task.parameters_json)["pfnList"]) == (False, ["pseudo_file"])


@pytest.mark.parametrize(
    ("work", "sentence"),
    [
        (a_work("a", [a_job("x;$(rm -r)")]), "pfnList[0]: found 'x;$(rm -r)', expected a name or URL of letters"),
        (a_work("a", [a_job("x" * 1_025)]), "pfnList[0]: found 1,025 characters, expected 1 to 1,024"),
        (a_work("a b", [a_job("x")], work_id="a"), "taskName: found 'a b_1_1', expected a name of letters"),
        (a_work("a", [a_job("x")], prodSourceLabel="no label"), "prodSourceLabel: found 'no label', expected a word"),
    ],
)
def test_a_task_that_cannot_be_registered_is_named_before_anything_is_sent(
    front: IddsFront, work: dict[str, Any], sentence: str
) -> None:
    status, name, message = error_of(front.ask("POST", "/request", sent(a_flow(work))))

    assert (status, name) == (400, "BadRequest")
    assert sentence in message, message
    assert (front.gateway.sent, front.gateway.kept) == ([], [])


def test_a_task_that_is_refused_is_said_and_the_workflow_is_not_sealed(front: IddsFront) -> None:
    def answer(command: Any, _: str) -> CommandAnswered:
        refused = isinstance(command, SubmitTask) and command.work == 1
        return an_answer(accepted=not refused, reason="TOO_LARGE" if refused else None, message="too large")

    front.gateway.answer = answer

    status, _, message = error_of(front.ask("POST", "/request", sent(REQUEST)))

    assert (status, message) == (400, "work 1 of workflow 101: failed to register task: too large")
    assert not [one for one, _ in front.gateway.sent if isinstance(one, SealWorkflow)]


def test_the_request_is_kept_as_it_was_sent(front: IddsFront) -> None:
    body = b" " + sent(REQUEST) + b"\n"

    front.ask("POST", "/request", body)

    (part,) = front.gateway.kept
    assert part.digest == digest_of(body)
    assert sent_again({part.part: part.content}, len(body)) == body


def test_a_large_request_is_kept_in_parts_that_a_record_holds() -> None:
    noise = b"".join(sha256(str(number).encode()).digest() for number in range(30_000))
    found = kept_parts(noise, digest_of(noise))

    assert sent_again({one.part: one.content for one in found}, len(noise)) == noise
    assert [len(one.content) for one in found][:2] == [400_000, 400_000]
    assert {one.parts for one in found} == {len(found)}
    with pytest.raises(ValueError, match="more than 1,000 bytes"):
        sent_again({one.part: one.content for one in found}, 1_000)
    with pytest.raises(ValueError, match="not whole"):
        sent_again({}, 1_000)


def test_the_same_bytes_of_the_same_caller_keep_their_number_and_their_commands(front: IddsFront) -> None:
    taken: dict[str, int] = {}

    def answer(command: Any, key: str) -> CommandAnswered:
        if not isinstance(command, ClaimTaskName):
            return an_answer()
        owner = taken.setdefault(key, command.task_id)
        mine = owner == command.task_id
        return an_answer(accepted=mine, reason=None if mine else "NAME_IN_USE", message=None if mine else str(owner))

    front.gateway.answer = answer
    body = sent(REQUEST)

    numbers = [front.ask("POST", "/request", body).json()["request_id"] for _ in range(3)]
    of_bob = front.ask("POST", "/request", body, front.headers("bob")).json()["request_id"]
    other = front.ask("POST", "/request", body + b" ").json()["request_id"]

    assert numbers == [101, 101, 101]
    assert (of_bob, other) == (104, 105)


def test_a_part_that_is_refused_is_said_and_the_workflow_is_not_sealed(front: IddsFront) -> None:
    def answer(command: Any, _: str) -> CommandAnswered:
        refused = isinstance(command, AddEdges)
        return an_answer(accepted=not refused, aggregate_id="101", reason="BAD_GRAPH" if refused else None, message="found 3")

    front.gateway.answer = answer

    assert error_of(front.ask("POST", "/request", sent(REQUEST))) == (400, "BadRequest", "workflow 101: BAD_GRAPH: found 3")
    assert not [one for one, _ in front.gateway.sent if isinstance(one, SealWorkflow)]


def test_what_no_answer_came_to_may_be_sent_again(front: IddsFront) -> None:
    front.gateway.answer = lambda command, _: None if isinstance(command, AddWorks) else an_answer()

    status, _, sentence = error_of(front.ask("POST", "/request", sent(REQUEST)))

    assert status == 503
    assert "send the same request again: it keeps its number" in sentence


@pytest.mark.parametrize(
    ("request_", "place", "sentence"),
    [
        (a_flow(a_work("a", [a_job("x"), a_job("x")])), "_works.a.attributes._dependency_map[1].name", "names two jobs"),
        (a_flow(a_work("a", [a_job("x", ("a", "x"))])), "_works.a.attributes._dependency_map[0].dependencies", "itself"),
        (a_flow(a_work("a", [a_job("x", ("b", "y"))])), "_works.a.attributes._dependency_map[0].dependencies", "b"),
        (a_flow(a_work("a"), a_work("a", work_id="other")), "_works.other.attributes.task_name", "names two works"),
    ],
)
def test_a_graph_that_cannot_be_is_refused_with_its_place_and_nothing_is_sent(
    front: IddsFront, request_: dict[str, Any], place: str, sentence: str
) -> None:
    status, name, message = error_of(front.ask("POST", "/request", sent(request_)))

    assert (status, name) == (400, "BadRequest")
    assert message.startswith(f"{ROOT}.{place}")
    assert sentence in message
    assert (front.gateway.sent, front.gateway.kept) == ([], [])


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"null", "the request: null, expected an object"),
        (b"", "the request: no JSON"),
        (b'{"request_metadata": {"workflow": {"class": "system", "module": "os", "attributes": {}}}}',
         "request_metadata.workflow: the class 'system' of 'os' is not known"),
        (b'{"a": {"class": "Popen", "module": "subprocess", "attributes": {}}, "request_metadata": {}}',
         "a: the class 'Popen' of 'subprocess' is not known"),
        (b'{"request_metadata": {"workflow": NaN}}', "the request: no JSON: NaN is no number of JSON"),
        (b'{"request_metadata": {"workflow": null}}', "request_metadata.workflow: null, expected a workflow"),
    ],
)  # fmt: skip
def test_what_names_strangers_or_is_no_request_is_refused_with_its_place(
    front: IddsFront, body: bytes, sentence: str
) -> None:
    status, name, message = error_of(front.ask("POST", "/request", body))

    assert (status, name) == (400, "BadRequest")
    assert message.startswith(sentence), message
    assert front.gateway.sent == []


def test_a_bomb_is_refused_at_its_limit(front: IddsFront, monkeypatch: pytest.MonkeyPatch) -> None:
    # As with the real limits of 512 MiB and 4 GiB, which tests/streams/test_idds_safety.py meets.
    monkeypatch.setattr("api.idds.submission.UnpackingAllowance", lambda: UnpackingAllowance(1_000_000, 4_000_000))
    body = sent(a_flow(a_work("a", zipped(b"[" + b" " * 20_000_000 + b"]"))))

    status, _, message = error_of(front.ask("POST", "/request", body))

    assert len(body) < 100_000
    assert status == 400
    assert "_dependency_map" in message


OUTPUT = "conditions on what a payload gave"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("conditions", f"{OUTPUT} (get_custom_condition_status of 10101010) are not run by this server yet"),
        ("loop", "loops are not run by this server yet"),
        ("function", "functions as tasks are not run by this server yet"),
        ("steps_1", STEPS),
    ],
)  # fmt: skip
def test_a_workflow_that_cannot_be_run_yet_says_what_is_missing(front: IddsFront, name: str, reason: str) -> None:
    answer = front.ask("POST", "/request", golden(name).encode())

    assert error_of(answer) == (501, "NotImplementedException", reason)
    assert front.gateway.sent == []


def test_a_field_that_the_log_does_not_take_is_named(front: IddsFront) -> None:
    long = error_of(front.ask("POST", "/request", sent({**REQUEST, "scope": "s" * 26})))
    odd = error_of(front.ask("POST", "/request", sent({**REQUEST, "priority": "high"})))

    assert long[::2] == (400, f"scope: found {'s' * 26!r}, expected a text of at most 25 characters")
    assert odd[0] == 400
    assert odd[2].startswith("priority: found 'high', expected a whole number")


def test_through_the_relay_the_number_comes_bare(front: IddsFront) -> None:
    args = json.dumps([REQUEST["request_metadata"]["workflow"]])
    given = {"command_name": "submit", "args": args, "kwargs": '{"username": null, "use_dataset_name": false}', "manager": True}
    headers = {"Authorization": f"Bearer {front.headers()['X-IDDS-Auth-Token']}", "Origin": "wlcg"}

    answer = front.ask("POST", "/server/panda/relay_idds_command", sent(given), headers, prefix="")

    assert answer.content == b"[true,101]"
