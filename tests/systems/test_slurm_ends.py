"""Where Slurm's plugin finds ends that left `squeue`, what it does when that place cannot be read, and how its script behaves."""

import os
import select
import subprocess
import time
from pathlib import Path

import pytest

from agents.harvester.systems.contract import NativeState
from agents.harvester.systems.native_command import run_command
from agents.harvester.systems.slurm import Slurm
from agents.harvester.systems.worker_folders import WorkerFolders
from tests.systems.emulated_state import changed
from tests.systems.kit import Outcome, a_spec, shown, submitted
from tests.systems.slurm_stand_in import SlurmStandIn


@pytest.fixture
def slurm(tmp_path: Path) -> SlurmStandIn:
    return SlurmStandIn(tmp_path, "kit")


def test_a_jobcomp_file_that_cannot_be_read_makes_listings_incomplete_and_is_named(slurm: SlurmStandIn) -> None:
    listing = slurm.plugin(jobcomp_file="/no/such/file").listing()

    assert not listing.complete
    assert listing.problem == "jobcomp_file /no/such/file cannot be read: No such file or directory"


def test_an_end_is_found_in_sacct(slurm: SlurmStandIn) -> None:
    plugin = slurm.plugin(jobcomp_file="", sacct="yes")
    (tag,) = submitted(slurm, plugin)
    slurm.start(tag)
    slurm.end(tag, Outcome.OUT_OF_MEMORY)

    slurm.forget(tag)

    assert shown(plugin.listing(), tag).state is NativeState.OUT_OF_MEMORY


def test_an_end_before_the_last_rotation_of_the_jobcomp_file_is_found(slurm: SlurmStandIn) -> None:
    plugin = slurm.plugin()
    (tag,) = submitted(slurm, plugin)
    slurm.start(tag)
    slurm.end(tag, Outcome.TIMEOUT)
    slurm.forget(tag)

    (slurm.folder / "jobcomp.log").rename(slurm.folder / "jobcomp.log.1")
    (slurm.folder / "jobcomp.log").touch()

    assert shown(plugin.listing(), tag).state is NativeState.TIMEOUT


def test_without_accounting_an_end_is_what_the_worker_wrote_down(slurm: SlurmStandIn) -> None:
    plugin = slurm.plugin(jobcomp_file="")
    slurm.program.write_text("#!/bin/sh\necho last words >&2\nexit 7\n")
    (tag,) = submitted(slurm, plugin)
    with (slurm.spool / tag / "stderr").open("wb") as errors:
        subprocess.run([slurm.spool / tag / "run"], env={"SLURM_JOB_ID": "1"}, stderr=errors, check=False)

    slurm.erase(tag)

    worker = shown(plugin.listing(), tag)
    assert (worker.state, worker.exit_code, worker.batch_id) == (NativeState.FAILED, 7, "1")
    assert WorkerFolders(slurm.spool, "kit").last_words(tag) == "last words\n"


def test_a_worker_of_one_tag_runs_once(slurm: SlurmStandIn) -> None:
    (tag,) = submitted(slurm, slurm.plugin())

    codes = [subprocess.run([slurm.spool / tag / "run"], check=False).returncode for _ in range(3)]

    assert codes == [0, 87, 87]


@pytest.mark.parametrize("whom", ["script", "all"])
def test_the_program_gets_a_signal_to_its_script_and_its_exit_code_is_kept(slurm: SlurmStandIn, whom: str) -> None:
    slurm.program.write_text(
        "#!/bin/sh\ntrap 'exit 5' TERM\n"
        + ("kill -TERM $PPID\n" if whom == "script" else "kill -TERM $PPID $$\n")
        + "while :; do sleep 0.05; done\n"
    )
    (tag,) = submitted(slurm, slurm.plugin())

    code = subprocess.run([slurm.spool / tag / "run"], check=False).returncode

    assert code == 5
    assert (slurm.spool / tag / "exit_code").read_text() == "5 -\n"


def test_a_running_worker_that_shall_retire_is_sent_a_signal_and_not_cancelled(slurm: SlurmStandIn) -> None:
    plugin = Slurm("kit", slurm.settings, slurm.folder / "work")
    runs, _ = submitted(slurm, plugin, "w1", "w2")
    slurm.start(runs)
    (slurm.spool / runs / "started").mkdir()  # as its script does first

    plugin.retire(plugin.listing().workers)

    with changed(slurm.folder) as state:
        assert [job.get("signals") for job in state["jobs"].values()] in ([["USR1"], None], [None, ["USR1"]])
    assert shown(plugin.listing(), runs).state is NativeState.RUNNING


@pytest.mark.stack  # runs the script
def test_a_worker_that_retires_before_its_script_runs_ends_well_and_is_not_signalled(slurm: SlurmStandIn) -> None:
    plugin = Slurm("kit", slurm.settings, slurm.folder / "work")
    slurm.program.write_text("#!/bin/sh\nexit 9\n")
    (tag,) = submitted(slurm, plugin)
    slurm.start(tag)

    plugin.retire(plugin.listing().workers)

    assert subprocess.run([slurm.spool / tag / "run"], check=False).returncode == 0
    assert (slurm.spool / tag / "exit_code").read_text() == "0 -\n"
    with changed(slurm.folder) as state:
        assert [job.get("signals") for job in state["jobs"].values()] == [None]


