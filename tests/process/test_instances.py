"""Kinds of processes and their instances: names, ports, and what each is given."""

import json
from pathlib import Path

import pytest

from deploy.config import StackConfig, saved
from deploy.errors import AlreadyUp
from deploy.ports import _ports
from deploy.processes import culm_processes
from deploy.resizing import resizing
from process.instances import BY_NAME, KINDS, MEASURED, Process, process_named, processes_of_a_stack, shown_names
from process.mirrored import VARIABLE
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
    many = processes_of_a_stack({kind.name: min(3, kind.most) for kind in KINDS})
    ports = [one.metrics_port(25120) for one in many if one.kind.has_metrics]

    assert [Process(BY_NAME[name]).metrics_port(25120) for name in MEASURED] == [25120, 25121, 25122, 25123, 25124, 25125]
    assert len(set(ports)) == len(ports) == 20
    assert max(ports) == 25141


def test_a_number_of_instances_out_of_range_is_named() -> None:
    for count in (0, 10):
        with pytest.raises(ValueError, match=f"projectors is {count}, expected a whole number from 1 to 9"):
            processes_of_a_stack({"projector": count})


def test_a_kind_with_one_instance_is_shown_by_its_name_and_several_by_numbers() -> None:
    shown = shown_names(["kafka", "kafka-2", "decider", "api", "api-2"])

    assert shown == {"kafka": "kafka", "kafka-2": "kafka-2", "decider": "decider", "api": "api-1", "api-2": "api-2"}


def test_counts_are_taken_from_variables_and_kept_with_the_stack(tmp_path: Path) -> None:
    config = StackConfig.from_environ({"CULM_PROJECTORS": "2", "CULM_APIS": "3", "CULM_DECIDERS": "1"}, home=tmp_path)
    config.run.mkdir()
    config.save()

    assert config.counts == {"projector": 2, "api": 3}
    assert saved(tmp_path) == config
    assert [one["targets"] for one in json.loads((config.run / "targets.json").read_text())] == [
        ["127.0.0.1:25131"], ["127.0.0.1:25133"], ["127.0.0.1:25141"],
    ]  # fmt: skip
    with pytest.raises(ValueError, match="CULM_PROJECTORS is 'two', expected a whole number from 1 to 9"):
        StackConfig.from_environ({"CULM_PROJECTORS": "two"}, home=tmp_path)


def test_no_two_processes_of_the_largest_stack_share_a_port(tmp_path: Path) -> None:
    environ = {kind.count_variable: str(kind.most) for kind in KINDS} | {"CULM_BROKERS": "3", VARIABLE: "atlas"}
    ports = [port for port, _, _ in _ports(StackConfig.from_environ(environ, home=tmp_path))]

    assert len(ports) == len(set(ports)) == 6 * 9 + 9 + 3 + 6 + 2


def test_each_api_listens_apart_and_all_are_known_by_one_address(tmp_path: Path) -> None:
    config = StackConfig.from_environ({"CULM_APIS": "2", "CULM_API_PUBLIC": "https://culm.example"}, home=tmp_path)
    programs = {one.name: one.environment for one in culm_processes(config, {})}

    assert [programs[name]["CULM_API_BIND"] for name in ("api", "api-2")] == ["127.0.0.1:25080", "127.0.0.1:25082"]
    assert [programs[name]["CULM_API_HEALTH"] for name in ("api", "api-2")] == ["http://127.0.0.1:25080", "http://127.0.0.1:25082"]
    assert {programs[name]["CULM_API_PUBLIC"] for name in ("api", "api-2")} == {"https://culm.example"}


