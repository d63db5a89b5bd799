"""The local database asks for a password; a consumer's account reads the read models and nothing else."""

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import pytest
from typer.testing import CliRunner

from cli.client_environment import consumer_environment
from cli.main import app
from deploy.config import CHECKOUT, StackConfig
from deploy.postgres import passwords
from deploy.stack import Stack
from process.servers import password_file


def test_passwords_are_of_chance_and_for_their_owner_alone(tmp_path: Path) -> None:
    path, other = tmp_path / "passwords", tmp_path / "others"

    made, again, others = passwords.made(path), passwords.made(path), passwords.made(other)

    assert (path.stat().st_mode & 0o777, again) == (0o600, made)
    assert min(map(len, made.values())) >= 32
    assert len({*made.values(), *others.values()}) == 4


def test_of_a_database_without_passwords_there_is_none(tmp_path: Path) -> None:
    assert passwords.of(tmp_path / "passwords", "culm") == ""


def test_consumers_of_a_database_that_is_not_ours_get_its_address(tmp_path: Path) -> None:
    config = StackConfig.from_environ({"CULM_POSTGRES": "postgresql://r:w@db.example/culm"}, home=tmp_path)

    assert consumer_environment(config)["CULM_POSTGRES"] == "postgresql://r:w@db.example/culm"


@pytest.mark.stack
def test_no_one_enters_the_database_without_its_password(servers: Stack) -> None:
    bare = servers.config.postgres.partition("?")[0]

    with pytest.raises(psycopg2.OperationalError, match="no password supplied"):
        psycopg2.connect(bare)
    for account in ("culm", "postgres", "culm_reader"):
        with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
            psycopg2.connect(f"postgresql://{account}:wrong@{urlsplit(bare).netloc.partition('@')[2]}/culm")

    with closing(psycopg2.connect(servers.config.postgres)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)


@pytest.mark.stack
def test_a_consumer_reads_what_is_there_now_and_later_and_changes_nothing(servers: Stack) -> None:
    reading = consumer_environment(servers.config)["CULM_POSTGRES"]
    with closing(psycopg2.connect(servers.config.postgres)) as owner, owner, owner.cursor() as cursor:
        cursor.execute("CREATE SCHEMA IF NOT EXISTS inner_rooms; CREATE TABLE IF NOT EXISTS inner_rooms.secret (x int)")
        cursor.execute("CREATE OR REPLACE VIEW public.later AS SELECT 7 AS x")

    with closing(psycopg2.connect(reading)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT x FROM later")
            assert cursor.fetchone() == (7,)
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute("SELECT x FROM inner_rooms.secret")
            for sql in ("CREATE TABLE public.mine (x int)", "DROP VIEW later"):
                with pytest.raises((psycopg2.errors.InsufficientPrivilege, psycopg2.errors.ReadOnlySqlTransaction)):
                    cursor.execute(sql)


def test_the_command_says_that_what_it_opens_is_of_all_organisations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CULM_HOME", str(tmp_path))

    done = CliRunner().invoke(app, ["env", "--consumer"])

    assert done.exit_code == 0
    assert "topics, schemas and read models hold what all organisations do" in done.stderr
    assert [line.partition("=")[0] for line in done.stdout.splitlines()] == [
        "export CULM_KAFKA",
        "export CULM_REGISTRY",
        "export CULM_POSTGRES",
    ]


@pytest.mark.stack
def test_the_command_prints_the_account_that_reads(servers: Stack) -> None:
    environ = {**servers.environ, "CULM_HOME": str(servers.config.home), "PATH": "/usr/bin:/bin", "PYTHONWARNINGS": "ignore"}
    command = [str(Path(sys.executable).with_name("culm")), "env", "--consumer", "--json"]

    done = subprocess.run(command, cwd=CHECKOUT, env=environ, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    kafka = [f"CULM_KAFKA_SECURITY_{name}" for name in ("MECHANISM", "PASSWORD_FILE", "PROTOCOL", "USER")]
    assert sorted(found) == ["CULM_KAFKA", *kafka, "CULM_POSTGRES", "CULM_REGISTRY"]
    assert found["CULM_KAFKA_SECURITY_USER"] == "culm_reader"
    assert found["CULM_POSTGRES"].startswith("postgresql://culm_reader:")
    assert passwords.of(password_file(servers.config.home), "culm") not in done.stdout
