"""The consumer of docs/dashboards/consumer.md in Python, as it stands there, on the events of a task in memory."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import confluent_kafka
import confluent_kafka.schema_registry
import pytest
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient

from schemas.catalog import CATALOG, self_contained
from schemas.wire import Codec, entry_of
from tests.commands.builders import a_running_task

PAGE = Path(__file__).parent.parent.parent / "docs" / "dashboards" / "consumer.md"
TOPIC = "culm.job.events.v1"
LINES_MAX = 22


class Record:
    """A message as a consumer of librdkafka gives it."""

    def __init__(self, value: bytes | None, problem: str | None = None) -> None:
        self._value, self._problem = value, problem

    def value(self) -> bytes | None:
        return self._value

    def error(self) -> str | None:
        return self._problem


class Interrupted(Exception):
    """There are no more records."""


class Broker:
    """Hands the records to the consumer, and keeps how it was made."""

    def __init__(self, records: list[Record | None]) -> None:
        self._records: Iterator[Record | None] = iter(records)
        self.settings: dict[str, str] = {}
        self.topics: list[str] = []

    def consumer(self, settings: dict[str, str]) -> "Broker":
        self.settings = settings
        return self

    def subscribe(self, topics: list[str]) -> None:
        self.topics = topics

    def poll(self, _: float) -> Record | None:
        for record in self._records:
            return record
        raise Interrupted


def the_program() -> str:
    """The block of Python on the page."""
    found = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found, "no block of Python"
    return found[1]


def a_registry() -> SchemaRegistryClient:
    client: SchemaRegistryClient = SchemaRegistryClient.new_client({"url": "mock://culm"})
    return client


def run_it(records: list[Record | None], registry: SchemaRegistryClient, monkeypatch: pytest.MonkeyPatch, folder: Path) -> Broker:
    """Run the program until there are no more records."""
    broker = Broker(records)
    password = folder / "password"
    password.write_text("secret\n", encoding="utf-8")
    security = {"PROTOCOL": "SASL_PLAINTEXT", "MECHANISM": "PLAIN", "USER": "culm_reader", "PASSWORD_FILE": str(password)}
    for name, value in security.items():
        monkeypatch.setenv(f"CULM_KAFKA_SECURITY_{name}", value)
    monkeypatch.setenv("CULM_KAFKA", "127.0.0.1:1")
    monkeypatch.setenv("CULM_REGISTRY", "mock://culm")
    make: Callable[[Any], Any] = lambda _: registry  # noqa: E731
    monkeypatch.setattr(confluent_kafka, "Consumer", broker.consumer)
    monkeypatch.setattr(confluent_kafka.schema_registry, "SchemaRegistryClient", make)
    with pytest.raises(Interrupted):
        exec(compile(the_program(), str(PAGE), "exec"), {})
    return broker


def values_of(registry: SchemaRegistryClient) -> list[bytes]:
    """The job events of a task with jobs, in the wire format, with schemas that the registry has."""
    culm = a_running_task()
    events = [(message, envelope) for message, envelope in culm.events if entry_of(message).topic == TOPIC]
    names = {entry_of(message).full_name for message, _ in events}
    schemas = {name: Schema(json.dumps(self_contained(CATALOG[name])), "AVRO") for name in names}
    ids = {name: registry.register_schema(f"{TOPIC}-{name}", schema) for name, schema in schemas.items()}
    codec = Codec(ids, lambda _: {})
    return [codec.encode(message, envelope) for message, envelope in events]


def test_it_prints_each_event_of_each_job_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    registry = a_registry()
    first, *rest = values_of(registry)
    records = [None, Record(None, "partition is away"), Record(first), Record(first), Record(None)]

    broker = run_it([*records, *map(Record, rest)], registry, monkeypatch, tmp_path)
    printed = [line.split() for line in capsys.readouterr().out.splitlines()]

    assert printed[0] == ["1", "100000010000001", "JobDefined"]
    assert len(printed) == 1 + len(rest)
    assert broker.topics == [TOPIC]


def test_it_reads_what_was_committed_under_the_account_of_consumers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broker = run_it([], a_registry(), monkeypatch, tmp_path)

    assert broker.settings["isolation.level"] == "read_committed"
    assert broker.settings["group.id"].startswith("consumer-")
    assert (broker.settings["sasl.username"], broker.settings["sasl.password"]) == ("culm_reader", "secret")


def test_it_has_about_twenty_lines_without_its_imports() -> None:
    lines = [line for line in the_program().splitlines() if line and not line.startswith(("import ", "from "))]

    assert len(lines) <= LINES_MAX


def test_each_form_names_the_topic_and_skips_what_was_not_committed() -> None:
    forms = re.findall(r"```(python|java|go)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)

    assert [language for language, _ in forms] == ["python", "java", "go"]
    assert all(TOPIC in text and re.search("read_committed|ReadCommitted", text) for _, text in forms)
