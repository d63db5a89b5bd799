"""Queues and batch systems of a harvester: read from a file, refused by name, value and expectation."""

from pathlib import Path

import pytest

from agents.harvester.config import HarvesterConfig, ServedQueue, read_config
from agents.harvester.systems.registry import NoSuchSystem, known, make_system
from process.settings import SettingRefused

BASIC = {"CULM_API": "http://127.0.0.1:1", "CULM_HOME": "/nowhere"}


def config_of(folder: Path, text: str) -> HarvesterConfig:
    (folder / "config.toml").write_text(text)
    return read_config({**BASIC, "CULM_HARVESTER_CONFIG": str(folder / "config.toml")})


def test_one_harvester_serves_many_queues_of_many_systems(tmp_path: Path) -> None:
    config = config_of(
        tmp_path,
        '[queues.A]\nsystem = "slurm"\npilots_max = 3\nsettings = {partition = "long"}\n'
        '[queues.B]\n[systems.slurm]\nsacct = "yes"\n',
    )

    assert [(one.name, one.system) for one in config.queues] == [("A", "slurm"), ("B", "local")]
    assert (config.queues[0].pilots_max, config.queues[0].settings) == (3, {"partition": "long"})
    assert config.systems == {"slurm": {"sacct": "yes"}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "has 0 queues, expected 1 to 500"),
        ("[queues.A", "expected a file of TOML"),
        ("[queues.A]\nsystme = 'slurm'\n", "queues.A: found 'systme', expected system, pilots_max, pilot and settings"),
        ("[queues.A]\npilot = '/nowhere'\n", "queues.A.pilot is '/nowhere', expected the path of a program that may be run"),
        ("[queues.A]\npilot = 7\n", "queues.A.pilot is '7', expected the path of a program that may be run"),
        ("[queues.A]\npilots_max = -1\n", "queues.A.pilots_max is -1, expected a whole number from 0"),
        ("[queues.A]\nsystem = 3\n", "queues.A.system is 3, expected the name of a batch system"),
        ("[queues.A]\nsettings = {a = 1}\n", "queues.A.settings: expected a table of texts"),
        ("queues = 3\n", "queues is a int, expected a table"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(SettingRefused) as raised:
        config_of(tmp_path, text or "x = 1\n")

    assert expected in str(raised.value)


def test_no_two_queues_have_workers_of_one_name() -> None:
    names = ["A_b", "a-b", "AB", "ab", "SLAC_Rubin_Extra_Himem", "SLAC_Rubin_Extra", "ÄÖ"]

    slugs = [ServedQueue(name).slug for name in names]

    assert len(set(slugs)) == len(names)
    assert max(map(len, slugs)) <= 18


@pytest.mark.parametrize(
    ("name", "stack", "settings", "reason"),
    [
        ("lsf", "culm", {}, "batch system 'lsf' is unknown, expected one of"),
        ("local", "culm", {"colour": "red"}, "cannot be used: setting 'colour' is unknown"),
        ("local", "CULM", {}, "cannot be used: stack is 'CULM'"),
    ],
)
def test_a_system_that_cannot_be_used_is_refused_by_name(
    tmp_path: Path, name: str, stack: str, settings: dict[str, str], reason: str
) -> None:
    found = make_system(name, stack, settings, tmp_path, known())

    assert isinstance(found, NoSuchSystem)
    assert reason in found.reason
