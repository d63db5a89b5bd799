"""The local Kafka asks each connection for a password; a consumer's account reads what is for consumers and changes nothing."""

import contextlib
import socket
import struct
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)

from check.brokers import Brokers
from cli.client_environment import consumer_environment
from deploy.config import CHECKOUT, StackConfig, saved
from deploy.credentials import give_rights, make_login_of_registry
from deploy.kafka import accounts
from deploy.kafka.node import Node, settings
from deploy.kafka.reading import GROUPS, allow_reading, given, rights
from deploy.processes import culm_processes, registry_properties
from deploy.stack import Stack
from eventlog.connection import connection
from eventlog.topics import apply_topics
from process.kafka_security import security_of
from process.servers import KAFKA_READER, kafka_of, kafka_password_file, own_kafka
from process.settings import Settings
from schemas.topics import declared_topics

P = "CULM_KAFKA_SECURITY_"
PLAIN_LOGIN = "org.apache.kafka.common.security.plain.PlainLoginModule"
#: Requests of Kafka's protocol, with their versions, and one of its errors.
SASL_HANDSHAKE, SASL_AUTHENTICATE, DESCRIBE_CLUSTER = (17, 1), (36, 0), (60, 0)
SASL_AUTHENTICATION_FAILED = 58
EVENTS, COMMANDS = "culm.task.events.v1", "culm.task.commands.v1"
#: Of what is not for consumers: some of Culm's topics, and the registry's own.
CLOSED = (COMMANDS, "culm.command.answers.v1", "culm.deadletter.v1", "culm.refusals.v1", "kafkasql-journal")


def test_passwords_are_of_chance_and_for_their_owner_alone(tmp_path: Path) -> None:
    made, again, others = accounts.made(tmp_path), accounts.made(tmp_path), accounts.made(tmp_path / "other")

    files = [kafka_password_file(tmp_path, account) for account in ("culm", "culm_nodes", "culm_reader")]
    assert [path.stat().st_mode & 0o777 for path in (files[0].parent, *files)] == [0o700, 0o600, 0o600, 0o600]
    assert again == made == {path.name: path.read_text() for path in files}
    assert min(map(len, made.values())) >= 32
    assert len({*made.values(), *others.values()}) == 6


def test_a_password_that_was_lost_is_made_again(tmp_path: Path) -> None:
    made = accounts.made(tmp_path)
    kafka_password_file(tmp_path, "culm").unlink()

    again = accounts.made(tmp_path)

    assert (again["culm"] != made["culm"], again["culm_reader"]) == (True, made["culm_reader"])


def test_each_listener_asks_and_controllers_know_the_nodes_alone(tmp_path: Path) -> None:
    node = Node(1, StackConfig.from_environ({}, home=tmp_path))

    lines = dict(line.split("=", 1) for line in settings(node, dict.fromkeys(accounts.ACCOUNTS, "x")).splitlines())

    assert lines["listener.security.protocol.map"] == "CONTROLLER:SASL_PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT"
    known = lines["listener.name.controller.plain.sasl.jaas.config"]
    assert known == (
        "org.apache.kafka.common.security.plain.PlainLoginModule required"
        ' username="culm_nodes" password="x" user_culm_nodes="x";'
    )
    assert (lines["super.users"], lines["allow.everyone.if.no.acl.found"]) == ("User:culm;User:culm_nodes", "false")


def test_processes_are_given_the_account_and_not_the_password(tmp_path: Path) -> None:
    password = accounts.made(tmp_path)["culm"]
    stale = {f"{P}USER": "someone", f"{P}CA_FILE": "/etc/ca.pem"}
    config = StackConfig.from_environ(stale, home=tmp_path)

    programs = {program.name: dict(program.environment) for program in culm_processes(config, stale)}

    assert {name: value for name, value in programs["decider"].items() if name.startswith(P)} == {
        f"{P}PROTOCOL": "SASL_PLAINTEXT", f"{P}MECHANISM": "PLAIN", f"{P}USER": "culm",
        f"{P}PASSWORD_FILE": str(tmp_path / "kafka" / "passwords" / "culm"),
    }  # fmt: skip
    assert password not in str(programs)
    assert [name for name in programs["harvester"] if name.startswith(P)] == []


