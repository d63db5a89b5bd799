"""Java, Maven, ports: what is missing is named together with the remedy."""

import socket
import stat
from pathlib import Path

import pytest

from deploy import fetch
from deploy.config import Ports, StackConfig
from deploy.errors import MissingTool, PortTaken, StepFailed
from deploy.java import find_java, find_maven
from deploy.ports import check_ports


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
    with pytest.raises(MissingTool, match="Java was not found") as told:
        find_java({"PATH": str(tmp_path)})

    for word in ("openjdk-17-jre-headless", "JAVA_HOME", "CULM_JAVA"):
        assert word in str(told.value)


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
    """Ports that nobody listens on."""
    probes = [socket.socket() for _ in range(5)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    numbers = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return Ports(*numbers)


def test_a_taken_port_is_named_with_the_variable_to_set(tmp_path: Path) -> None:
    ports = free_ports()
    config = StackConfig.from_environ({}, home=tmp_path, ports=ports)
    check_ports(config)

    with socket.create_server(("127.0.0.1", ports.registry)), pytest.raises(PortTaken) as told:
        check_ports(config)

    assert str(told.value) == (
        f"port {ports.registry} for registry is taken by another process; set CULM_PORT_REGISTRY to a free port"
    )


def test_the_port_of_a_server_that_is_not_ours_may_be_taken(tmp_path: Path) -> None:
    ports = free_ports()
    config = StackConfig.from_environ({"CULM_KAFKA": "127.0.0.1:9092"}, home=tmp_path, ports=ports)

    with socket.create_server(("127.0.0.1", ports.kafka)), socket.create_server(("127.0.0.1", ports.kafka_controller)):
        check_ports(config)
