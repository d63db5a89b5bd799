"""Conformance of plugins: what may be said after a submission, and what reaches the batch system."""

from pathlib import Path

import pytest

from agents.harvester.systems.contract import NativeState, Refused, Submitted, Unknown
from tests.systems.kit import SECRET, Ability, Adapter, Fault, a_spec, needs, shown, submitted

#: After these the system has the worker, and the plugin cannot know.
ACCEPTED_UNHEARD = (
    Fault.SUBMIT_ANSWER_MISSING,
    Fault.SUBMIT_ANSWER_WRONG,
    Fault.SUBMIT_DIES_AFTER_ACCEPTING,
    Fault.SUBMIT_FAILS_AFTER_ACCEPTING,
)


def test_a_submitted_worker_is_shown_by_its_tag_under_the_id_of_the_answer(adapter: Adapter) -> None:
    plugin = adapter.plugin()

    (outcome,) = plugin.submit([a_spec(adapter)])

    assert isinstance(outcome, Submitted), outcome
    assert outcome.submit_host
    assert shown(plugin.listing(), outcome.tag).batch_id == outcome.batch_id


def test_a_worker_that_was_just_submitted_waits_or_runs_and_has_no_end(adapter: Adapter) -> None:
    plugin = adapter.plugin()

    (tag,) = submitted(adapter, plugin)

    worker = shown(plugin.listing(), tag)
    assert worker.state in (NativeState.PENDING, NativeState.RUNNING)
    assert (worker.exit_code, worker.signal) == (None, None)


def test_the_system_is_asked_for_exactly_the_memory_cores_and_time_of_the_spec(adapter: Adapter) -> None:
    needs(adapter, Ability.ASKED)

    (tag,) = submitted(adapter, adapter.plugin(), memory_mb=5000, cores=3, walltime_seconds=7200)

    asked = adapter.asked(tag)
    assert (asked.memory_mb, asked.cores, asked.walltime_seconds) == (5000, 3, 7200)


def test_a_time_that_the_system_cannot_keep_exactly_is_rounded_up(adapter: Adapter) -> None:
    needs(adapter, Ability.ASKED)

    (tag,) = submitted(adapter, adapter.plugin(), walltime_seconds=61)

    assert 61 <= adapter.asked(tag).walltime_seconds <= 120


def test_a_listing_shows_memory_and_cores_as_they_were_requested(adapter: Adapter) -> None:
    needs(adapter, Ability.SHOWS_MEMORY)
    plugin = adapter.plugin()

    (tag,) = submitted(adapter, plugin, memory_mb=2500, cores=2)

    worker = shown(plugin.listing(), tag)
    assert worker.memory_mb == 2500
    assert worker.cores == 2


def test_twenty_gigabytes_asked_are_twenty_gigabytes_submitted(adapter: Adapter) -> None:
    needs(adapter, Ability.SHOWS_MEMORY)
    plugin = adapter.plugin()

    (tag,) = submitted(adapter, plugin, memory_mb=20_000)

    assert shown(plugin.listing(), tag).memory_mb == 20_000


def test_outcomes_come_in_the_order_of_the_specs_with_one_refused_among_them(adapter: Adapter) -> None:
    specs = [a_spec(adapter, f"w{number}") for number in range(7)]
    specs[3] = a_spec(adapter, "w3", memory_mb=-1)

    outcomes = adapter.plugin().submit(specs)

    assert [outcome.tag for outcome in outcomes] == [spec.tag for spec in specs]
    assert [type(outcome) for outcome in outcomes] == [Submitted] * 3 + [Refused] + [Submitted] * 3


def test_forty_workers_of_one_submission_are_there_once_each(adapter: Adapter) -> None:
    plugin = adapter.plugin()

    tags = submitted(adapter, plugin, *(f"w{number}" for number in range(40)))

    listing = plugin.listing()
    assert listing.complete
    assert sorted(worker.tag for worker in listing.workers) == sorted(tags)
    assert len({worker.batch_id for worker in listing.workers}) == 40


def test_no_specs_are_no_outcomes(adapter: Adapter) -> None:
    assert list(adapter.plugin().submit([])) == []


def test_a_request_that_the_system_calls_invalid_is_refused_for_good(adapter: Adapter) -> None:
    needs(adapter, Fault.SUBMIT_REFUSED_FOR_GOOD)
    adapter.inject(Fault.SUBMIT_REFUSED_FOR_GOOD)

    (outcome,) = adapter.plugin().submit([a_spec(adapter)])

    assert isinstance(outcome, Refused), outcome
    assert outcome.permanent
    assert outcome.reason