def test_a_process_without_an_address_logs_in_at_the_kafka_of_its_home(tmp_path: Path) -> None:
    before = kafka_of(Settings({"CULM_HOME": str(tmp_path)}))
    password = accounts.made(tmp_path)["culm"]

    found = connection(kafka_of(Settings({"CULM_HOME": str(tmp_path)})), "c")
    another = kafka_of(Settings({"CULM_HOME": str(tmp_path), "CULM_KAFKA": "k.example:9092"}))

    assert (found["sasl.username"], found["sasl.password"]) == ("culm", password)
    assert security_of(before).protocol == security_of(another).protocol == "PLAINTEXT"


def test_the_registry_logs_in_with_a_password_that_no_variable_holds(tmp_path: Path) -> None:
    config = StackConfig.from_environ({}, home=tmp_path)
    password = accounts.made(tmp_path)["culm"]

    make_login_of_registry(config)

    path = registry_properties(config)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text().splitlines() == [
        "apicurio.kafka.common.security.protocol=SASL_PLAINTEXT",
        "apicurio.kafka.common.sasl.mechanism=PLAIN",
        f'apicurio.kafka.common.sasl.jaas.config={PLAIN_LOGIN} required username="culm" password="{password}";',
    ]


def test_a_password_with_quotes_reaches_the_registry_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "password").write_text('a"b\\c')
    (tmp_path / "password").chmod(0o600)
    environ = {
        "CULM_KAFKA": "k.example:9093", f"{P}PROTOCOL": "SASL_PLAINTEXT", f"{P}MECHANISM": "SCRAM-SHA-512", f"{P}USER": "u",
        f"{P}PASSWORD_FILE": str(tmp_path / "password"),
    }  # fmt: skip
    config = StackConfig.from_environ(environ, home=tmp_path)

    make_login_of_registry(config)

    login = registry_properties(config).read_text().splitlines()[2].partition(".config=")[2]
    assert login == 'org.apache.kafka.common.security.scram.ScramLoginModule required username="u" password="a\\\\"b\\\\\\\\c";'


def test_a_kafka_that_runs_since_an_earlier_release_is_spoken_to_as_before(tmp_path: Path) -> None:
    config = StackConfig.from_environ({}, home=tmp_path)
    config.run.mkdir()
    config.save()
    asks = saved(tmp_path)
    document = (config.run / "stack.json").read_text()
    (config.run / "stack.json").write_text(document.replace('"kafka_asks": true', '"kafka_asks": false'))
    said: list[str] = []

    earlier = saved(tmp_path)

    assert asks is not None
    assert earlier is not None
    assert (asks.kafka_asks, security_of(asks.kafka).user, earlier.kafka_asks) == (True, "culm", False)
    assert consumer_environment(earlier)["CULM_KAFKA"] == "127.0.0.1:25092"
    give_rights(earlier, said.append)
    assert said == ["Kafka was started by an earlier release and takes anyone: `culm down` and `culm up` give it passwords"]


def test_consumers_may_read_events_and_heartbeats_in_groups_of_their_own() -> None:
    found = {one.name: (one.restype, one.resource_pattern_type, one.operation) for one in rights()}

    assert {one.principal for one in rights()} == {"User:culm_reader"}
    assert found[EVENTS] == (ResourceType.TOPIC, ResourcePatternType.LITERAL, AclOperation.READ)
    assert found["consumer-"] == (ResourceType.GROUP, ResourcePatternType.PREFIXED, AclOperation.READ)
    assert [name for name in found if not name.endswith((".events.v1", ".heartbeats.v1", "consumer-"))] == []


def test_the_checker_logs_in_as_its_variables_say(tmp_path: Path) -> None:
    accounts.made(tmp_path)
    config = StackConfig.from_environ({}, home=tmp_path)
    program = next(one for one in culm_processes(config, {}) if one.name == "decider")

    brokers = Brokers(program.environment)

    assert brokers == "127.0.0.1:25092"
    assert brokers.client_settings() == security_of(config.kafka).client_settings()
    assert Brokers({"CULM_KAFKA": "k:1"}).client_settings() == {}


