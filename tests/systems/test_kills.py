"""A harvester that is killed at each named point while it uses each plugin: nothing is lost, and nothing is there twice.

In: the batch systems of this run, stand-ins or real. A few points always, all by `CULM_KILL_POINTS=all` (`make killed`).
"""

import importlib
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.harvester.kill_points import POINTS
from agents.harvester.systems.contract import NativeState
from check.report import judge_log
from check.workers import WorkersAreIntended
from schemas.worker import WorkerIntended
from tests.agents.culm_stand_in import CulmStandIn, eventually
from tests.agents.processes import Agent
from tests.check.test_workers_law import seen_of
from tests.starting import starts_processes
from tests.systems.kit import Ability, Adapter, Outcome

ALL = os.environ.get("CULM_KILL_POINTS") == "all"
#: Of a queue that pushes alone, and of the plugin for processes of a host: tests/agents/test_harvester_killed.py.
ELSEWHERE = {
    "bind.before", "bind.after", "job.before", "job.after", "local.prepared", "local.started", "local.recorded", "end.written",
}  # fmt: skip
#: Commands and requests are many: the first is a listing, later ones submit, cancel and ask how it went.
NATIVE = ("native.before#2", "native.before#3", "native.after#2", "native.after#3", "native.after#5")
DOSE = {"submit.after", "native.after#3"}
#: Points that a plugin does not come to.
NOT_OF: dict[str, tuple[str, ...]] = {
    "slurm": ("kubernetes", "arc"),
    "htcondor": ("kubernetes", "arc"),
    "kubernetes": ("folder", "arc"),
    "arc": ("kubernetes",),
    "local": ("folder", "native", "kubernetes", "arc"),
}
#: What a worker that vanished brings about alone.
OF_ABSENCES = {"reconcile.before", "reconcile.after"}
#: What a worker brings about that is too many while it waits. On an idle real system none waits.
OF_WAITING = {"withdraw.before", "withdraw.after", "cancel.before", "cancel.after"}
STARTS_AT_ONCE = {"slurm", "htcondor", "local"}
KINDS = [point for point in POINTS if point not in ELSEWHERE and not point.startswith("native.")] + list(NATIVE)
#: Time passes at Culm with each listing, so that listings prove something.
LISTING_SECONDS = 10.0


class Died(Exception):
    """The harvester was killed."""


