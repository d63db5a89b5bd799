"""Several deciders on a real broker: they come and go while commands flow, and each command is decided exactly once."""

import contextlib
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from check.reading import LogReader
from check.report import judge_log, laws_of_the_log
from commands.aggregates import event_topics
from commands.config import GROUP, DeciderConfig
from commands.engine.closed_rows import ClosedRowsOfShards
from commands.engine.decider import Decider as Deciding
from commands.engine.errors import PositionsMissing
from commands.engine.positions_command import run as run_positions
from commands.engine.rows import RowCodec
from commands.engine.store import StateStore
from eventlog.connection import connection
from process.kafka_security import environment_of
from schemas.answering import answer_in
from tests.commands.builders import a_submission
from tests.commands.on_kafka import Decider, Log, until
from tests.conftest import PORTS_OFFSET, brought_up, stack_for_tests
from tests.starting import starts_processes

pytestmark = pytest.mark.stack
TASKS_AT_ONCE = 20
#: Of all tests: none has a task of another.
TASKS = count(1_000)


@pytest.fixture(scope="module")
@starts_processes
def log() -> Iterator[Log]:
    """A broker and a registry of these tests alone; each finds what those before it have written, and adds tasks of its own."""
    for servers in brought_up(stack_for_tests(f"share-{PORTS_OFFSET}", PORTS_OFFSET + 700), only_servers=True):
        with contextlib.closing(Log(servers)) as one:
            yield one


def tasks_in(log: Log) -> set[str]:
    """Those that have events."""
    return {decoded.envelope.aggregate_id for decoded in log.everything("culm.task.events.v1")}


