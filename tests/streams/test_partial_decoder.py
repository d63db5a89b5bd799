"""The beginning of a record says what the whole record says."""

from typing import Any

import pytest

from schemas.catalog import CATALOG, messages, self_contained
from schemas.job import JobDefined
from schemas.records import replace
from schemas.types import JobKind, JobSpec
from schemas.wire import Codec, Poison
from streams.engine.decoder import Decoder
from streams.engine.partial_decoder import PartialDecoder
from streams.jedi.retry import MemoryGiven, RulesScope
from streams.processors import MEMORY_GIVEN
from tests.streams.builders import an_envelope

IDS = {entry.full_name: number for number, entry in enumerate(messages(), start=1)}
SPEC = JobSpec(
    job_id=1,
    task_id=1,
    attempt=1,
    serial=1,
    kind=JobKind.NORMAL,
    name="n",
    queue="Q1",
    transformation="t",
    parameters="p" * 300,
    label="user",
    user_name="u",
    owner="o",
    vo="wlcg",
    core_count=8,
    ram_mb_min=7200,
    architecture="el9",
    release="25",
    share="Simulation",
    retry_rule_set="mc",
)
SCOPE = RulesScope("el9", "25", "Simulation", "mc")


def a_codec(*, first_id: int = 1) -> Codec:
    """A codec whose ids begin at `first_id`; any other id stands for an older registration of JobDefined."""
    ids = {name: number + first_id - 1 for name, number in IDS.items()}
    return Codec(ids, lambda number: a_codec_schema())


def a_codec_schema() -> dict[str, Any]:
    """The schema of JobDefined as a registry gives it."""
    return self_contained(CATALOG["culm.job.JobDefined"])


def test_the_memory_of_a_job_and_what_its_rules_may_be_limited_to_are_read() -> None:
    envelope = an_envelope("1", 3)
    value = a_codec().encode(JobDefined(spec=SPEC), envelope)

    found = Decoder(a_codec()).decode_partially(value, MEMORY_GIVEN)

    assert (found.name, found.message, found.envelope) == ("JobDefined", MemoryGiven(8, 7200, SCOPE), envelope)


def test_a_version_that_is_not_ours_is_read_whole() -> None:
    envelope = an_envelope("1", 3)
    value = a_codec(first_id=1000).encode(JobDefined(spec=replace(SPEC, ram_mb_min=900)), envelope)

    found = Decoder(a_codec()).decode_partially(value, MEMORY_GIVEN)

    assert (found.message, found.envelope) == (MemoryGiven(8, 900, SCOPE), envelope)


def test_a_beginning_that_cannot_be_read_is_poison() -> None:
    value = a_codec().encode(JobDefined(spec=SPEC), an_envelope("1"))

    with pytest.raises(Poison):
        Decoder(a_codec()).decode_partially(value[:40], MEMORY_GIVEN)


def test_decoding_a_field_that_does_not_exist_is_refused() -> None:
    with pytest.raises(AssertionError, match="JobDefined has no field 'memory'"):
        PartialDecoder("culm.job.JobDefined", ("memory",), lambda record: record)
