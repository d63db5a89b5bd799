"""What only an ARC CE does: descriptions, files that follow the job, documents in bulk, names that come late, REST 1.0."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from agents.harvester.systems.arc import ArcCE
from agents.harvester.systems.arc_description import descriptions
from agents.harvester.systems.contract import CancelOutcome, NativeState, Refused, Submitted, Unknown
from tests.systems.arc_emulator import ADL, TOKEN, Job
from tests.systems.arc_stand_in import ArcStandIn
from tests.systems.kit import SECRET, Fault, Outcome, a_spec, shown, submitted

NUMBERS = itertools.count(1)


@pytest.fixture
def ce(tmp_path: Path) -> Iterator[ArcStandIn]:
    """An emulated CE behind a front."""
    adapter = ArcStandIn(tmp_path, f"onlyarc{next(NUMBERS)}")
    yield adapter
    adapter.close()


def requests(ce: ArcStandIn, method: str, part: str) -> int:
    """How often something was asked for."""
    return sum(one == method and part in path for one, path in ce.front.requests)


def job_of(ce: ArcStandIn, tag: str) -> tuple[str, Job]:
    """Id and job of a worker."""
    (found,) = ((job_id, job) for job_id, job in ce.arex.jobs.items() if job.name == tag)
    return found


def test_a_description_asks_for_the_memory_of_one_core_and_all_cores_on_one_host(ce: ArcStandIn) -> None:
    spec = a_spec(ce, memory_mb=5000, cores=3, walltime_seconds=7200, disk_mb=2, settings={"queue": "main"})

    (job,) = ElementTree.fromstring(descriptions([spec]))

    def text(path: str) -> str | None:
        return job.findtext("/".join(f"{ADL}{part}" for part in path.split("/")))

    assert text("ActivityIdentification/Name") == spec.tag
    assert text("ActivityIdentification/Annotation") == f"culm-worker={spec.tag}"
    assert text("Resources/IndividualPhysicalMemory") == str(1667 * 1048576)
    assert text("Resources/SlotRequirement/NumberOfSlots") == "3"
    assert text("Resources/SlotRequirement/SlotsPerHost") == "3"
    assert text("Resources/QueueName") == "main"
    assert text("Resources/WallTime") == "7200"
    assert text("Resources/TotalCPUTime") == "21600"
    assert text("Resources/DiskSpaceRequirement") == str(2 * 1048576)


def test_runtime_environments_of_a_queue_are_named_one_by_one(ce: ArcStandIn) -> None:
    (job,) = ElementTree.fromstring(descriptions([a_spec(ce, settings={"runtime_environments": "ENV/PROXY,APPS/HEP/ATLAS"})]))

    names = [one.text for one in job.iterfind(f"{ADL}Resources/{ADL}RuntimeEnvironment/{ADL}Name")]

    assert names == ["ENV/PROXY", "APPS/HEP/ATLAS"]


def test_forty_workers_are_one_request_and_three_files_each(ce: ArcStandIn, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_bytes(SECRET)

    submitted(ce, ce.plugin(), *(f"w{number}" for number in range(40)), files=(token,))

    assert requests(ce, "POST", "action=new") == 1
    assert requests(ce, "PUT", "/session/") == 120


def test_the_start_script_is_the_last_file_that_is_sent(ce: ArcStandIn, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_bytes(SECRET)

    submitted(ce, ce.plugin(), files=(token,))

    assert [path.rpartition("/")[2] for method, path in ce.front.requests if method == "PUT"] == ["program", "token", "run"]


def test_a_file_that_was_not_taken_is_sent_again(ce: ArcStandIn) -> None:
    ce.front.plan("PUT", "/session/run", 500)

    (outcome,) = ce.plugin().submit([a_spec(ce)])

    assert isinstance(outcome, Submitted)
    assert job_of(ce, outcome.tag)[1].state == "QUEUING"


def test_a_job_whose_files_are_not_taken_is_killed_and_unknown(ce: ArcStandIn) -> None:
    for _ in range(3):
        ce.front.plan("PUT", "/session/run", 507, b"no space left")

    (outcome,) = ce.plugin().submit([a_spec(ce)])

    assert isinstance(outcome, Unknown)
    assert "run: 507" in outcome.reason
    assert "no space left" in outcome.reason
    assert job_of(ce, outcome.tag)[1].state == "KILLING"


def test_a_job_without_its_start_script_is_half_submitted_and_a_whole_one_is_not(ce: ArcStandIn) -> None:
    ce.inject(Fault.SUBMIT_DIES_AFTER_ACCEPTING)
    ce.plugin().submit([a_spec(ce, "half")])
    ce.heal()
    plugin = ce.plugin()
    submitted(ce, plugin, "whole")

    found = plugin.half_submitted(plugin.listing().workers)

    assert [worker.tag for worker in found] == [f"{ce.stack}-half"]


def test_a_job_whose_files_cannot_be_listed_is_not_called_half_submitted(ce: ArcStandIn) -> None:
    ce.inject(Fault.SUBMIT_DIES_AFTER_ACCEPTING)
    plugin = ce.plugin()
    plugin.submit([a_spec(ce)])
    ce.heal()
    workers = plugin.listing().workers
    ce.front.plan("GET", "/session", 500)

    assert plugin.half_submitted(workers) == []


def test_a_refused_token_refuses_workers_for_now(ce: ArcStandIn) -> None:
    ce.plugin()
    plugin = ce.plugin()
    (ce.folder / "ce.token").write_text("another")

    (outcome,) = plugin.submit([a_spec(ce)])

    assert isinstance(outcome, Refused)
    assert not outcome.permanent
    assert "403 Operation is not allowed" in outcome.reason
    assert "another" not in outcome.reason


def test_a_token_that_was_renewed_in_its_file_is_used_from_then_on(ce: ArcStandIn) -> None:
    path = ce.folder / "ce.token"
    path.write_text("expired")
    plugin = ce.plugin()
    assert not plugin.listing().complete
    fresh = ce.folder / "fresh"
    fresh.write_text(TOKEN)

    fresh.replace(path)

    assert plugin.listing().complete


def test_a_token_that_cannot_be_read_refuses_workers_for_now_and_proves_nothing(ce: ArcStandIn) -> None:
    plugin = ce.plugin()
    (ce.folder / "ce.token").unlink()

    (outcome,) = plugin.submit([a_spec(ce)])

    assert isinstance(outcome, Refused)
    assert not outcome.permanent
    assert "token_file" in outcome.reason
    assert not plugin.listing().complete


def test_documents_of_2500_jobs_are_three_requests(ce: ArcStandIn) -> None:
    ce.fill(2500)

    listing = ce.plugin().listing()

    assert len(listing.workers) == 2500
    assert requests(ce, "GET", "/jobs") == 1
    assert requests(ce, "POST", "action=info") == 3


def test_a_name_that_the_document_does_not_have_yet_comes_from_the_ces_own_record(ce: ArcStandIn) -> None:
    plugin = ce.plugin()
    (tag,) = submitted(ce, plugin)

    first, second = plugin.listing(), plugin.listing()

    assert shown(first, tag).batch_id == shown(second, tag).batch_id
    assert requests(ce, "GET", "/diagnose/local") == 1


def test_a_job_without_a_name_whose_record_cannot_be_read_makes_the_listing_incomplete(ce: ArcStandIn) -> None:
    plugin = ce.plugin()
    submitted(ce, plugin)
    ce.front.plan("GET", "/diagnose/local", 500)

    assert not plugin.listing().complete


def test_an_answer_that_lacks_a_job_makes_the_listing_incomplete(ce: ArcStandIn) -> None:
    plugin = ce.plugin()
    submitted(ce, plugin)
    ce.front.plan("POST", "action=info", 201, {"job": []})

    listing = plugin.listing()

    assert not listing.complete
    assert "asked for 1 jobs and answers for 0" in listing.problem


def test_a_job_that_is_removed_between_list_and_document_is_absent(ce: ArcStandIn) -> None:
    plugin = ce.plugin()
    (tag,) = submitted(ce, plugin)
    job_id, _ = job_of(ce, tag)
    ce.front.plan("GET", "/jobs", 200, {"job": [{"id": "removed"}, {"id": job_id}]})

    assert [worker.tag for worker in plugin.listing().workers] == [tag]


def test_cores_are_shown_once_the_ce_has_written_them(ce: ArcStandIn) -> None:
    plugin = ce.plugin()
    (tag,) = submitted(ce, plugin, cores=4)

    assert [shown(plugin.listing(), tag).cores for _ in range(2)] == [None, 4]


def test_a_job_that_is_being_killed_is_ordered_and_not_asked_for_again(ce: ArcStandIn) -> None:
    plugin = ce.plugin()
    (tag,) = submitted(ce, plugin)
    plugin.cancel([shown(plugin.listing(), tag)])
    worker = shown(plugin.listing(), tag)

    (outcome,) = plugin.cancel([worker])

    assert not worker.state.is_end
    assert outcome is CancelOutcome.ORDERED
    assert requests(ce, "POST", "action=kill") == 1


def test_a_sweep_leaves_an_end_ten_minutes_for_other_harvesters(ce: ArcStandIn) -> None:
    plugin = ce.plugin(sweep_seconds="600")
    (tag,) = submitted(ce, plugin)
    ce.start(tag)
    ce.end(tag, Outcome.FINISHED)

    plugin.sweep(lambda _: True)

    assert shown(plugin.listing(), tag).state is NativeState.FINISHED


def test_last_words_are_the_end_of_the_error_output_and_no_more_is_fetched(ce: ArcStandIn) -> None:
    plugin = ce.plugin()
    (tag,) = submitted(ce, plugin)
    job_of(ce, tag)[1].files["stderr"] = 0o600, b"x" * 1_000_000 + b"the end"

    words = plugin.last_words(tag)

    assert len(words) == 8192
    assert words.endswith("xxthe end")


def test_a_worker_without_error_output_or_of_another_stack_has_no_last_words(ce: ArcStandIn) -> None:
    plugin = ce.plugin()
    (tag,) = submitted(ce, plugin)

    assert plugin.last_words(tag) == ""
    assert plugin.last_words("other-w1") == ""


def test_a_ce_without_the_version_of_the_interface_is_a_problem(ce: ArcStandIn) -> None:
    ce.front.plan("GET", "/rest", 200, {"version": "1.0"})

    assert "does not name version 1.1" in ce.plugin().problem()


def test_a_refused_token_is_a_problem_at_start(ce: ArcStandIn) -> None:
    ce.front.plan("GET", "/jobs", 403, b"")

    assert "a list of jobs is answered 403" in ce.plugin().problem()


def test_an_older_ce_may_say_nothing_of_no_jobs_and_one_job_without_a_list(ce: ArcStandIn) -> None:
    """REST 1.0, as ARC 6 has it."""
    plugin = ce.plugin(rest_version="1.0")
    ce.front.plan("GET", "/rest/1.0/jobs", 200, b"")

    assert plugin.listing().complete

    ce.front.plan("GET", "/rest/1.0/jobs", 200, {"job": {"id": "abc"}})
    activity = {"Name": f"{ce.stack}-w1", "State": ["emies:processing-running", "arcrest:RUNNING"]}
    one = {"status-code": "200", "reason": "OK", "id": "abc", "info_document": {"ComputingActivity": activity}}
    ce.front.plan("POST", "/rest/1.0/jobs", 201, {"job": one})

    assert shown(plugin.listing(), f"{ce.stack}-w1").state is NativeState.RUNNING


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"api": "http://arc.example.org/arex"}, "api is not an address such as"),
        ({"rest_version": "2.0"}, "rest_version is '2.0', expected one of 1.1, 1.0"),
        ({"token_file": ""}, "token_file is not set"),
        ({"certificate_file": "/c.pem"}, "certificate_file and key_file belong together"),
        ({"ca_file": "/no/such/file"}, "No such file"),
    ],
)
def test_settings_that_cannot_be_are_a_problem_by_name(tmp_path: Path, settings: dict[str, str], problem: str) -> None:
    usual = {"api": "https://arc.example.org/arex", "token_file": str(tmp_path / "token")}

    plugin = ArcCE("kit", {**usual, **settings}, tmp_path)

    assert problem in plugin.problem()


@pytest.mark.parametrize("value", ["a b", "<x>", "$(id)", ""])
def test_a_value_of_a_queue_that_could_be_read_otherwise_is_refused(ce: ArcStandIn, value: str) -> None:
    (outcome,) = ce.plugin().submit([a_spec(ce, settings={"queue": value})])

    assert isinstance(outcome, Refused)
    assert outcome.permanent
    assert requests(ce, "POST", "/jobs") == 0
