"""CULM_KAFKA_SECURITY_*: what clients of Kafka get, what is refused, and that no password is shown."""

import copy
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer
from faust.auth import SASLCredentials, SSLCredentials

from api.config import ApiConfig
from check.reading import LogReader
from eventlog.connection import connection
from process.kafka_security import KafkaAddress, security_of
from process.servers import kafka_of
from process.settings import SettingRefused, Settings, masked
from streams.engine.faust_security import credentials_at

P = "CULM_KAFKA_SECURITY_"


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """A password, and authorities."""
    (tmp_path / "password").write_text("s3cret\n")
    (tmp_path / "password").chmod(0o600)
    (tmp_path / "ca.pem").write_text("")
    return {"password": str(tmp_path / "password"), "ca": str(tmp_path / "ca.pem")}


def secure(files: dict[str, str], **changes: str) -> dict[str, str]:
    """An environment that asks for everything."""
    found = {
        "CULM_KAFKA": "k.example:9093", f"{P}PROTOCOL": "SASL_SSL", f"{P}MECHANISM": "SCRAM-SHA-512", f"{P}USER": "culm",
        f"{P}PASSWORD_FILE": files["password"], f"{P}CA_FILE": files["ca"],
    }  # fmt: skip
    return {name: value for name, value in (found | {P + name: value for name, value in changes.items()}).items() if value}


def login_of(environ: dict[str, str]) -> dict[str, Any]:
    """What of a client's settings is about logging in."""
    found = connection(kafka_of(Settings(environ)), "c")
    return {name: value for name, value in found.items() if name.startswith(("security", "sasl", "ssl"))}


def test_a_client_logs_in_as_the_variables_say(files: dict[str, str]) -> None:
    assert login_of(secure(files)) == {
        "security.protocol": "SASL_SSL", "sasl.mechanism": "SCRAM-SHA-512", "sasl.username": "culm", "sasl.password": "s3cret",
        "ssl.ca.location": files["ca"],
    }  # fmt: skip


@pytest.mark.parametrize(("environ", "expected"), [
    ({}, {}),
    ({f"{P}PROTOCOL": "SSL"}, {"security.protocol": "SSL"}),
])  # fmt: skip
def test_without_an_account_there_is_none(environ: dict[str, str], expected: dict[str, str]) -> None:
    assert login_of(environ) == expected


def test_librdkafka_takes_what_it_is_given(files: dict[str, str]) -> None:
    environ = secure(files, PROTOCOL="SASL_PLAINTEXT", MECHANISM="PLAIN", CA_FILE="")

    Consumer({**connection(kafka_of(Settings(environ)), "c"), "group.id": "g", "bootstrap.servers": "127.0.0.1:1"}).close()


@pytest.mark.parametrize(("changes", "sentence"), [
    ({"PROTOCOL": "TLS"}, f"{P}PROTOCOL is 'TLS', expected one of PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL"),
    ({"MECHANISM": "GSSAPI"}, f"{P}MECHANISM is 'GSSAPI', expected one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512"),
    ({"MECHANISM": ""}, f"{P}MECHANISM is not set, expected one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512"),
    ({"USER": ""}, f"{P}USER is not set, expected the name of an account"),
    ({"PASSWORD_FILE": "/nowhere"}, f"{P}PASSWORD_FILE is '/nowhere', expected a file"),
    ({"CA_FILE": "/nowhere"}, f"{P}CA_FILE is '/nowhere', expected a file"),
    ({"PROTOCOL": "SSL"}, f"{P}MECHANISM is set, expected none with {P}PROTOCOL SSL"),
    ({"PROTOCOL": "SASL_PLAINTEXT"}, f"{P}CA_FILE is set, expected none with {P}PROTOCOL SASL_PLAINTEXT"),
])  # fmt: skip
def test_what_does_not_fit_is_refused_by_name(files: dict[str, str], changes: dict[str, str], sentence: str) -> None:
    with pytest.raises(SettingRefused) as raised:
        kafka_of(Settings(secure(files, **changes)))

    assert str(raised.value) == sentence


def test_a_password_that_others_can_read_is_refused(files: dict[str, str]) -> None:
    Path(files["password"]).chmod(0o640)

    with pytest.raises(SettingRefused, match="has mode 640, expected 600"):
        kafka_of(Settings(secure(files)))


def test_a_new_password_is_used_by_the_next_client(files: dict[str, str]) -> None:
    kafka = kafka_of(Settings(secure(files)))
    Path(files["password"]).write_text("changed")

    assert connection(kafka, "c")["sasl.password"] == "changed"


def test_no_password_is_printed(files: dict[str, str], tmp_path: Path) -> None:
    config = ApiConfig.from_environ(secure(files) | {"CULM_HOME": str(tmp_path)})

    assert masked(config)["kafka"] == "k.example:9093"
    assert "s3cret" not in repr(config) + str(masked(config)) + repr(config.kafka)


def test_faust_logs_in_the_same_way(files: dict[str, str]) -> None:
    environ = secure(files, PROTOCOL="SASL_PLAINTEXT", CA_FILE="")

    found = credentials_at(kafka_of(Settings(environ)))
    tls = credentials_at(kafka_of(Settings({f"{P}PROTOCOL": "SSL"})))

    assert isinstance(found, SASLCredentials)
    assert (found.username, found.password, found.mechanism.value, found.ssl_context) == ("culm", "s3cret", "SCRAM-SHA-512", None)
    assert isinstance(tls, SSLCredentials)
    assert credentials_at("127.0.0.1:9092") is None


def test_the_checker_logs_in_although_it_shares_nothing(files: dict[str, str]) -> None:
    environ = secure(files, PROTOCOL="SASL_PLAINTEXT", CA_FILE="")
    nothing: Any = None

    found = LogReader(kafka_of(Settings(environ)), nothing).connection

    assert (found["bootstrap.servers"], found["sasl.password"]) == ("k.example:9093", "s3cret")
    assert LogReader("127.0.0.1:1", nothing).connection == {"bootstrap.servers": "127.0.0.1:1"}


def test_a_copy_of_an_address_logs_in_as_well(files: dict[str, str]) -> None:
    kafka = kafka_of(Settings(secure(files)))

    copied = copy.deepcopy(kafka)

    assert isinstance(copied, KafkaAddress)
    assert copied.client_settings() == security_of(kafka).client_settings()
