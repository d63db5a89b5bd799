"""The harness itself, without a stack: its messages are many, odd and the same for a seed; its verdict sees each harm."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from check.laws import Violation
from schemas.bounds import problems_of
from schemas.catalog import messages
from tests.commands.in_memory import a_codec
from tests.hostile import checking, naughty, plan, report, shrink, verdict
from tests.hostile.bystander import Life, queues_in_each
from tests.hostile.control import twin
from tests.hostile.forms import NOT_OFFERED
from tests.hostile.ground import Ground
from tests.hostile.message import Message, Outcome, Record, Request, Sender
from tests.hostile.routes import CALLS_THAT_ARE_READ, routes
from tests.hostile.sending import code_of
from tests.hostile.verdict import Seen
from tests.hostile.watching import After, Look

GROUND = Ground((10_000_001, 10_000_002), 1_800_000_000_000_000, "subject")
IDS: Mapping[str, int] = {entry.full_name: number for number, entry in enumerate(messages(), start=1)}
#: So many that one of several targets of a kind is not missed by chance.
MESSAGES_OF_A_KIND = 10
QUIET = Look({"decider": 0, "api": 1}, {"decider": 100, "api": 150}, {})


def a_message(kind: str = "command KillTask", number: int = 0) -> Message:
    """A request of a user."""
    return Message(kind, number, Request("GET", "/", Sender.USER), "odd")


def an_outcome(status: int = 400, code: str = "400", kind: str = "command KillTask") -> Outcome:
    """The outcome of a message."""
    return Outcome(a_message(kind), status, code, 0.1, 1.0)


def lives(*seconds: float, problem: str = "") -> list[Life]:
    """Lives of so many seconds, the last with `problem`."""
    found = [Life(0.0, one) for one in seconds]
    return [*found[:-1], replace(found[-1], problem=problem)] if problem else found


def seen(**changes: object) -> Seen:
    """A run in which nothing went wrong."""
    good = Seen([an_outcome()], lives(0.1, 0.2), lives(0.1, 0.25), lives(0.1, 0.3), QUIET, After(QUIET, {"decider": 0}))
    return replace(good, **changes)  # type: ignore[arg-type]  # by name


@pytest.fixture(scope="module")
def kinds() -> dict[str, plan.Strategy]:
    """Every kind with its strategy."""
    return plan.kinds(GROUND, IDS)


def test_every_command_topic_route_and_front_has_a_kind(kinds: dict[str, plan.Strategy]) -> None:
    names = set(kinds)

    for entry in messages():
        if entry.role == "commands":
            assert {f"command {entry.name}", f"record {entry.name}"} <= names
            assert f"malformed {entry.topic}" in names
    assert {
        "record PilotHeartbeat",
        "malformed culm.pilot.heartbeats.v1",
        "pilot updateJob",
        "pilot update_job",
        "upload cache file",
    } <= names
    assert {
        "submit /v1/tasks",
        "submit task/submit",
        "form /monitor/act",
        "read /v1/tasks",
        "read /tasks/",
        "harvester workers",
        "harvester workers in bulk",
    } <= names
    assert len(names) > 200


@pytest.mark.slow  # thousands of messages are drawn
def test_every_route_and_verb_is_attacked_by_some_kind(kinds: dict[str, plan.Strategy]) -> None:
    attacked = {("POST", path) for path in (*NOT_OFFERED, *CALLS_THAT_ARE_READ)}
    for kind, strategy in kinds.items():
        if not kind.startswith(("read ", "record ", "malformed ", "command ")):
            sent = [message.content for message in plan.messages_of(kind, strategy, MESSAGES_OF_A_KIND, seed=1)]
            attacked |= {(one.method, one.target.partition("?")[0]) for one in sent if isinstance(one, Request)}

    left_out = []
    for route in routes():
        path = str(route.path)
        if path.startswith(("/v1/commands/", "/api/latest/")):  # every command has a kind; the handlers of /api/v1
            continue
        form = re.compile(re.sub(r"\{\w+\}", "[^/]*", re.sub(r"\{\w+:path\}", ".*", path)))
        left_out += [
            f"{verb} {path}"
            for verb in sorted((route.methods or set()) - {"GET", "HEAD"})
            if not any(method == verb and form.fullmatch(target) for method, target in attacked)
        ]
    assert left_out == []


@pytest.mark.parametrize(
    "kind", ["command KillTask", "record GenerateJobs", "pilot updateJob", "read /v1/jobs", "submit /v1/tasks"]
)
def test_a_seed_makes_the_same_messages_and_another_makes_others(kinds: dict[str, plan.Strategy], kind: str) -> None:
    first, again, other = (plan.messages_of(kind, kinds[kind], 8, seed) for seed in (1, 1, 2))

    assert first == again
    assert first != other
    assert len({message.description for message in first}) > 3


def test_a_single_message_is_found_by_its_name(kinds: dict[str, plan.Strategy]) -> None:
    wanted = "record WantWorkers#7"

    found = plan.planned(GROUND, IDS, 1, seed=3, only=[wanted])

    assert [message.name for message in found] == [wanted]
    assert found[0] in plan.messages_of(wanted[:-2], kinds[wanted[:-2]], 8, 3)


def test_an_unknown_kind_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="no kind of message begins with nonsense"):
        plan.planned(GROUND, IDS, 1, seed=1, only=["nonsense"])


def test_kinds_are_served_evenly_and_each_at_least_once() -> None:
    assert plan.counts(["a", "b", "c"], 7) == {"a": 3, "b": 2, "c": 2}
    assert plan.counts(["a", "b", "c"], 1) == {"a": 1, "b": 1, "c": 1}


def test_nothing_that_is_sent_names_the_bystander(kinds: dict[str, plan.Strategy]) -> None:
    for kind in ("record EnqueueJob", "command ConfigureQueue", "pilot getJob"):
        for message in plan.messages_of(kind, kinds[kind], 10, 5):
            content = message.content
            body = content.value or b"" if isinstance(content, Record) else content.body
            assert b"BYSTANDER" not in body


def test_json_has_what_no_python_value_is() -> None:
    text = naughty.json_text({"a": naughty.raw("lists 300"), "b": naughty.raw("twice"), "c": float("nan"), "d": "\x00"})

    assert '"a": ' + "[" * 300 in text
    assert '"b": {"a":1,"a":[2]' in text
    assert '"c": NaN' in text
    assert '"d": "\\u0000"' in text


def test_the_bystander_has_a_queue_in_each_partition() -> None:
    assert len(set(queues_in_each(4))) == 4


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (200, b'{"StatusCode": 0}', "accepted"),
        (200, b'{"StatusCode": "30"}', "StatusCode 30"),
        (200, b'{"success": false}', "refused"),
        (200, b'[false, "no"]', "refused"),
        (200, b'{"accepted": false, "reason": "STALE"}', "STALE"),
        (303, b"", "accepted"),
        (400, b"{}", "400"),
    ],
)
def test_an_answer_is_read_as_its_client_reads_it(status: int, body: bytes, code: str) -> None:
    assert code_of(status, body) == code


def test_a_run_in_which_nothing_went_wrong_has_no_faults() -> None:
    assert verdict.faults(seen()) == []


@pytest.mark.parametrize(
    ("changes", "description"),
    [
        ({"outcomes": [an_outcome(500, "500")]}, "500 to command KillTask#0 (odd)"),
        ({"outcomes": [an_outcome(0, "timeout")]}, "timeout: command KillTask#0"),
        ({"lives_during": lives(0.1, 0.5)}, "p99 went from 0.20 to 0.50 s; 0.25 s beside well-formed messages"),
        ({"lives_during": lives(0.1)}, "1 lives during it, 2 before"),
        ({"lives_during": lives(0.1, 0.1, problem="stuck")}, "did not end done: stuck"),
        ({"after": After(replace(QUIET, restarts={"decider": 3, "api": 1}))}, "restarted: decider 3 times"),
        ({"after": After(replace(QUIET, own_mb={"decider": 300, "api": 150}))}, "memory: decider from 100 to 300 MB"),
        ({"after": After(QUIET, {"projector": 8})}, "lag of projector: 8"),
        ({"after": After(QUIET, {"projector": None})}, "lag of projector: unknown"),
        ({"after": After(QUIET, standing=("jobs of culm.job.events.v1/0 at 1 of 9",))}, "stands: jobs of"),
        ({"after": After(QUIET, secrets=("api.log: the token of user",))}, "in a log: api.log"),
        ({"after": After(QUIET, violations=("sequences: 1",))}, "checker: sequences: 1"),
    ],
)
def test_each_harm_is_reported(changes: dict[str, object], description: str) -> None:
    found = verdict.faults(seen(**changes))

    assert len(found) == 1
    assert description in found[0]


def test_a_sender_whose_login_ended_is_reported_since_what_it_sends_proves_nothing() -> None:
    refused = [an_outcome(403, "403", f"command {number % 30}") for number in range(60)]

    found = verdict.faults(seen(outcomes=[an_outcome(), *refused]))

    assert found == ["user is let in no more: none of the last 60 requests was read"]
    assert verdict.faults(seen(outcomes=[*refused, an_outcome()])) == []


def test_a_documented_503_is_no_error() -> None:
    assert verdict.faults(seen(outcomes=[an_outcome(503, "503")])) == []


def test_a_short_run_does_not_judge_what_is_quick_anyway() -> None:
    assert verdict.faults(seen(lives_during=lives(0.1, 0.9)), floor_seconds=1.0) == []


def test_what_well_formed_messages_cost_the_bystander_too_is_no_harm_of_hostile_ones() -> None:
    assert verdict.faults(seen(lives_control=lives(0.1, 0.8), lives_during=lives(0.1, 1.0))) == []
    assert verdict.faults(seen(lives_control=lives(0.1, 0.8), lives_during=lives(0.1, 1.1))) == [
        "the bystander's p99 went from 0.20 to 1.10 s; 0.80 s beside well-formed messages"
    ]


@pytest.mark.slow  # each kind is drawn from
def test_every_kind_has_a_well_formed_twin(kinds: dict[str, plan.Strategy]) -> None:
    for kind, strategy in kinds.items():
        (message,) = plan.messages_of(kind, strategy, 1, seed=1)

        found = twin(message, GROUND, IDS)

        assert type(found.content) is type(message.content), kind
        if isinstance(found.content, Record):
            assert found.content.value is not None
            assert problems_of(a_codec().decode(found.content.value).message) == (), kind


def test_the_table_has_a_row_a_kind() -> None:
    outcomes = [
        an_outcome(200, "accepted"),
        an_outcome(),
        an_outcome(),
        an_outcome(500, "500"),
        an_outcome(0, "timeout", "pilot getJob"),
    ]

    rows = verdict.table(seen(outcomes=outcomes))

    assert rows == [
        {"kind": "command KillTask", "sent": 4, "accepted": 1, "refused": "400 2", "errors": 1, "timeouts": 0},
        {"kind": "pilot getJob", "sent": 1, "accepted": 0, "refused": "", "errors": 0, "timeouts": 1},
    ]
    page = report.markdown(report.document_of(seen(outcomes=outcomes), ["a fault"], "a run"))
    assert "| command KillTask | 4 | 1 | 400 2 | 1 | 0 |" in page
    assert "- FAULT: a fault" in page
    json.dumps(report.document_of(seen(), [], "a run"))


def test_what_names_the_bystander_or_the_log_counts_and_what_senders_forged_does_not() -> None:
    own = Violation("rows of job equal the events", "job row 50000000000001", "x")
    his = Violation("rows of job equal the events", "job row 100000010000003", "x")
    queue = Violation("no two pilots hold one job", "p", "in queue BYSTANDER_4")
    of_the_log = Violation("sequences", "culm.task.events.v1[0]@5", "task 5")
    of_the_log = replace(of_the_log, law=checking.OF_THE_LOG[1])

    found = checking.hurting([own, his, queue, of_the_log], [10_000_001], ["BYSTANDER_4"])

    assert found == [his, queue, of_the_log]


def test_the_shortest_list_that_does_the_harm_is_found() -> None:
    sent = [a_message(kind, number) for number in range(8) for kind in ("a", "b", "c", "d")]
    culprits = {"c#2", "c#5"}
    asked: list[int] = []

    def harms(some: Sequence[Message]) -> bool:
        asked.append(len(some))
        return culprits <= {message.name for message in some}

    found = shrink.shortest(sent, harms)

    assert {message.name for message in found} == culprits
    assert len(asked) < 40
    assert shrink.command_of(found, 7) == ".venv/bin/python -m tests.hostile --seed 7 --only 'c#2' 'c#5'"


def test_what_was_sent_around_the_first_harm_is_suspected() -> None:
    sent = [(float(number), a_message("a", number)) for number in range(20)]

    assert [message.number for message in shrink.suspects(sent, felt_at=10.0, most=4)] == [9, 10, 11, 12]
    assert [message.number for message in shrink.suspects(sent, felt_at=-9.0, most=2)] == [0, 1]


def test_a_harm_that_does_not_come_again_leaves_the_list_whole() -> None:
    sent = [a_message("a", number) for number in range(5)]

    assert shrink.shortest(sent, lambda _: False) == sent