@pytest.mark.stack  # runs the script
def test_a_program_that_the_request_to_retire_ends_has_ended_well(slurm: SlurmStandIn) -> None:
    slurm.program.write_text("#!/bin/sh\nkill -USR1 $PPID\nwhile :; do sleep 0.05; done\n")
    (tag,) = submitted(slurm, slurm.plugin())

    code = subprocess.run([slurm.spool / tag / "run"], check=False).returncode

    assert code == 0
    assert (slurm.spool / tag / "exit_code").read_text() == "0 -\n"


@pytest.mark.stack  # runs the script
@pytest.mark.parametrize(
    ("program", "code"), [("kill -USR1 $$", 138), ("exit 138", 138), ("trap '' USR1; kill -USR1 $PPID; exit 10", 10)]
)
def test_another_end_of_a_program_is_what_it_was(slurm: SlurmStandIn, program: str, code: int) -> None:
    slurm.program.write_text(f"#!/bin/sh\n{program}\n")
    (tag,) = submitted(slurm, slurm.plugin())

    assert subprocess.run([slurm.spool / tag / "run"], check=False).returncode == code


def test_workers_of_another_system_below_the_same_folder_outlive_a_sweep(slurm: SlurmStandIn) -> None:
    other = slurm.folder / "work" / "htcondor" / "kit-w1"
    other.mkdir(parents=True)
    local = slurm.folder / "work" / "kit-w2"
    local.mkdir()

    slurm.plugin().sweep(lambda tag: True)

    assert other.is_dir()
    assert local.is_dir()


def test_what_a_worker_made_of_its_exit_code_file_hurts_no_listing(slurm: SlurmStandIn) -> None:
    plugin = slurm.plugin(jobcomp_file="")
    tags = submitted(slurm, plugin, "w1", "w2", "w3", "w4")
    made = [slurm.spool / tag / "exit_code" for tag in tags]
    made[0].symlink_to("/dev/zero")
    os.mkfifo(made[1])
    made[2].write_bytes(b"\xff" * 100_000)
    made[3].mkdir()
    for tag in tags:
        slurm.erase(tag)

    listing = plugin.listing()

    assert listing.complete
    assert listing.workers == ()


def test_events_wake_when_a_job_ends(slurm: SlurmStandIn) -> None:
    plugin = slurm.plugin()
    (tag,) = submitted(slurm, plugin)
    slurm.start(tag)
    events = plugin.events()
    assert events is not None
    assert select.select([events], [], [], 0)[0] == []

    slurm.end(tag, Outcome.FINISHED)

    assert select.select([events], [], [], 30)[0] == [events]
    events.drain()
    assert select.select([events], [], [], 0)[0] == []
    events.close()


def test_a_hostile_setting_of_a_queue_is_refused_and_nothing_is_run(slurm: SlurmStandIn) -> None:
    for value in ("", "-x", "a b", "$(id)", "a\nb", "x" * 300, "--wrap=id"):
        (outcome,) = slurm.plugin().submit([a_spec(slurm, settings={"partition": value})])

        assert "setting partition is" in getattr(outcome, "reason", "")
    assert slurm.copies("kit-w1") == 0


def test_a_command_that_is_given_up_leaves_no_process_behind(tmp_path: Path) -> None:
    """Its child keeps the outputs open, as a wrapper of a site does; both are dead on return."""
    program = tmp_path / "hangs"
    program.write_text(f"#!/bin/sh\nsleep 3600 & echo $! > {tmp_path}/child; echo $$ > {tmp_path}/own; yes\n")
    program.chmod(0o755)

    ran = run_command([str(program)], {"PATH": "/usr/bin:/bin"}, 600.0, bytes_max=1000)

    assert ran.exit_code is None
    assert ran.problem.endswith("printed more than 1000 bytes")
    for name in ("child", "own"):
        stat = Path("/proc") / (tmp_path / name).read_text().strip() / "stat"
        while stat.exists() and stat.read_text().split()[2] != "Z":
            time.sleep(0.01)


def test_a_command_that_is_not_there_says_so() -> None:
    assert run_command(["/no/such/command"], {}, 1.0).problem == "/no/such/command cannot be started: No such file or directory"


@pytest.mark.stack  # runs the script
def test_the_programs_own_code_counts_when_a_signal_comes_as_it_ends(slurm: SlurmStandIn, tmp_path: Path) -> None:
    slurm.program.write_text("#!/bin/sh\ntrap '' USR1\nkill -USR1 $PPID\nexit 0\n")
    folders = WorkerFolders(tmp_path / "workers", "kit")

    codes = [subprocess.run([folders.make(a_spec(slurm, f"w{number}")) / "run"], check=False).returncode for number in range(60)]

    assert codes == [0] * 60
    assert {left.exit_code for left in folders.left()} == {0}