def test_a_request_beyond_a_limit_is_refused_for_now(adapter: Adapter) -> None:
    needs(adapter, Fault.SUBMIT_REFUSED_FOR_NOW)
    adapter.inject(Fault.SUBMIT_REFUSED_FOR_NOW)

    (outcome,) = adapter.plugin().submit([a_spec(adapter)])

    assert isinstance(outcome, Refused), outcome
    assert not outcome.permanent
    assert outcome.reason


@pytest.mark.parametrize("fault", [Fault.SUBMIT_SUCCEEDS_WITH_ERROR, Fault.SUBMIT_UNREACHABLE])
def test_a_worker_that_is_not_there_is_not_called_submitted_nor_refused_for_good(adapter: Adapter, fault: Fault) -> None:
    needs(adapter, fault)
    adapter.inject(fault)

    (outcome,) = adapter.plugin().submit([a_spec(adapter)])

    assert isinstance(outcome, Unknown) or (isinstance(outcome, Refused) and not outcome.permanent), outcome
    assert adapter.copies(outcome.tag) == 0


@pytest.mark.parametrize("fault", [Fault.SUBMIT_HANGS, Fault.SUBMIT_ENDLESS_ANSWER])
def test_a_submission_without_an_end_is_unknown_within_its_time_out(adapter: Adapter, fault: Fault) -> None:
    needs(adapter, fault)
    adapter.inject(fault)

    (outcome,) = adapter.plugin(impatient=True).submit([a_spec(adapter)])

    assert isinstance(outcome, Unknown), outcome
    assert outcome.reason


def test_a_hostile_refusal_becomes_one_bounded_line(adapter: Adapter) -> None:
    needs(adapter, Fault.SUBMIT_HOSTILE_REFUSAL)
    adapter.inject(Fault.SUBMIT_HOSTILE_REFUSAL)

    (outcome,) = adapter.plugin().submit([a_spec(adapter)])

    assert not isinstance(outcome, Submitted)
    assert 0 < len(outcome.reason) <= 1100
    assert outcome.reason.isprintable()


def test_an_id_printed_oddly_is_read_or_the_outcome_is_unknown(adapter: Adapter) -> None:
    needs(adapter, Fault.SUBMIT_ANSWER_DECORATED)
    adapter.inject(Fault.SUBMIT_ANSWER_DECORATED)
    plugin = adapter.plugin()

    (outcome,) = plugin.submit([a_spec(adapter)])

    worker = shown(plugin.listing(), outcome.tag)
    assert isinstance(outcome, Unknown) or (isinstance(outcome, Submitted) and outcome.batch_id == worker.batch_id), outcome


@pytest.mark.parametrize("fault", ACCEPTED_UNHEARD)
def test_what_was_accepted_without_an_answer_is_found_by_its_tag(adapter: Adapter, fault: Fault) -> None:
    """A system that takes each tag once can be asked for it by the plugin; elsewhere only a listing shows it."""
    needs(adapter, fault)
    adapter.inject(fault)
    plugin = adapter.plugin()

    (outcome,) = plugin.submit([a_spec(adapter)])

    worker = shown(plugin.listing(), outcome.tag)
    if plugin.describe().submits_once:
        assert isinstance(outcome, Submitted), outcome
        assert outcome.batch_id == worker.batch_id
    else:
        assert isinstance(outcome, Unknown), outcome
        assert worker.batch_id


def test_a_worker_that_the_system_took_twice_is_shown_twice(adapter: Adapter) -> None:
    needs(adapter, Fault.SUBMIT_ACCEPTED_TWICE)
    adapter.inject(Fault.SUBMIT_ACCEPTED_TWICE)
    plugin = adapter.plugin()

    (outcome,) = plugin.submit([a_spec(adapter)])

    ids = [worker.batch_id for worker in plugin.listing().workers if worker.tag == outcome.tag]
    assert len(ids) == len(set(ids)) == (1 if plugin.describe().submits_once else 2)
    # The later of two that run finds the worker's folder in use, and may have ended by now.
    assert 1 <= adapter.copies(outcome.tag) <= len(ids)


def test_a_second_submission_of_a_tag_is_never_hidden(adapter: Adapter) -> None:
    plugin = adapter.plugin()
    (tag,) = submitted(adapter, plugin)

    plugin.submit([a_spec(adapter)])

    seen = [worker for worker in plugin.listing().workers if worker.tag == tag]
    assert len(seen) == (1 if plugin.describe().submits_once else 2)