class KilledSite:
    """Culm, a batch system with its plugin, and harvesters one after the other."""

    def __init__(self, culm: CulmStandIn, adapter: Adapter, folder: Path) -> None:
        self.culm, self.adapter, self._folder = culm, adapter, folder
        self.system: str = adapter.plugin().describe().name
        self.is_real: bool = importlib.import_module(type(adapter).__module__).STARTS_PROCESSES
        self.agent: Agent | None = None
        self.most = 0
        (folder / "site.toml").write_text(
            f'[queues.Q]\nsystem = "{self.system}"\npilots_max = 10\npilot = "{adapter.program}"\n'
            f"[queues.Q.settings]\n{_lines(adapter.queue_settings)}"
            f"[systems.{self.system}]\n{_lines(getattr(adapter, 'settings', {}))}"
        )
        adapter.program.chmod(0o755)
        (folder / "code").write_text("code-1")

    def harvester(self, point: str = "") -> Agent:
        """Start one, which dies at `point`."""
        folder = getattr(self.adapter, "folder", self._folder)
        self.agent = Agent(
            "agents.harvester", self.culm, self._folder,
            CULM_HOME=str(folder), CULM_HARVESTER_CONFIG=str(self._folder / "site.toml"), CULM_STACK_ID=self.adapter.stack,
            CULM_ENROLMENT_FILE=str(self._folder / "code"), CULM_HARVESTER_POLL_SECONDS="0.2",
            CULM_HARVESTER_SUBMIT_SECONDS="5", CULM_KILL_AT=point, CULM_PILOT_ISOLATION="off",
            CULM_HARVESTER_SERVICE_SECONDS=os.environ.get("CULM_HARVESTER_SERVICE_SECONDS", "300"),
        )  # fmt: skip
        return self.agent

    def drive_to_its_death(self) -> None:
        """Let workers begin, vanish, end well, and be too many while they wait."""
        self.culm.want(2)
        tags = self._until(self.two)
        if Ability.LEAVE_NO_TRACE not in self.adapter.lacks and hasattr(self.adapter, "erase"):
            self.adapter.erase(tags[0])
            self._until(lambda: tags[0] not in self.culm.tags_alive())
            tags = self._until(self.two)
        if Ability.START not in self.adapter.lacks:
            self.adapter.start(tags[0])
            self.adapter.end(tags[0], Outcome.FINISHED)
            self._until(lambda: tags[0] not in self.culm.tags_alive())
            self._until(self.two)
        self.culm.want(0)
        self._until(self.all_over)
        self._until(lambda: False)

    def two(self) -> list[str]:
        """The tags of two workers that the log and the batch system have alike; empty while that is not so."""
        tags = self.all_known()
        return tags if len(tags) == 2 else []

    def all_known(self) -> list[str]:
        """The tags of all living workers, where log and batch system have each of them once; empty while that is not so."""
        self.adapter.settle()
        tags = sorted(self.culm.tags_alive())
        copies = [self.adapter.copies(tag) for tag in tags]
        self.most = max([self.most, *copies])
        submitted = not self.culm.states_alive() & {"INTENDED"}
        return tags if submitted and all(number == 1 for number in copies) else []

    def all_over(self) -> bool:
        """Whether no worker is left on either side; those that run are ended well."""
        self.adapter.settle()
        for tag in self.intended():
            if self.system == "local" and self.adapter.copies(tag):
                self.adapter.end(tag, Outcome.FINISHED)
        return not self.culm.tags_alive() and not any(self.adapter.copies(tag) for tag in self.intended())

    def intended(self) -> set[str]:
        """Tags of all workers that there ever were."""
        return {event.tag for event, _ in list(self.culm.log.events) if isinstance(event, WorkerIntended)}

    def _until(self, condition: Callable[[], Any]) -> Any:
        agent = self.agent
        assert agent is not None
        found = eventually(lambda: agent.process.poll() is not None or condition())
        if agent.process.poll() is not None:
            raise Died
        return found


def _lines(settings: Any) -> str:
    return "".join(f"{key} = '{value}'\n" for key, value in settings.items())


@pytest.fixture
@starts_processes
def site(adapter: Adapter, tmp_path: Path) -> Iterator[KilledSite]:
    """A site without any harvester yet."""
    culm = CulmStandIn(tmp_path / "storage")
    culm.listing_seconds = LISTING_SECONDS
    found = KilledSite(culm, adapter, tmp_path)
    yield found
    if found.agent is not None:
        found.agent.close()
    culm.close()


@pytest.mark.parametrize("point", [point for point in KINDS if ALL or point in DOSE])
def test_after_a_sigkill_at_a_point_the_next_harvester_goes_on_with_the_same_plugin(site: KilledSite, point: str) -> None:
    name = point.partition(".")[0]
    if name in NOT_OF[site.system]:
        pytest.skip(f"{site.system} does not come to {point}")
    if point in OF_ABSENCES and Ability.LEAVE_NO_TRACE in site.adapter.lacks:
        pytest.skip(f"{point}: {site.adapter.lacks[Ability.LEAVE_NO_TRACE]}")
    if point in OF_WAITING and site.system in STARTS_AT_ONCE and site.is_real:
        pytest.skip(f"{point}: workers of an idle {site.system} do not wait")
    first = site.harvester(point)
    with pytest.raises(Died):
        site.drive_to_its_death()
    assert first.ended() == -signal.SIGKILL

    site.culm.want(2)
    second = site.harvester()
    eventually(site.two)
    site.culm.want(0)
    eventually(site.all_over)
    second.send(signal.SIGTERM)
    assert second.ended() == 0

    listing = site.adapter.plugin().listing()
    living = [worker.tag for worker in listing.workers if not worker.state.is_end and worker.state is not NativeState.HELD]
    assert (listing.problem, living, site.most) == ("", [], 1)
    assert {worker.tag for worker in listing.workers} <= site.intended()
    (law,) = judge_log(seen_of(site.culm.log), [WorkersAreIntended()])
    assert law.first is None
