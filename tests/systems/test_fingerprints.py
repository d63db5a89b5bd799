"""Fingerprints: samples of ends, some as a real system worded them, others after the documentation, and hostile ones."""

import random
import tomllib
from pathlib import Path

import pytest

from agents.harvester.fingerprints.match import Evidence, Remedy, fingerprint_of, normalised, read_table
from agents.harvester.fingerprints.shipped import shipped_table
from tests.systems.kit import HOSTILE

#: Name, action and evidence of each sample.
SAMPLES = [
    (sample.pop("name"), sample.pop("action"), Evidence(**sample))
    for sample in tomllib.loads(Path(__file__).with_name("fingerprint_samples.toml").read_text(encoding="utf-8"))["sample"]
]


@pytest.mark.parametrize(("name", "action", "evidence"), SAMPLES)
def test_an_end_has_its_class_and_what_helps(name: str, action: str, evidence: Evidence) -> None:
    found = fingerprint_of(evidence, shipped_table())

    assert (found.name, found.action, found.version) == (name, action, 1)


def test_every_class_of_the_table_has_a_sample() -> None:
    classes = {fingerprint.name for fingerprint, _ in shipped_table().rows}

    assert classes - {name for name, _, _ in SAMPLES} == set()
    assert len(classes) >= 40


def test_unknown_ends_with_the_same_words_are_one_group() -> None:
    one = Evidence("FAILED", "FAILED", "", 3, None, "starting\nstep 17 of job 4242 broke in /home/a/run_1 at 0x7f00\n")
    other = Evidence("FAILED", "FAILED", "", 3, None, "other line\nstep 5 of job 99 broke in /scratch/b/run_77 at 0xbeef\n")

    found = fingerprint_of(one, shipped_table())

    assert found == fingerprint_of(other, shipped_table())
    assert found.name.startswith("unknown-")
    assert found.sentence == "The cause is not known (exit code 3): step n of job n broke in path at n"
    assert found.action is Remedy.RETRY


def test_unknown_ends_with_other_words_or_exit_codes_are_other_groups() -> None:
    names = {
        fingerprint_of(Evidence("FAILED", "FAILED", "", code, None, text), shipped_table()).name
        for code in (3, 4)
        for text in ("it broke", "it bent")
    }

    assert len(names) == 4


@pytest.mark.parametrize(
    "text",
    [
        HOSTILE,
        HOSTILE * 100_000,
        "a" * 1_000_000,
        "/" * 100_000,
        "/a" * 50_000,
        "prolog " + "-" * 100_000,
        "\ud800\udfff\x00\x1b[2J",
        "\n" * 100_000,
        random.Random(5).randbytes(50_000).decode("latin-1"),
        "",
    ],
)
def test_hostile_text_has_a_bounded_printable_fingerprint(text: str) -> None:
    found = fingerprint_of(Evidence("FAILED", text, text, 3, None, text), shipped_table())

    assert len(found.name) <= 40
    assert set(found.name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert found.sentence.isprintable()
    assert len(found.sentence) <= 250


def test_only_the_last_eight_kilobytes_of_the_errors_count() -> None:
    text = "MemoryError\n" + 9000 * "x" + "\nit broke\n"

    assert fingerprint_of(Evidence("FAILED", "FAILED", "", 3, None, text), shipped_table()).name.startswith("unknown-")


def test_ids_are_taken_out_of_a_line() -> None:
    assert normalised("worker 3f2a9c1d-77 at 12:30:01 on node07") == "worker id at n:n:n on noden"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("version = 1\n[[fingerprint]]\nname = 'A B'", "row 1: name is 'A B', expected one of its own of a-z, 0-9 and '-'"),
        ("version = 1\n[[fingerprint]]\nname = 'abc'", "row abc: has no condition, expected at least one [[fingerprint.when]]"),
        (
            "version = 1\n[[fingerprint]]\nname = 'abc'\nsentence = 'S'\naction = 'site'\nwhen = [{ color = 'x' }]",
            "row abc: condition has ['color'], expected some of ['exit_codes', 'reason', 'signals', 'states', 'stderr']",
        ),
    ],
)
def test_a_table_with_a_fault_is_refused_by_row_and_reason(text: str, problem: str) -> None:
    with pytest.raises(ValueError) as refused:
        read_table(text)

    assert str(refused.value) == problem
