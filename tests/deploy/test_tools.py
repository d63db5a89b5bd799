"""Java, Maven, ports: what is missing is named together with the remedy."""

import dataclasses
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy import fetch
from deploy.config import CHECKOUT, PORT_VARIABLES, Ports, StackConfig
from deploy.environment import progress
from deploy.errors import MissingTool, PortTaken, StepFailed
from deploy.java import find_java, find_maven
from deploy.ports import METRICS_PORTS, check_ports
from process.instances import BY_NAME, PORTS_OF_METRICS


def script(path: Path, text: str) -> Path:
    """An executable shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def java(path: Path, version: str) -> Path:
    """Something that says it is Java."""
    return script(path, f"echo 'openjdk version \"{version}\" 2025-01-01' >&2\n")


def test_missing_java_says_what_to_install_and_which_variable_to_set(tmp_path: Path) -> None:
    with pytest.raises(MissingTool, match="Java was not found") as raised:
        find_java({"PATH": str(tmp_path)})

    for word in ("openjdk-17-jre-headless", "JAVA_HOME", "CULM_JAVA"):
        assert word in str(raised.value)


def test_an_old_java_is_named_with_its_version(tmp_path: Path) -> None:
    old = java(tmp_path / "java", "1.8.0_402")

    with pytest.raises(MissingTool, match="is Java 8, needed is 17 or later"):
        find_java({"CULM_JAVA": str(old)})


def test_what_does_not_run_is_no_java(tmp_path: Path) -> None:
    with pytest.raises(MissingTool, match="does not run as Java"):
        find_java({"CULM_JAVA": str(tmp_path / "nowhere")})


def test_the_most_special_java_wins(tmp_path: Path) -> None:
    named = java(tmp_path / "named" / "java", "17.0.1")
    home = java(tmp_path / "home" / "bin" / "java", "21.0.1")
    path = java(tmp_path / "path" / "java", "25")
    environ = {"PATH": str(path.parent), "JAVA_HOME": str(tmp_path / "home"), "CULM_JAVA": str(named)}

    assert find_java(environ) == str(named)
    del environ["CULM_JAVA"]
    assert find_java(environ) == str(home)
    del environ["JAVA_HOME"]
    assert find_java(environ) == str(path)


def test_missing_maven_says_what_to_install_and_which_variable_to_set(tmp_path: Path) -> None:
    with pytest.raises(MissingTool, match=r"Install Maven .* or set CULM_MVN"):
        find_maven({"PATH": str(tmp_path)})


@pytest.mark.stack  # a stand-in for Maven runs while its progress is shown
def test_parts_are_fetched_once(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    fake = (
        f'echo "$@" >> {calls}\nfor a; do case $a in -DoutputDirectory=*) d=${{a#*=}};; esac; done\nmkdir -p $d; touch $d/a.jar\n'
    )
    environ = {
        "PATH": "/usr/bin:/bin",
        "CULM_MVN": str(script(tmp_path / "mvn", fake)),
        "CULM_JAVA": str(java(tmp_path / "java", "17")),
    }

    folders = fetch.fetch(tmp_path / "lib", environ)
    again = fetch.fetch(tmp_path / "lib", {})

    assert folders == again
    assert [sorted(path.name for path in folder.iterdir()) for folder in folders] == [["a.jar"], ["a.jar"]]
    assert len(calls.read_text().splitlines()) == 2


@pytest.mark.stack  # a stand-in for Maven runs while its progress is shown
def test_a_fetch_that_fails_shows_mavens_words_and_leaves_nothing(tmp_path: Path) -> None:
    environ = {
        "PATH": "/usr/bin:/bin",
        "CULM_MVN": str(script(tmp_path / "mvn", "echo no route to host; exit 1\n")),
        "CULM_JAVA": str(java(tmp_path / "java", "17")),
    }

    with pytest.raises(StepFailed, match="no route to host"):
        fetch.fetch(tmp_path / "lib", environ)

    assert list((tmp_path / "lib").iterdir()) == []


def free_ports() -> Ports:
    """Ports that no one listens on; from that for metrics on a whole row, as a stack with an edge needs it."""
    alone = [name for name in PORT_VARIABLES if name != "metrics"]
    while True:
        probes = [socket.socket() for _ in range(len(alone) + METRICS_PORTS)]
        single, row = probes[: len(alone)], probes[len(alone) :]
        try:
            for probe in (*single, row[0]):
                probe.bind(("127.0.0.1", 0))
            first = row[0].getsockname()[1]
            for place, probe in enumerate(row[1:], start=1):
                probe.bind(("127.0.0.1", first + place))
            found = {name: probe.getsockname()[1] for name, probe in zip(alone, single, strict=True)}
            return Ports(**found, metrics=first)
        except (OSError, OverflowError):  # one of the row is taken, or beyond the last port
            continue
        finally:
            for probe in probes:
                probe.close()


def named_ports(ports: Ports) -> Iterator[tuple[str, int]]:
    """The second part of the variable, and its port, for all but those of metrics."""
    for name, (variable, _) in PORT_VARIABLES.items():
        if name != "metrics":
            yield variable.removeprefix("CULM_PORT_"), getattr(ports, name)


def test_a_taken_port_is_named_with_the_variable_to_set(tmp_path: Path) -> None:
    ports = free_ports()
    config = StackConfig.from_environ({}, home=tmp_path, ports=ports)
    check_ports(config)

    with socket.create_server(("127.0.0.1", ports.registry)), pytest.raises(PortTaken) as raised:
        check_ports(config)

    assert str(raised.value) == (
        f"port {ports.registry} for registry is taken by another process; set CULM_PORT_REGISTRY to a free port"
    )


def test_the_port_of_a_server_that_is_not_ours_may_be_taken(tmp_path: Path) -> None:
    ports = free_ports()
    config = StackConfig.from_environ({"CULM_KAFKA": "127.0.0.1:9092"}, home=tmp_path, ports=ports)

    with socket.create_server(("127.0.0.1", ports.kafka)), socket.create_server(("127.0.0.1", ports.kafka_controller)):
        check_ports(config)


def test_a_taken_port_for_metrics_is_named_with_its_variable(tmp_path: Path) -> None:
    ports = free_ports()
    config = StackConfig.from_environ({}, home=tmp_path, ports=ports)

    with socket.create_server(("127.0.0.1", ports.metrics + 2)), pytest.raises(PortTaken) as raised:
        check_ports(config)

    assert str(raised.value) == (
        f"port {ports.metrics + 2} for metrics is taken by another process;"
        " set CULM_PORT_METRICS to the first of 8 free ports in a row"
    )


def test_of_a_stack_with_an_edge_the_ports_of_the_edge_are_looked_at_too(tmp_path: Path) -> None:
    ports = free_ports()
    config = StackConfig.from_environ({BY_NAME["edge"].count_variable: "1"}, home=tmp_path, ports=ports)
    check_ports(config)

    edges = (ports.x509, ports.metrics + PORTS_OF_METRICS.index("edge"))
    listening = (socket.create_server(("127.0.0.1", port)) for port in edges)
    with next(listening), next(listening), pytest.raises(PortTaken) as raised:
        check_ports(config)

    assert all(f"port {port} for " in str(raised.value) for port in edges)


def test_all_taken_ports_are_named_at_once(tmp_path: Path) -> None:
    ports = free_ports()
    config = StackConfig.from_environ({}, home=tmp_path, ports=ports)

    with (
        socket.create_server(("127.0.0.1", ports.api)),
        socket.create_server(("127.0.0.1", ports.postgres)),
        pytest.raises(PortTaken) as raised,
    ):
        check_ports(config)

    assert [line.split("; ")[1] for line in str(raised.value).splitlines()] == [
        "set CULM_PORT_API to a free port",
        "set CULM_PORT_POSTGRES to a free port",
    ]


def test_one_port_for_two_servers_is_named(tmp_path: Path) -> None:
    ports = dataclasses.replace(free_ports(), kafka=21000, registry=21000)

    with pytest.raises(PortTaken, match="port 21000 is given to both kafka and registry; set CULM_PORT_REGISTRY to a free port"):
        check_ports(StackConfig.from_environ({}, home=tmp_path, ports=ports))


def test_every_process_with_metrics_has_a_port_that_is_looked_at() -> None:
    assert len(PORTS_OF_METRICS) == METRICS_PORTS


def test_ports_are_looked_at_by_a_bare_python_before_anything_is_fetched(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        environ = {"PATH": "/usr/bin:/bin", "CULM_HOME": str(tmp_path), "CULM_PORT_METRICS": str(port)}
        environ |= {f"CULM_PORT_{name}": str(number) for name, number in named_ports(free_ports())}

        done = subprocess.run(
            [sys.executable, "-S", "-m", "deploy.ports"], env=environ, cwd=CHECKOUT, capture_output=True, text=True, check=False
        )

    assert done.returncode == 1
    assert f"port {port} for metrics is taken by another process; set CULM_PORT_METRICS" in done.stderr


def test_an_installation_says_how_far_it_is() -> None:
    lines = ["Collecting a==1\n", "Downloading a.whl\n", "Collecting b==2\n", "Installing collected packages: a, b\n"]

    shown = [text for _, text in progress(iter(lines), 2) if text]

    assert shown == ["package 1 of 2, a==1", "installing 2 packages"]