def test_an_edge_is_there_only_where_it_is_asked_for_and_meets_the_first_api_at_a_socket(tmp_path: Path) -> None:
    without = StackConfig.from_environ({}, home=tmp_path)
    config = StackConfig.from_environ({"CULM_EDGES": "1", "CULM_PORT_X509": "20443"}, home=tmp_path)
    programs = {one.name: one.environment for one in culm_processes(config, {"CULM_X509_CERTIFICATE": "host.pem"})}
    socket = {one.name: one.environment for one in culm_processes(without, {})}["api"]["CULM_EDGE_SOCKET"]

    assert (without.edge, config.edge) == ("", "https://127.0.0.1:20443")
    assert {programs[name]["CULM_EDGE_SOCKET"] for name in ("api", "edge")} == {socket} == {f"{tmp_path}/edge/api.sock"}
    assert (programs["edge"]["CULM_X509_CERTIFICATE"], programs["edge"]["CULM_PORT_X509"]) == ("host.pem", "20443")
    assert "CULM_POSTGRES" not in programs["edge"]
    assert [target["targets"] for target in config._scraped()] == [["127.0.0.1:25126"]]
    assert {name for _, name, _ in _ports(config)} - {name for _, name, _ in _ports(without)} == {"edge"}
    with pytest.raises(ValueError, match="CULM_EDGES is '2', expected a whole number from 0 to 1"):
        StackConfig.from_environ({"CULM_EDGES": "2"}, home=tmp_path)


def test_a_mirror_is_there_only_where_an_organisation_has_one_and_is_given_no_database(tmp_path: Path) -> None:
    config = StackConfig.from_environ({VARIABLE: "cms,atlas", "CULM_MIRRORS": "0"}, home=tmp_path)
    config.run.mkdir()
    config.save()
    (mirror,) = [one for one in culm_processes(config, {VARIABLE: "others"}) if one.name == "mirror"]

    assert "mirror" not in {one.name for one in culm_processes(StackConfig.from_environ({}, home=tmp_path), {})}
    assert saved(tmp_path) == config
    assert (config.mirrored, mirror.environment[VARIABLE]) == (("atlas", "cms"), "atlas,cms")
    assert mirror.environment.keys().isdisjoint({"CULM_POSTGRES", "CULM_API"})
    assert resizing(config, {"mirror"}, {"CULM_APIS": "1", VARIABLE: "atlas,cms"}).removed == ()
    with pytest.raises(AlreadyUp, match="which organisations have a mirror changes when Kafka starts"):
        resizing(config, {"mirror"}, {VARIABLE: "atlas"})


def test_an_edge_comes_to_a_running_stack_and_goes_again(tmp_path: Path) -> None:
    config = StackConfig.from_environ({}, home=tmp_path)
    there = {program.name for program in culm_processes(config, {})}

    with_edge = resizing(config, there, {"CULM_EDGES": "1"})
    without = resizing(with_edge.config, {*there, "edge"}, {"CULM_EDGES": "0"})

    assert ([program.name for program in with_edge.added], with_edge.removed) == (["edge"], ())
    assert (without.added, without.removed, without.config) == ((), ("edge",), config)


def test_a_running_stack_is_given_what_is_asked_for_and_keeps_the_rest(tmp_path: Path) -> None:
    config = StackConfig.from_environ({"CULM_APIS": "2", "CULM_TIMERS": "2"}, home=tmp_path)
    there = {"kafka", *(program.name for program in culm_processes(config, {}))}

    change = resizing(config, there, {"CULM_APIS": "1", "CULM_PROJECTORS": "3"})

    assert [program.name for program in change.added] == ["projector-2", "projector-3"]
    assert change.removed == ("api-2",)
    assert (change.before.counts, change.config.counts) == ({"timers": 2, "api": 2}, {"timers": 2, "projector": 3})


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


def test_deciders_are_counted_as_other_kinds_are_and_each_has_its_name(tmp_path: Path) -> None:
    config = StackConfig.from_environ({"CULM_DECIDERS": "2"}, home=tmp_path)
    programs = {one.name: one.environment for one in culm_processes(config, {})}

    assert [programs[name]["CULM_INSTANCE"] for name in ("decider", "decider-2")] == ["1", "2"]
