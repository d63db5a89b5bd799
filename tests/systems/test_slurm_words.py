"""What Slurm's commands print, read: literal texts of Slurm 22.05.8, and what they are when something is wrong with them."""

import pytest

from agents.harvester.systems import slurm_words
from agents.harvester.systems.contract import NativeState, NativeWorker

JOBCOMP = (
    b"JobId=1 UserId=root(0) GroupId=root(0) Name=kit-1 JobState=FAILED Partition=main TimeLimit=10 "
    b"StartTime=2026-11-30T00:52:20 EndTime=2026-11-30T00:52:20 NodeList=localhost "
    b"NodeCnt=1 ProcCnt=1 WorkDir=/ ReservationName= "
    b"Tres=cpu=1,mem=300M,node=1,billing=1 Account= QOS= WcKey= Cluster=unknown SubmitTime=2026-11-30T00:52:19 "
    b"EligibleTime=2026-11-30T00:52:19 DerivedExitCode=0:0 ExitCode=7:0 \n"
)


def line(**cells: str) -> bytes:
    """One line of squeue."""
    usual = {
        "JobID": "12", "State": "RUNNING", "exit_code": "0", "MinMemory": "300M", "NumCPUs": "1", "NodeList": "n1",
        "Comment": "kit-1", "Name": "kit-1", "Reason": "None",
    }  # fmt: skip
    values = {**usual, **cells}
    return b"".join(values[name].encode()[:width].ljust(width) for name, width in slurm_words.COLUMNS.items()) + b"\n"


@pytest.mark.parametrize(
    ("printed", "batch_id"),
    [
        (b"12\n", "12"),
        (b"12;cluster\n", "12"),
        (b"Submitted batch job 12\n", "12"),
        (b"Welcome to site 9\n  12  \nbye\n", "12"),
        (b"12\n12\n", "12"),
        (b"12\n13\n", None),
        (b"", None),
        (b"0\n", None),
        (b"-1\n", None),
        (b"12 jobs\n", None),
        (b"12345678901234567890\n", None),
        (b"\xff\xfe\n", None),
    ],
)
def test_an_id_is_taken_from_a_line_of_its_own_or_not_at_all(printed: bytes, batch_id: str | None) -> None:
    assert slurm_words.submitted_id(printed) == batch_id


@pytest.mark.parametrize(
    ("word", "reason", "state"),
    [
        ("PENDING", "Resources", NativeState.PENDING),
        ("PENDING", "JobHeldUser", NativeState.HELD),
        ("PENDING", "QOSMaxJobsPerUserLimit", NativeState.PENDING),
        ("REQUEUE_HOLD", "", NativeState.HELD),
        ("COMPLETING", "", NativeState.RUNNING),
        ("SUSPENDED", "", NativeState.RUNNING),
        ("COMPLETED", "", NativeState.FINISHED),
        ("CANCELLED by 0", "", NativeState.CANCELLED),
        ("CANCELLED+", "", NativeState.CANCELLED),
        ("OUT_OF_MEMORY", "", NativeState.OUT_OF_MEMORY),
        ("BOOT_FAIL", "", NativeState.NODE_FAILED),
        ("A_WORD_OF_A_LATER_SLURM", "", NativeState.RUNNING),
        ("", "", NativeState.RUNNING),
    ],
)
def test_states_of_slurm_have_their_meaning_and_an_unknown_word_is_no_end(word: str, reason: str, state: NativeState) -> None:
    assert slurm_words.state_of(word, reason) is state


@pytest.mark.parametrize(
    ("text", "megabytes"), [("300M", 300), ("5000Mn", 5000), ("2.50G", 2560), ("1T", 1048576), ("512K", 0), ("0", 0), ("x", None)]
)
def test_sizes_of_slurm_are_read_in_megabytes(text: str, megabytes: int | None) -> None:
    assert slurm_words.megabytes(text) == megabytes


def test_a_wait_status_becomes_exit_code_or_signal() -> None:
    found = slurm_words.queue(
        line(State="FAILED", exit_code="1792")
        + line(State="FAILED", exit_code="11")
        + line(State="OUT_OF_MEMORY", exit_code="125"),
        "kit",
    )

    assert [(worker.exit_code, worker.signal) for worker in found.workers] == [(7, None), (None, 11), (None, None)]


def test_a_tag_in_the_name_counts_where_the_site_overwrote_the_comment() -> None:
    assert [worker.tag for worker in slurm_words.queue(line(Comment="project 7"), "kit").workers] == ["kit-1"]


def test_a_foreign_line_that_is_broken_by_its_own_text_is_left_out() -> None:
    broken = line(Comment="a\nb", Name="x")
    found = slurm_words.queue(line() + b"77" + broken[2:50] + b"\n" + line(JobID="13", Comment="kit-2"), "kit")

    assert [worker.tag for worker in found.workers] == ["kit-1", "kit-2"]
    assert found.problem == ""


def test_a_line_that_is_cut_makes_the_answer_incomplete() -> None:
    assert slurm_words.queue(line() + line()[:-40], "kit").problem == "squeue's last line is cut"
    assert slurm_words.queue(line() + line()[:-40] + b"\n", "kit").problem.startswith("squeue printed a line of")


def test_what_sbatch_refused_is_no_worker_though_slurm_shows_it_as_failed() -> None:
    refused = line(State="FAILED", exit_code="1", NodeList="", Reason="BadConstraints")
    written_down = JOBCOMP.replace(b"NodeList=localhost NodeCnt=1", b"NodeList=(null) NodeCnt=0")

    assert slurm_words.queue(refused, "kit").workers == ()
    assert list(slurm_words.completions(written_down, "kit", 0)) == []
    cancelled = list(slurm_words.completions(written_down.replace(b"FAILED", b"CANCELLED"), "kit", 0))
    assert [(worker.state, worker.node) for worker in cancelled] == [(NativeState.CANCELLED, "")]


def test_an_end_is_read_from_jobcomp() -> None:
    assert list(slurm_words.completions(JOBCOMP, "kit", 0)) == [
        NativeWorker("kit-1", "1", NativeState.FAILED, "FAILED", "", "localhost", 7, None, 300, 1)
    ]


@pytest.mark.parametrize(
    "text",
    [
        JOBCOMP[:-30],
        JOBCOMP.replace(b"Name=kit-1 ", b"Name=kit-1 x "),
        JOBCOMP.replace(b"root(0) GroupId", b"eve(1000) GroupId"),
        JOBCOMP.replace(b"kit-1", b"other-1"),
        JOBCOMP.replace(b"JobState=FAILED", b"JobState=REQUEUED"),
    ],
)
def test_a_line_of_jobcomp_that_is_cut_or_of_others_is_no_end(text: bytes) -> None:
    assert list(slurm_words.completions(text, "kit", 0)) == []


def test_ends_are_read_from_sacct() -> None:
    text = b"7\x1fCANCELLED by 0\x1f0:15\x1f300M\x1f1\x1fn1\x1fkit-1\n8\x1fRUNNING\x1f0:0\x1f300M\x1f1\x1fn1\x1fkit-2\n"

    assert slurm_words.accounted(text, "kit").workers == (
        NativeWorker("kit-1", "7", NativeState.CANCELLED, "CANCELLED by 0", "", "n1", None, 15, 300, 1),
    )
    assert slurm_words.accounted(text[:-5], "kit").problem == "sacct's last line is cut"