@pytest.mark.parametrize(
    "tag", ["other-w1", "", "{stack}-", "{stack}-W1", "{stack}-a b", "{stack}-$(id)", "{stack}-é", "{stack}-" + 60 * "x"]
)
def test_a_tag_that_is_not_one_of_the_stack_is_refused_by_name_and_value(adapter: Adapter, tag: str) -> None:
    plugin = adapter.plugin()

    (outcome,) = plugin.submit([a_spec(adapter, tag=tag.format(stack=adapter.stack))])

    assert isinstance(outcome, Refused), outcome
    assert outcome.permanent
    assert "tag" in outcome.reason
    assert "expected" in outcome.reason
    assert plugin.listing().workers == ()


@pytest.mark.parametrize("name", ["memory_mb", "cores", "walltime_seconds"])
@pytest.mark.parametrize("value", [0, -5, 2**40])
def test_a_number_that_no_worker_can_have_is_refused_by_name_and_value(adapter: Adapter, name: str, value: int) -> None:
    changed: dict[str, object] = {name: value}

    (outcome,) = adapter.plugin().submit([a_spec(adapter, "w1", **changed)])

    assert isinstance(outcome, Refused), outcome
    assert outcome.permanent
    assert f"{name} is {value}" in outcome.reason


def test_a_queue_setting_that_the_plugin_does_not_know_is_refused_by_name(adapter: Adapter) -> None:
    (outcome,) = adapter.plugin().submit([a_spec(adapter, settings={"no-such-setting": "1"})])

    assert isinstance(outcome, Refused), outcome
    assert outcome.permanent
    assert "no-such-setting" in outcome.reason


@pytest.mark.parametrize("name", ["A-B", "1X", "A=B", "", "A B"])
def test_a_variable_that_no_shell_can_hold_is_refused_by_name(adapter: Adapter, name: str) -> None:
    (outcome,) = adapter.plugin().submit([a_spec(adapter, environment={name: "x"})])

    assert isinstance(outcome, Refused), outcome
    assert outcome.permanent
    assert "environment" in outcome.reason


def test_a_file_that_is_not_there_refuses_the_worker_before_the_system_is_asked(adapter: Adapter, tmp_path: Path) -> None:
    (outcome,) = adapter.plugin().submit([a_spec(adapter, files=(tmp_path / "no-such-file",))])

    assert isinstance(outcome, Refused), outcome
    assert adapter.copies(outcome.tag) == 0


@pytest.mark.parametrize("name", ["-x", "a b", ".hidden", "a'b", "a\nb"])
def test_a_file_whose_name_may_be_read_as_something_else_is_refused(adapter: Adapter, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(SECRET)

    (outcome,) = adapter.plugin().submit([a_spec(adapter, files=(path,))])

    assert isinstance(outcome, Refused), outcome
    assert adapter.copies(outcome.tag) == 0


def test_files_reach_the_worker_whole_and_for_its_user_alone(adapter: Adapter, tmp_path: Path) -> None:
    needs(adapter, Ability.FILES)
    token = tmp_path / "token"
    token.write_bytes(SECRET)
    token.chmod(0o600)
    payload = tmp_path / "pandaJobData.out"
    payload.write_bytes(bytes(range(256)) * 100)

    (tag,) = submitted(adapter, adapter.plugin(), files=(token, payload))

    files = adapter.files(tag)
    assert files["token"] == (0o600, SECRET)
    assert files["pandaJobData.out"] == (0o600, bytes(range(256)) * 100)


def test_what_is_in_files_stands_in_no_place_that_others_can_see(adapter: Adapter, tmp_path: Path) -> None:
    needs(adapter, Ability.VISIBLE)
    token = tmp_path / "token"
    token.write_bytes(SECRET)

    (tag,) = submitted(adapter, adapter.plugin(), files=(token,))

    seen = adapter.visible(tag)
    assert tag in seen
    assert SECRET.decode() not in seen


def test_the_harvesters_own_environment_does_not_travel(adapter: Adapter, monkeypatch: pytest.MonkeyPatch) -> None:
    needs(adapter, Ability.VISIBLE)
    monkeypatch.setenv("KIT_OWN_SECRET", SECRET.decode())
    monkeypatch.setenv("SBATCH_PARTITION", "elsewhere")

    (tag,) = submitted(adapter, adapter.plugin())

    seen = adapter.visible(tag)
    assert SECRET.decode() not in seen
    assert "elsewhere" not in seen


def test_a_value_of_the_environment_is_data_and_never_run(adapter: Adapter) -> None:
    plugin = adapter.plugin()
    hurt = adapter.program.parent / "hurt"

    (tag,) = submitted(adapter, plugin, environment={"A": f"$(touch {hurt})", "B": f"'; touch {hurt}; '", "C": "two\nlines"})

    assert shown(plugin.listing(), tag).tag == tag
    assert not hurt.exists()