@pytest.fixture(scope="module")
def reading(servers: Stack) -> dict[str, Any]:
    """Settings of a client that logs in as consumers do; the topics are there."""
    apply_topics(servers.config.kafka, declared_topics())
    return {**connection(own_kafka(servers.config.kafka, servers.config.home, KAFKA_READER), "consumer"), "log_level": 0}


def asked(connection_: socket.socket, kind: tuple[int, int], body: bytes) -> bytes:
    """Kafka's answer without its correlation id, nothing when it hangs up. kind: number and version of the request."""
    request = struct.pack(">hhih", *kind, 1, -1) + body
    connection_.sendall(struct.pack(">i", len(request)) + request)
    with connection_.makefile("rb") as answer:
        head = answer.read(4)
        return answer.read(*struct.unpack(">i", head))[4:] if head else b""


def logged_in(port: int, account: str, password: str) -> int:
    """Number of the error that Kafka answers to a login by PLAIN, 0 for none."""
    with socket.create_connection(("127.0.0.1", port), 10) as one:
        asked(one, SASL_HANDSHAKE, struct.pack(">h", 5) + b"PLAIN")
        login = f"\0{account}\0{password}".encode()
        answer = asked(one, SASL_AUTHENTICATE, struct.pack(">i", len(login)) + login)
    return int(struct.unpack(">h", answer[:2])[0])


def a_right(topic: str, operation: AclOperation) -> AclBinding:
    """Of the consumers' account, at one topic."""
    principal = f"User:{KAFKA_READER}"
    pattern, allowed = ResourcePatternType.LITERAL, AclPermissionType.ALLOW
    return AclBinding(ResourceType.TOPIC, topic, pattern, principal, "*", operation, allowed)


@contextlib.contextmanager
def refused(*names: str) -> Iterator[None]:
    """Kafka refuses with one of these."""
    with pytest.raises(KafkaException) as raised:
        yield
    assert raised.value.args[0].name() in names, raised.value


@pytest.mark.stack
def test_no_one_enters_kafka_without_a_password_of_its_own(servers: Stack, reading: dict[str, Any]) -> None:
    ports = servers.config.ports
    anonymous = {"bootstrap.servers": f"127.0.0.1:{ports.kafka}", "log_level": 0}
    wrong = [{**reading, "sasl.password": "wrong"}, {**reading, "sasl.username": "admin"}, {**reading, "sasl.username": "culm"}]

    for settings_of_stranger in (anonymous, *wrong):
        with refused("_TRANSPORT"):
            AdminClient(settings_of_stranger).list_topics(timeout=3)
    assert AdminClient(connection(servers.config.kafka, "c")).list_topics(timeout=10).topics[EVENTS].error is None


@pytest.mark.stack
def test_controllers_speak_with_nodes_alone(servers: Stack) -> None:
    port, passwords = servers.config.ports.kafka_controller, accounts.made(servers.config.home)

    answers = {account: logged_in(port, account, password) for account, password in passwords.items()}

    assert answers == {"culm_nodes": 0, "culm": SASL_AUTHENTICATION_FAILED, "culm_reader": SASL_AUTHENTICATION_FAILED}
    with socket.create_connection(("127.0.0.1", port), 10) as open_connection:
        assert asked(open_connection, DESCRIBE_CLUSTER, b"") == b""  # it is closed, as nothing but a login is taken


@pytest.mark.stack
def test_a_consumer_reads_events_and_nothing_that_is_not_meant_for_it(reading: dict[str, Any]) -> None:
    consumer = Consumer({**reading, "group.id": f"{GROUPS}a", "enable.partition.eof": True})
    try:
        seen = set(consumer.list_topics(timeout=10).topics)
        consumer.assign([TopicPartition(EVENTS, 0, OFFSET_BEGINNING)])
        message = consumer.poll(20)
        consumer.commit(offsets=[TopicPartition(EVENTS, 0, 0)], asynchronous=False)
    finally:
        consumer.close()

    assert message is not None
    failure = message.error()
    assert failure is None or failure.code() == KafkaError._PARTITION_EOF
    assert {name for name in seen if not name.endswith((".events.v1", ".heartbeats.v1"))} == set()
    assert EVENTS in seen
    admin = AdminClient(reading)
    errors = {name: admin.list_topics(name, timeout=10).topics[name].error for name in CLOSED}
    assert {name: error and error.name() for name, error in errors.items()} == dict.fromkeys(CLOSED, "TOPIC_AUTHORIZATION_FAILED")


