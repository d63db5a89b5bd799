"""A queue that is badly described, or whose batch system does not serve it, costs the other queues of its harvester nothing."""

from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import structlog
from structlog.testing import capture_logs

from agents.harvester import __main__ as program
from agents.harvester.batch import ServedSystem
from agents.harvester.config import HarvesterConfig, read_config
from agents.harvester.harvester import Wake, _events_of
from agents.harvester.systems.contract import GROUP, NativeState, Refused, SubmitOutcome, WorkerSpec
from agents.harvester.systems.registry import known
from process.settings import SettingRefused
from tests.sim.sites.batch_system import MemoryBatch, MemoryPlugin
from tests.sim.sites.clock import SiteTime
from tests.sim.sites.culm_side import PULL, PUSH, CulmSide
from tests.sim.sites.harvesters import HarvesterHost


def config_of(folder: Path, text: str) -> HarvesterConfig:
    (folder / "config.toml").write_text(text)
    file = {"CULM_HARVESTER_CONFIG": str(folder / "config.toml")}
    return read_config({"CULM_API": "http://127.0.0.1:1", "CULM_HOME": str(folder), **file})


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("[queues.BAD]\nsystme = 'slurm'\n", "queues.BAD: found 'systme', expected system, pilots_max, pilot and settings"),
        ("[queues.BAD]\npilots_max = -1\n", "queues.BAD.pilots_max is -1, expected a whole number from 0"),
        ("[queues.BAD]\nsettings = {a = 1}\n", "queues.BAD.settings: expected a table of texts"),
        ("[queues]\nBAD = 3\n", "queues.BAD: found 'int', expected system, pilots_max, pilot and settings"),
        ("[queues.BAD]\nsystem = 'lsf'\n[systems.lsf]\na = 1\n", "systems.lsf: expected a table of texts"),
    ],
)
def test_a_bad_table_refuses_its_own_queue_and_the_other_is_served(tmp_path: Path, bad: str, reason: str) -> None:
    config = config_of(tmp_path, f"{bad}[queues.GOOD]\npilots_max = 3\n")

    assert [(one.name, one.pilots_max) for one in config.queues] == [("GOOD", 3)]
    assert config.refused == {"BAD": reason}


def test_a_harvester_keeps_its_folder_when_its_first_queue_is_refused(tmp_path: Path) -> None:
    good = config_of(tmp_path, "[queues.A]\n[queues.B]\n")
    bad = config_of(tmp_path, "[queues.A]\npilots_max = -1\n[queues.B]\n")

    assert bad.folder == good.folder == tmp_path / "run" / "harvester-A"


def test_a_harvester_without_any_queue_that_can_be_served_says_why_of_each(tmp_path: Path) -> None:
    with pytest.raises(SettingRefused) as raised:
        config_of(tmp_path, "[queues.A]\npilots_max = -1\n[queues.B]\nsystem = 3\n")

    assert str(raised.value) == (
        "queues.A.pilots_max is -1, expected a whole number from 0; queues.B.system is 3, expected the name of a batch system"
    )


def test_queues_of_systems_that_cannot_be_used_are_named_and_the_others_are_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = config_of(
        tmp_path,
        "[queues.GOOD]\n[queues.UNKNOWN]\nsystem = 'lsf'\n[queues.ABSENT]\nsystem = 'ours'\n"
        "[queues.ODD]\nsystem = 'slurm'\n[systems.slurm]\ncolour = 'red'\n",
    )
    points = (*known(), EntryPoint("ours", "no_such_module:Ours", GROUP))
    monkeypatch.setattr(program, "known", lambda: points)

    with capture_logs() as said:
        nothing = cast(Any, None)
        systems = program._systems(config, nothing, nothing, nothing, nothing, cast(Any, Wake()))

    assert [(one.name, [queue.name for queue in one.services]) for one in systems] == [("local", ["GOOD"])]
    refused = {line["queues"][0]: line["problem"] for line in said if line["event"] == "system_refused"}
    assert sorted(refused) == ["ABSENT", "ODD", "UNKNOWN"]
    assert refused["UNKNOWN"].startswith("batch system 'lsf' is unknown, expected one of ")
    assert "batch system 'ours' (no_such_module:Ours) does not import: ModuleNotFoundError" in refused["ABSENT"]
    assert "setting 'colour' is unknown, expected one of" in refused["ODD"]


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def test_a_plugin_whose_events_break_is_listed_when_that_is_due(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> Any:
        raise RuntimeError("a bug of the site's own plugin")

    monkeypatch.setattr(MemoryPlugin, "events", broken)
    nothing = cast(Any, None)
    plugin = MemoryPlugin(nothing, nothing)
    system = ServedSystem("memory", plugin, [], SimpleNamespace(stack="s"), nothing, nothing)  # type: ignore[arg-type]  # enough

    with capture_logs() as said:
        assert _events_of(system) is None

    assert [(line["event"], line["system"]) for line in said] == [("plugin_broke", "memory")]


class Site:
    """A harvester with a queue whose pilots ask and one that pushes, both with work, on one batch system."""

    def __init__(self, folder: Path) -> None:
        self.time = SiteTime()
        self.culm = CulmSide(self.time, lambda *_: None)
        self.batch = MemoryBatch(self.time, lambda _: None)
        self.host = HarvesterHost("h1", folder, self.time, self.culm, self.batch)
        self.culm.configure(PULL, standby_min=2)
        self.culm.add_job(PUSH)

    def work(self, turns: int = 12) -> None:
        """Let the harvester take so many turns."""
        for _ in range(turns):
            self.time.pass_(3.0)
            self.culm.tick()
            assert self.host.step()
            self.batch.start_waiting()

    def living(self) -> list[str]:
        """The queue of each living worker of the batch system."""
        return sorted(job.queue for job in self.batch.living())


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    found = Site(tmp_path)
    yield found
    found.host.close()


def test_a_queue_that_its_system_refuses_has_none_and_the_other_has_its_workers(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit = MemoryPlugin._submit

    def picky(plugin: MemoryPlugin, spec: WorkerSpec) -> SubmitOutcome:
        if spec.queue == PUSH:
            return Refused(spec.tag, "partition is 'lnog', expected one of long, short", permanent=True)
        return submit(plugin, spec)

    monkeypatch.setattr(MemoryPlugin, "_submit", picky)
    with capture_logs() as said:
        site.work()

    assert site.living() == [PULL, PULL]
    refused = [line for line in said if line["event"] == "worker_refused"]
    assert {line["reason"] for line in refused} == {"partition is 'lnog', expected one of long, short"}


@pytest.mark.parametrize("method", ["describe", "submit", "listing", "cancel", "sweep"])
def test_a_plugin_that_breaks_does_not_end_its_harvester(
    site: Site, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    site.work(2)

    def broken(*_: object) -> Any:
        raise RuntimeError("a bug of the site's own plugin")

    monkeypatch.setattr(MemoryPlugin, method, broken)
    with capture_logs():
        for job in site.batch.living():
            site.batch.end(job, NativeState.FAILED, "", 1)
        site.culm.configure(PULL, standby_min=0)
        site.work()
        monkeypatch.undo()
        site.culm.configure(PULL, standby_min=2)
        site.work(40)

    assert site.living() == [PULL, PULL, PUSH]
