"""Kinds of processes and their instances: names, ports, and what each is given."""

from pathlib import Path

import pytest

from deploy.config import StackConfig
from deploy.processes import culm_processes
from process.instances import BY_NAME, KINDS, MEASURED, Process, process_named, processes_of_a_stack
from process.supervised import _place


def test_a_stack_has_one_instance_of_each_kind() -> None:
    assert [one.name for one in processes_of_a_stack()] == [
        "decider-1", "processors-1", "timers-1", "projector-1", "notary-1", "api-1", "harvester-1",
    ]  # fmt: skip


def test_the_first_instance_runs_under_the_name_of_its_kind_the_next_ones_by_number() -> None:
    two = [one for one in processes_of_a_stack({"decider": 2}) if one.kind.name == "decider"]

    assert [(one.name, one.program) for one in two] == [("decider-1", "decider"), ("decider-2", "decider-2")]
    assert [process_named(one.program) for one in two] == two


def test_what_is_no_process_of_culm_has_no_kind() -> None:
    assert [process_named(name) for name in ("kafka", "kafka-2", "decider-", "decider-0", "decider-x", "-1", "")] == [None] * 7


def test_a_kind_that_is_none_is_named() -> None:
    with pytest.raises(ValueError, match="no kind of process is named 'deciders', expected one of decider, processors"):
        processes_of_a_stack({"deciders": 2})


def test_an_instance_is_numbered_from_one() -> None:
    with pytest.raises(ValueError, match="instance of decider is 0, expected a whole number from 1"):
        Process(BY_NAME["decider"], 0)


def test_no_two_processes_serve_metrics_at_one_port() -> None:
    many = processes_of_a_stack({kind.name: 3 for kind in KINDS})
    ports = [one.metrics_port(25100) for one in many if one.kind.has_metrics]

    assert [Process(BY_NAME[name]).metrics_port(25100) for name in MEASURED] == [25100, 25101, 25102, 25103, 25104, 25105]
    assert len(set(ports)) == 18
    assert max(ports) == 25117


def test_processes_are_listed_behind_the_servers_in_the_order_of_the_flow() -> None:
    names = ["api", "decider-10", "strange", "decider-2", "postgres", "decider", "kafka", "projector"]

    assert sorted(names, key=_place) == ["kafka", "postgres", "decider", "decider-2", "decider-10", "projector", "api", "strange"]


def test_a_process_is_given_the_addresses_it_needs_and_no_others(tmp_path: Path) -> None:
    environ = {"CULM_POSTGRES": "postgresql://u:s3cret@db/culm", "CULM_PARTITIONS": "4", "CULM_LOG_FILE": "/x"}
    programs = {one.name: one.environment for one in culm_processes(StackConfig.from_environ(environ, home=tmp_path), environ)}

    holders = [name for name, given in programs.items() if "s3cret" in str(given)]
    assert holders == ["timers", "projector", "api"]
    assert (programs["decider"]["CULM_PARTITIONS"], programs["decider"]["CULM_INSTANCE"]) == ("4", "1")
    assert "CULM_LOG_FILE" not in programs["decider"]
