"""What processors say fits a record, for any amount of content: lists are cut by bytes, single things have a budget."""


from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.bounds import problems_of
from schemas.catalog import messages
from schemas.job import JobFinished
from schemas.records import replace
from schemas.task import GenerateJobs, JobsOrdered, RecordJobOutcomes
from schemas.types import BrokerageEvidence, DatasetRole, JobKind, OutputFile, QueueVerdict, Requirements
from schemas.wire import RECORD_BYTES_MAX, Codec, to_bytes
from streams.engine.messages import OutgoingCommand
from streams.engine.record_size import RECORD_BYTES, bytes_of, cut
from streams.facts.snapshot import Snapshot
from streams.jedi.evidence import EVIDENCE_BYTES, evidence_of
from streams.jedi.outcomes import roll_up
from streams.jedi.reactions import Generation
from streams.leases.renewal import renewals
from tests.doses import dose
from tests.streams.builders import a_definition, a_queue, files, record_read, unmerged
from tests.streams.test_leases import a_beat

CODEC = Codec({entry.full_name: number for number, entry in enumerate(messages(), start=1)}, lambda number: {})
LONGEST_NAME = 1_000


def size(made: OutgoingCommand) -> int:
    return len(CODEC.encode(made.command, made.envelope))


def an_output(number: int, lfn: str) -> OutputFile:
    return OutputFile(
        lfn=f"{number}{lfn}", dataset="d" * 255, scope="user.jdoe", role=DatasetRole.OUTPUT, size_bytes=2**60, checksum="ad:1",
        endpoint="E",
    )  # fmt: skip


@settings(max_examples=dose(30, fast=10), deadline=None)
@given(st.lists(st.tuples(st.integers(0, 300), st.integers(1, LONGEST_NAME)), min_size=1, max_size=60))
def test_ends_of_jobs_are_reported_in_commands_that_fit_and_each_once(ends: list[tuple[int, int]]) -> None:
    told = []
    for serial, (count, length) in enumerate(ends, start=1):
        outputs = tuple(an_output(number, "x" * length) for number in range(count))
        told.append(record_read(JobFinished(outputs=outputs), str(100_000_000_000_000 + serial), serial))

    made = list(roll_up(told, None, {}))

    outcomes = [one.command.outcomes for one in made if isinstance(one.command, RecordJobOutcomes)]
    assert [one.job_id - 100_000_000_000_000 for chunk in outcomes for one in chunk] == list(range(1, len(ends) + 1))
    assert max(map(size, made)) <= RECORD_BYTES_MAX
    assert [problems_of(one.command) for one in made] == [()] * len(made)
    assert all(size(one) <= RECORD_BYTES + 2_000 or len(chunk) == 1 for one, chunk in zip(made, outcomes, strict=True))


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 600), st.integers(1, 120), st.booleans(), st.sampled_from([JobKind.NORMAL, JobKind.MERGE]))
def test_an_answer_to_an_order_fits_a_record_however_many_queues_there_are(
    queues: int, length: int, dropped: bool, kind: JobKind
) -> None:
    names = [f"Q{number:04d}" + "x" * length for number in range(queues)]
    facts = Snapshot({name: a_queue(name, vos=("lsst" * 50,) * 20 if dropped else ()) for name in names})
    units = tuple(replace(unit, ram_mb=1000 * (place % 8)) for place, unit in enumerate(files(500)))
    order = JobsOrdered(
        order=1,
        kind=kind,
        units=units if kind is JobKind.NORMAL else (),
        unmerged=tuple(unmerged(500)) if kind is JobKind.MERGE else (),
        definition=a_definition(files_per_job=1, requirements=Requirements(included_sites=tuple(names[:1000]))),
        task_id=10_000_001,
        priority=1,
    )

    (made,) = Generation().choose([record_read(order)], facts)

    assert size(made) <= RECORD_BYTES_MAX
    assert problems_of(made.command) == ()
    if isinstance(made.command, GenerateJobs) and kind is JobKind.NORMAL:
        assert sorted(unit for plan in made.command.plans for unit in plan.unit_ids) == [unit.unit_id for unit in units]


def test_evidence_loses_sentences_before_verdicts_and_never_a_candidate() -> None:
    verdict = QueueVerdict(queue="Q", taken=False, code="vo", message="m" * 1_000)
    many = [replace(verdict, queue=f"Q{number}", taken=number % 2_000 == 0) for number in range(10_000)]

    some, all_of_them = evidence_of(many[:500], "s", "p"), evidence_of(many, "s", "p")

    assert {len(one.message) for one in some.verdicts} == {300}
    assert len(some.verdicts) == 500
    assert sum(one.taken for one in all_of_them.verdicts) == 5
    assert len(to_bytes_of(all_of_them)) <= EVIDENCE_BYTES + 1_000
    assert len(all_of_them.verdicts) > 3_500


def to_bytes_of(evidence: BrokerageEvidence) -> bytes:
    envelope = next(renewals([a_beat(1, 1)])).envelope
    return to_bytes(GenerateJobs(order=1, kind=JobKind.NORMAL, plans=(), brokerage=evidence), envelope)


def test_five_hundred_beats_are_one_small_renewal() -> None:
    (made,) = renewals([a_beat(2**62 + number, number) for number in range(500)])

    assert size(made) < 10_000


@given(st.lists(st.text(max_size=300), max_size=200), st.integers(1, 20), st.integers(50, 2_000))
def test_a_list_is_cut_in_order_by_count_and_bytes(rows: list[str], count_max: int, bytes_max: int) -> None:
    chunks = list(cut(rows, bytes_of, count_max, bytes_max))

    assert [row for chunk in chunks for row in chunk] == rows
    assert all(len(chunk) <= count_max for chunk in chunks)
    assert all(sum(map(bytes_of, chunk)) <= bytes_max or len(chunk) == 1 for chunk in chunks)


@given(st.integers(0, 500), st.text(max_size=200), st.integers(-(2**31), 2**31 - 1))
def test_the_bound_on_bytes_is_never_below_what_avro_writes(count: int, text: str, number: int) -> None:
    queue = text.encode("utf-8", "replace").decode()
    evidence = BrokerageEvidence(
        verdicts=(QueueVerdict(queue=queue, taken=True, code="", weight=1.5, waiting=number),) * count, seed=queue
    )
    command = GenerateJobs(order=number, kind=JobKind.NORMAL, plans=(), brokerage=evidence)

    envelope = next(renewals([a_beat(1, 1)])).envelope
    assert len(to_bytes(command, envelope)) <= bytes_of(command.to_avro()) + bytes_of(envelope.to_avro())
