"""What a stack says and does while it is down, and the words of `culm`."""

import json
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.client_environment import client_environment, shell_exports
from cli.main import app
from deploy.config import MARK, StackConfig
from deploy.errors import NotUp
from deploy.kafka.node import Node, nodes, settings
from deploy.processes import basic_environment, culm_processes
from deploy.stack import Stack

PASSWORDS = {"culm": "c", "culm_nodes": "n", "culm_reader": "r"}


def a_stack(home: Path) -> Stack:
    return Stack(StackConfig.from_environ({}, home=home), {})


def test_status_of_a_stack_that_is_down_has_addresses_and_no_process(tmp_path: Path) -> None:
    assert a_stack(tmp_path).status() == {
        "up": False,
        "home": str(tmp_path),
        "addresses": {
            "api": "http://127.0.0.1:25080",
            "kafka": "127.0.0.1:25092",
            "registry": "http://127.0.0.1:25081/apis/ccompat/v7",
            "postgres": f"postgresql://culm@127.0.0.1:25432/culm?passfile={tmp_path}/postgres/passwords",
        },
        "processes": [],
        "condition": "degraded",
        "problems": ["Nothing runs."],
    }


def test_stopping_what_is_down_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotUp, match="no stack runs under"):
        a_stack(tmp_path).down()


def test_a_reset_deletes_our_state_and_nothing_else(tmp_path: Path) -> None:
    for name in ("kafka/data", "postgres", "storage/x", "lib/kafka", "thesis"):
        (tmp_path / name).mkdir(parents=True)

    a_stack(tmp_path).reset()

    assert sorted(path.name for path in tmp_path.iterdir()) == ["lib", "lock", "thesis"]


def test_the_broker_listens_on_loopback_and_keeps_events(tmp_path: Path) -> None:
    lines = dict(line.split("=", 1) for line in settings(Node(1, a_stack(tmp_path).config), PASSWORDS).splitlines())

    assert lines["listeners"] == "SASL_PLAINTEXT://127.0.0.1:25092,CONTROLLER://127.0.0.1:25093"
    assert lines["log.retention.ms"] == "-1"
    assert lines["auto.create.topics.enable"] == "false"


def test_three_nodes_listen_apart_and_keep_three_copies(tmp_path: Path) -> None:
    config = StackConfig.from_environ({"CULM_BROKERS": "3"}, home=tmp_path)
    third = dict(line.split("=", 1) for line in settings(nodes(config)[2], PASSWORDS).splitlines())

    assert config.kafka == "127.0.0.1:25092,127.0.0.1:25102,127.0.0.1:25112"
    assert [one.name for one in nodes(config)] == ["kafka", "kafka-2", "kafka-3"]
    assert third["listeners"] == "SASL_PLAINTEXT://127.0.0.1:25112,CONTROLLER://127.0.0.1:25113"
    assert (third["min.insync.replicas"], third["transaction.state.log.replication.factor"]) == ("2", "3")


def test_two_nodes_are_no_choice(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"CULM_BROKERS .* is '2', expected 1 or 3"):
        StackConfig.from_environ({"CULM_BROKERS": "2"}, home=tmp_path)


def test_the_agents_know_the_api_and_nothing_behind_it(tmp_path: Path) -> None:
    processes = {one.name: one for one in culm_processes(a_stack(tmp_path).config, {})}

    assert list(processes) == ["decider", "processors", "timers", "projector", "notary", "api", "harvester"]
    assert "CULM_KAFKA" in processes["api"].environment
    assert {"CULM_KAFKA", "CULM_REGISTRY", "CULM_POSTGRES"}.isdisjoint(processes["harvester"].environment)


def test_options_for_java_reach_the_servers_and_the_callers_own_variables_stay_with_the_caller(tmp_path: Path) -> None:
    environ = {"JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1", "PATH": "/usr/bin", "JENKINS_URL": "x", "CULM_LIB": "y"}

    inherited = basic_environment(a_stack(tmp_path).config, environ)

    assert inherited.keys() - {MARK} == {"JDK_JAVA_OPTIONS", "PATH"}


def test_status_for_programs_is_json(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["status", "--json"], env={"CULM_HOME": str(tmp_path)})

    assert done.exit_code == 0
    assert json.loads(done.stdout)["addresses"]["api"].startswith("http://127.0.0.1:")


def test_a_token_is_made_for_a_named_user_in_the_groups_of_the_role(tmp_path: Path) -> None:
    words = ["token", "--user", "jdoe", "--name", "Jane Doe", "--role", "pilot"]

    done = CliRunner().invoke(app, words, env={"CULM_HOME": str(tmp_path)})

    assert done.exit_code == 0, done.stderr
    assert done.stdout.count(".") == 2
    assert "jdoe" not in done.stdout


def test_an_unknown_role_is_refused_with_those_that_exist(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["token", "--user", "jdoe", "--role", "king"], env={"CULM_HOME": str(tmp_path)})

    assert done.exit_code == 2
    assert "user, production, pilot" in done.stderr


def test_the_clients_environment_points_at_the_stack_and_hides_no_python(tmp_path: Path) -> None:
    config = a_stack(tmp_path).config

    made = client_environment(config, "jdoe", "Jane Doe", ("wlcg",), {"PATH": "/usr/bin", "CULM_CLIENT": "/client"})

    assert made["PATH"] == "/client/bin:/usr/bin"
    assert made["PANDA_URL_SSL"] == "http://127.0.0.1:25080/server/panda"
    assert made["PANDA_CONFIG_ROOT"].startswith(str(tmp_path))
    assert (made["PANDA_AUTH"], made["PANDA_AUTH_VO"], made["PANDA_BEHIND_REAL_LB"]) == ("oidc", "wlcg", "1")
    assert "127.0.0.1" in made["NO_PROXY"]
    # PYTHONPATH would shadow the packages of every other Python in the shell; servers named here would become external
    assert {"PYTHONPATH", "CULM_KAFKA", "CULM_REGISTRY", "CULM_POSTGRES"}.isdisjoint(made)


def test_exports_survive_a_shell() -> None:
    printed = shell_exports({"A": "it's $HOME; `x`", "B": "plain"})

    assert [shlex.split(line) for line in printed.splitlines()] == [
        ["export", "A=it's $HOME; `x`"],
        ["export", "B=plain"],
    ]


@pytest.mark.parametrize("words", [["rebuild", "--all"], ["dataset", "add", "user.jdoe.x", __file__]])
def test_what_changes_a_stack_never_touches_another_on_the_same_ports(tmp_path: Path, words: list[str]) -> None:
    done = CliRunner().invoke(app, words, env={"CULM_HOME": str(tmp_path)})

    assert isinstance(done.exception, NotUp)
    assert str(tmp_path) in str(done.exception)


def test_the_clients_environment_holds_in_any_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = StackConfig.from_environ({"CULM_HOME": "state"})

    made = client_environment(config, "jdoe", "Jane Doe", ("wlcg",), {"PATH": "/usr/bin", "CULM_CLIENT": "client"})

    assert made["CULM_HOME"] == str(tmp_path / "state")
    assert made["PATH"] == f"{tmp_path}/client/bin:/usr/bin"
    assert all(made[name].startswith("/") for name in ("PANDA_SYS", "PANDA_PYTHONPATH", "PANDA_PYTHON_EXEC", "PANDA_CONFIG_ROOT"))