class Submissions:
    """Tasks that are submitted one after the other; `sent` are the ids of the commands, by that of the task."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._before = tasks_in(log)
        self.sent: dict[str, str] = {}

    def some(self) -> None:
        """A few more, of tasks in every shard."""
        for number, _ in zip(TASKS, range(TASKS_AT_ONCE), strict=False):
            self.sent[str(number)] = self._log.send(a_submission(task_id=number), number)

    def in_the_log(self) -> set[str]:
        """Tasks that have events, without those that had some before the first was submitted."""
        return tasks_in(self._log) - self._before

    def are_answered(self) -> bool:
        """True once each command has an answer."""
        return set(self.sent.values()) <= answered(self._log).keys()

    def answered_more_than_once(self) -> dict[str, int]:
        """How often, by command: of those that were not answered exactly once."""
        times = answered(self._log)
        return {number: times[number] for number in self.sent.values() if times[number] != 1}


def answered(log: Log) -> Counter[str]:
    """How often each command was answered, in an answer or by an event."""
    found = Counter(decoded.message.command_id for decoded in log.everything("culm.command.answers.v1"))
    for decoded in log.everything(*event_topics()):
        envelope = decoded.envelope
        if envelope.decision_index == 0 and answer_in(decoded.message, decoded.entry.aggregate, envelope) is not None:
            found[envelope.command_id] += 1
    return found


def broken_laws(log: Log) -> dict[str, str]:
    """What the checker finds in the log, by law."""
    reader = LogReader(log.kafka, log.codec)
    settled = reader.settled()
    return {one.law: str(one.first) for one in judge_log(reader.records(), laws_of_the_log(settled)) if one.violations}


def differences(log: Log, stores: list[StateStore]) -> list[str]:
    """Aggregates whose states in memory are not what their events fold to."""
    folded = StateStore(RowCodec(log.codec), ClosedRowsOfShards(None))
    deciding = Deciding(folded, log.codec)
    for topic in event_topics():
        for number, decoded in enumerate(log.everything(topic)):
            deciding.replay(topic, 0, number, decoded)
    return [
        f"{aggregate} {name}"
        for store in stores
        for (aggregate, name), entry in store.entries()
        if (folded.get(aggregate, name).state, folded.get(aggregate, name).sequence) != (entry.state, entry.sequence)
    ]


def test_one_then_three_then_two_deciders_decide_each_command_once(log: Log, tmp_path: Path) -> None:
    submissions = Submissions(log)
    deciders = {"1": Decider(log, tmp_path, "1")}

    def all_shards_are_owned_by(names: str) -> bool:
        submissions.some()
        shares = [deciders[name].shards() for name in names]
        return all(shares) and sorted(shard for share in shares for shard in share) == [0, 1, 2, 3]

    until(lambda: all_shards_are_owned_by("1"))
    deciders |= {name: Decider(log, tmp_path, name) for name in "23"}
    until(lambda: all_shards_are_owned_by("123"))
    assert deciders["2"].end() is None
    until(lambda: all_shards_are_owned_by("13"))
    until(submissions.are_answered)
    shares = {name: deciders[name].shards() for name in "13"}

    assert [deciders[name].end() for name in "13"] == [None, None]

    assert submissions.answered_more_than_once() == {}
    assert submissions.in_the_log() == submissions.sent.keys()
    assert broken_laws(log) == {}
    assert all(shares.values())
    assert differences(log, [deciders[name].store for name in "13"]) == []


def test_lost_positions_are_a_refusal_and_are_set_from_the_events(
    log: Log, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    submissions = Submissions(log)
    config = DeciderConfig(log.kafka, log.registry, tmp_path)
    decider = Decider(log, tmp_path)
    submissions.some()
    until(submissions.are_answered)
    assert decider.end() is None
    submissions.some()
    admin = AdminClient({**connection(log.kafka, "culm-test")})
    until(lambda: admin.delete_consumer_groups([GROUP])[GROUP].exception() is None)

    refused = Decider(log, tmp_path)
    until(lambda: not refused.alive)
    shown, said_only = run_positions(config, ["show"]), run_positions(config, ["set"])
    lines = capsys.readouterr().out.splitlines()
    still_refused = Decider(log, tmp_path)
    until(lambda: not still_refused.alive)
    done = run_positions(config, ["set", "--yes"])
    goes_on = Decider(log, tmp_path)
    until(submissions.are_answered)

    assert goes_on.end() is None
    assert (shown, said_only, done) == (1, 0, 0)
    assert "would set culm.task.commands.v1[0] to" in "\n".join(lines)
    assert lines[-1] == "nothing was changed; add --yes, with every decider stopped or waiting for its positions"
    assert [type(one.end()) for one in (refused, still_refused)] == [PositionsMissing, PositionsMissing]
    assert submissions.answered_more_than_once() == {}
    repeated = [d for d in log.everything("culm.command.answers.v1") if d.message.repeated or not d.message.accepted]
    assert repeated == []


def a_process(log: Log, folder: Path, instance: str) -> subprocess.Popen[bytes]:
    """A decider as it runs in production."""
    environment = {**os.environ, **environment_of(log.kafka), "CULM_REGISTRY": log.registry, "CULM_HOME": str(folder)}
    environment |= {"CULM_INSTANCE": instance, "CULM_METRICS": ""}
    with (folder / f"decider-{instance}.log").open("ab") as out:
        return subprocess.Popen([sys.executable, "-m", "commands"], env=environment, stdout=out, stderr=out)


def test_a_decider_that_was_frozen_past_its_session_writes_nothing_of_the_past_and_joins_again(log: Log, tmp_path: Path) -> None:
    submissions = Submissions(log)
    processes = [a_process(log, tmp_path, name) for name in "12"]
    try:
        until(lambda: "shards_owned" in (tmp_path / "decider-2.log").read_text())
        submissions.some()
        until(submissions.are_answered)
        processes[1].send_signal(signal.SIGSTOP)
        submissions.some()
        until(submissions.are_answered)
        owned = (tmp_path / "decider-2.log").read_text().count("shards_owned")

        processes[1].send_signal(signal.SIGCONT)
        submissions.some()
        until(lambda: (tmp_path / "decider-2.log").read_text().count("shards_owned") > owned)
        submissions.some()
        until(submissions.are_answered)

        assert [process.poll() for process in processes] == [None, None]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert submissions.answered_more_than_once() == {}
    assert broken_laws(log) == {}