@pytest.mark.stack
def test_a_consumer_joins_no_group_of_culm(reading: dict[str, Any]) -> None:
    consumer = Consumer({**reading, "group.id": "culm-deciders"})
    try:
        consumer.subscribe([EVENTS])
        message = consumer.poll(20)
    finally:
        consumer.close()

    assert message is not None
    failure = message.error()
    assert failure is not None
    assert failure.name() == "GROUP_AUTHORIZATION_FAILED"


@pytest.mark.stack
def test_a_consumer_writes_deletes_and_alters_nothing(servers: Stack, reading: dict[str, Any]) -> None:
    outcomes: list[str] = []
    producer = Producer({**reading, "message.timeout.ms": 10_000})
    told = lambda error, _: outcomes.append(error.name() if error else "taken")  # noqa: E731
    producer.produce(EVENTS, key=b"k", value=b"v", on_delivery=told)
    producer.flush(20)
    writing = Producer({**reading, "transactional.id": "culm-decider"})
    with refused("TRANSACTIONAL_ID_AUTHORIZATION_FAILED"):
        writing.init_transactions(10)

    admin, denied = AdminClient(reading), ("TOPIC_AUTHORIZATION_FAILED", "CLUSTER_AUTHORIZATION_FAILED")
    change = ConfigEntry("retention.ms", "1", incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, EVENTS, incremental_configs=[change])
    right = a_right(EVENTS, AclOperation.ALL)
    requests: tuple[Callable[[], Any], ...] = (
        lambda: admin.create_topics([NewTopic("mine", 1, 1)])["mine"],
        lambda: admin.delete_topics([EVENTS])[EVENTS],
        lambda: admin.incremental_alter_configs([resource])[resource],
        lambda: admin.delete_records([TopicPartition(EVENTS, 0, 1)])[TopicPartition(EVENTS, 0, 1)],
        lambda: admin.create_acls([right])[right],
    )
    for request in requests:
        with refused(*denied):
            request().result(10)

    assert outcomes == ["TOPIC_AUTHORIZATION_FAILED"]
    assert servers.config.kafka_asks


@pytest.mark.stack
def test_rights_that_were_added_by_hand_are_taken_back_at_the_next_start(servers: Stack, reading: dict[str, Any]) -> None:
    admin = AdminClient(connection(servers.config.kafka, "c"))
    right = a_right(COMMANDS, AclOperation.READ)
    admin.create_acls([right])[right].result(10)

    allow_reading(servers.config.kafka)

    assert given(servers.config.kafka) == rights()


#: Who writes down an address of brokers: beside each stands its login, or none is wanted.
NAMES_BROKERS = {
    '"bootstrap.servers"': {
        "check/reading.py", "deploy/dashboards/running_table.py", "eventlog/connection.py",
        "tests/contract/test_stock_consumer.py", "tests/deploy/test_kafka_accounts.py", "tests/process/test_kafka_security.py",
    },
    '"CULM_KAFKA":': {
        "deploy/config.py", "process/kafka_security.py", "tests/deploy/test_kafka_accounts.py", "tests/deploy/test_tools.py",
        "tests/manual/configuration.py", "tests/process/test_kafka_security.py",
    },
}  # fmt: skip


@pytest.mark.parametrize("words", NAMES_BROKERS)
def test_no_client_and_no_process_is_given_brokers_without_how_to_log_in(words: str) -> None:
    listed = subprocess.run(["git", "ls-files", "*.py"], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    files = [CHECKOUT / name for name in listed.stdout.splitlines()]

    found = {str(path.relative_to(CHECKOUT)) for path in files if path.exists() and words in path.read_text(encoding="utf-8")}

    remedy = "eventlog.connection.connection(kafka, name) or process.kafka_security.environment_of(kafka)"
    assert found - NAMES_BROKERS[words] == set(), f"expected {remedy}"
