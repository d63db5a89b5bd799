"""The peer HTCondor: what is said when it cannot be compared, and what its answers mean."""

from pathlib import Path

from tests.bench.condor import completed_in, why_not


def test_it_says_why_it_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "made" / "usr" / "sbin").mkdir(parents=True)
    (tmp_path / "made" / "usr" / "sbin" / "condor_master").touch()

    assert why_not(1000, "/usr/sbin/debootstrap", tmp_path) == (
        "HTCondor is left out: its root file system can be made and entered by root only"
    )
    assert "debootstrap, which would put it there, is not installed" in str(why_not(0, None, tmp_path))
    assert why_not(0, "/usr/sbin/debootstrap", tmp_path) is None
    assert why_not(0, None, tmp_path / "made") is None


def test_the_number_of_completed_jobs_is_read() -> None:
    assert completed_in("1234\n") == 1234
    assert completed_in("") == 0
    assert completed_in("undefined\n") == 0
