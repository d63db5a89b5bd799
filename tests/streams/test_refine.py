"""What the parameters of a submission mean, and which are refused."""

from typing import Any

import pytest

from schemas.scopes import dataset_name, scope_of
from schemas.types import DatasetRole, OutputTemplate, Requirements, ScoutRules, SplitRules, StepDefinition, TaskDefinition
from streams.jedi.refine import refine
from streams.jedi.task_parameters import Refusal
from tests.streams.builders import a_submission, a_submission_with_input, an_output
from tests.streams.test_refine_refusals import refusal

API = "http://127.0.0.1:25080"


def refined(parameters: dict[str, Any]) -> TaskDefinition:
    """The definition; fails with the refusal otherwise."""
    outcome = refine(parameters, API)
    assert isinstance(outcome, TaskDefinition), outcome
    return outcome


def test_the_complete_example_of_the_protocol_is_refined_word_by_word() -> None:
    assert refined(a_submission()) == TaskDefinition(
        transformation="culm://server/trf/user/runGen-00-00-02",
        parameters=(
            '-j "" --sourceURL ${SURL} -r . -a jobO.1b2c.tar.gz '
            "-o \"{'out.txt': 'user.jdoe.$JEDITASKID._${SN/P}.out.txt'}\" "
            '-p "echo%20hello%20${SEQNUMBER}%20%3E%20out.txt"'
        ),
        source_url="culm://server",
        requirements=Requirements(processing_type="panda-client-2.2.0-jedi-run"),
        rules=SplitRules(events_per_job=1),
        scouts=ScoutRules(success_tenths=5, split_rules_kept=True),
        events_total=3,
        sequence_offset=10,
        outputs=(
            OutputTemplate(
                stream="OUTPUT0",
                role=DatasetRole.OUTPUT,
                dataset="user.jdoe.test2_out.txt",
                scope="user.jdoe",
                name_template="user.jdoe.$JEDITASKID._${SN/P}.out.txt",
            ),
            OutputTemplate(
                stream="LOG0",
                role=DatasetRole.LOG,
                dataset="user.jdoe.test2.log",
                scope="user.jdoe",
                name_template="user.jdoe.test2.log.$JEDITASKID.${SN}.log.tgz",
            ),
        ),
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"respectSplitRule": None}, ScoutRules(success_tenths=5)),
        ({"scoutSuccessRate": 8}, ScoutRules(success_tenths=8, split_rules_kept=True)),
        ({"scoutSuccessRate": 0}, ScoutRules(success_tenths=5, split_rules_kept=True)),
        (
            {"ramCountUnit": "MBPerCoreFixed", "cpuTimeUnit": "HS06sPerEventFixed"},
            ScoutRules(success_tenths=5, split_rules_kept=True, ram_fixed=True, cpu_time_fixed=True),
        ),
        ({"skipScout": False}, ScoutRules(success_tenths=5, split_rules_kept=True)),
        ({"skipScout": True}, None),
        ({"skipScout": True, "scoutSuccessRate": 8}, None),
    ],
)
def test_scouts_go_first_unless_they_are_left_out(given: dict[str, Any], expected: ScoutRules | None) -> None:
    assert refined(a_submission(**given)).scouts == expected


@pytest.mark.parametrize("rate", [-1, 11, 0.5, "many"])
def test_a_share_of_scouts_that_is_none_is_named(rate: Any) -> None:
    assert "scoutSuccessRate" in refusal(a_submission(scoutSuccessRate=rate)).message


def test_visible_outputs_are_named_by_stream_in_the_order_of_their_datasets() -> None:
    visible = [an_output("a.txt") | {"hidden": False}, an_output("b.txt") | {"hidden": False, "value": "--out=n._${SN}.b"}]

    definition = refined(a_submission(jobParameters=visible))

    assert definition.parameters == "${OUTPUT0} --out=${OUTPUT1}"
    assert [out.name_template for out in definition.outputs[:2]] == ["user.jdoe.$JEDITASKID._${SN/P}.a.txt", "n._${SN}.b"]


def test_fields_of_names_are_a_comma_list_of_numbers() -> None:
    definition = refined(a_submission_with_input(addNthFieldToLFN="2,6"))
    assert (definition.name_fields, definition.name_fields_of_files) == ((2, 6), False)
    assert refined(a_submission_with_input(addNthFieldToLFN=3, useFileAsSourceLFN=True)).name_fields_of_files

    expected = "a comma list of at most 20 numbers from 1 to 100"
    for odd in ("0", "-1", "101", "a", "2;rm", "9" * 50, "1" + ",1" * 20):
        found = refusal(a_submission_with_input(addNthFieldToLFN=odd))
        assert found.reason == "BAD_PARAMETERS"
        assert found.message.endswith(f"expected {expected}")


def test_events_of_input_are_limited_by_the_counts_of_its_catalogue() -> None:
    assert refined(a_submission_with_input(nEvents=25)).input_events_max == 25
    counted = refined(a_submission_with_input(nEvents=25, nEventsPerFile=10))
    assert (counted.input_events_max, counted.input_files_max) == (None, 3)
    assert refined(a_submission(nEvents=25)).input_events_max is None


def test_encoded_parameters_are_followed() -> None:
    assert refined(a_submission(encJobParams=True)).encoded_parameters
    assert not refined(a_submission()).encoded_parameters


def test_words_about_waiting_are_followed() -> None:
    definition = refined(a_submission_with_input(waitInput=True, noWaitParent=True))

    assert (definition.wait_input, definition.no_wait_parent) == (True, True)
    plain = refined(a_submission_with_input())
    assert (plain.wait_input, plain.no_wait_parent) == (False, False)


def test_input_with_build_and_merge_is_refined() -> None:
    definition = refined(
        a_submission_with_input(
            nFiles=10,
            nFilesPerJob=2,
            ramCount=3000,
            ramCountUnit="MBPerCore",
            maxAttempt=5,
            buildSpec={
                "prodSourceLabel": "panda",
                "archiveName": "sources.ab.tar.gz",
                "jobParameters": "-i ${IN} -o ${OUT} --sourceURL ${SURL} -r . ",
            },
            mergeSpec={"useLocalIO": 1, "jobParameters": "-r . -l ${LIB} ${TRN_OUTPUT:OUTPUT} ${TRN_LOG:LOG}"},
            mergeOutput=True,
        )
    )

    assert definition.input_datasets == ("user.jdoe.hdf.tiles",)
    assert definition.input_exclude == (r"\.log\.tgz(\.\d+)*$",)
    assert (definition.input_files_max, definition.rules.files_per_job, definition.attempts_max) == (10, 2, 5)
    assert definition.requirements.ram_mb == 3000
    assert definition.build == StepDefinition(
        transformation="culm://server/trf/user/buildGen-00-00-01",
        parameters="-i ${IN} -o ${OUT} --sourceURL ${SURL} -r .",
        archive="sources.ab.tar.gz",
        label="panda",
    )
    assert definition.merge == StepDefinition(
        transformation="culm://server/trf/user/runMerge-00-00-02",
        parameters="-r . -l ${LIB} ${TRN_OUTPUT:OUTPUT} ${TRN_LOG:LOG}",
        label="user",
    )


def test_a_merged_log_is_an_output_of_the_merge_step_only() -> None:
    log = {"type": "template", "param_type": "output", "mergeOnly": True, "dataset": "user.jdoe.test2.merge_log/"}
    definition = refined(a_submission(log_merge=log | {"value": "m.$JEDITASKID.${SN}.merge_log.tgz"}))

    assert definition.outputs[-1] == OutputTemplate(
        stream="LOG_MERGE0",
        role=DatasetRole.LOG,
        dataset="user.jdoe.test2.merge_log",
        scope="user.jdoe",
        name_template="m.$JEDITASKID.${SN}.merge_log.tgz",
        merge_only=True,
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"site": "Q1"}, Requirements(site="Q1")),
        ({"site": "Q1,Q2"}, Requirements(included_sites=("Q1", "Q2"))),
        ({"site": "AUTO"}, Requirements()),
        ({"includedSite": ["Q1", "AUTO"]}, Requirements(included_sites=("Q1",))),
        ({"includedSite": "Q1, Q*"}, Requirements(included_sites=("Q1", "Q*"))),
        ({"excludedSite": "Q3"}, Requirements(excluded_sites=("Q3",))),
        ({"cloud": "US", "workingGroup": "phys"}, Requirements(cloud="US")),
        ({"workingGroup": "phys"}, Requirements()),
        ({"coreCount": 8, "ramCount": 1000}, Requirements(core_count=8, ram_mb=1000)),
        ({"ramCount": 4000, "ramCountUnit": "MB"}, Requirements(ram_mb=4000, ram_per_core=False)),
        ({"ramCount": 4000, "ramUnit": "MBPerCoreFixed"}, Requirements(ram_mb=4000, ram_fixed=True)),
        ({"outDiskCount": 2049, "outDiskUnit": "kBFixed", "workDiskCount": 10}, Requirements(disk_mb=13, output_mb=3)),
        ({"maxWalltime": 2}, Requirements()),
        ({"walltime": 600, "maxWalltime": 2}, Requirements(walltime_seconds=600)),
        ({"maxWalltime": 90_000}, Requirements(walltime_seconds=90_000)),
        ({"maxWalltime": 720}, Requirements()),
        ({"walltime": -600}, Requirements()),
        ({"architecture": "x86_64-el9"}, Requirements(architecture="x86_64-el9")),
        ({"prodSourceLabel": "test"}, Requirements(label="test")),
    ],
)
def test_what_a_queue_must_offer_follows_from_the_parameters(changes: dict[str, Any], expected: Requirements) -> None:
    found = refined(a_submission(**changes, processingType=""))

    assert found.requirements == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"nFilesPerJob": 3}, SplitRules(files_per_job=3)),
        ({"nMaxFilesPerJob": 50}, SplitRules(files_per_job_max=50)),
        ({"nGBPerJob": 2}, SplitRules(gigabytes_per_job=2.0)),
        ({"nEventsPerJob": 100}, SplitRules(events_per_job=100)),
        ({"nEventsPerJob": 100, "nEventsPerFile": 40}, SplitRules(files_per_job=2)),
        ({"maxNumJobs": 7}, SplitRules(jobs_max=7)),
        ({"maxWalltime": 2, "cpuTime": 30}, SplitRules(walltime_seconds_target=7200, hs06_seconds_per_event=30.0)),
        ({"cpuTime": 30, "cpuTimeUnit": "mHS06sPerEventFixed"}, SplitRules(hs06_seconds_per_event=0.03)),
        ({"maxWalltime": 90_000}, SplitRules()),
        ({"nFilesPerMergeJob": 5, "nGBPerMergeJob": 1}, SplitRules(files_per_merge_job=5, gigabytes_per_merge_job=1.0)),
    ],
)
def test_how_input_is_cut_follows_from_the_parameters(changes: dict[str, Any], expected: SplitRules) -> None:
    assert refined(a_submission_with_input(**changes)).rules == expected


def test_made_up_files_of_older_clients_count_as_events() -> None:
    given = a_submission(nFiles=10, nFilesPerJob=5)
    del given["nEvents"], given["nEventsPerJob"]

    definition = refined(given)

    assert (definition.events_total, definition.rules.events_per_job, definition.rules.files_per_job) == (10, 5, None)


def test_a_list_of_physical_names_is_the_input() -> None:
    definition = refined(a_submission(pfnList=["root://a/1", "root://a/2", "root://a/3"], nFiles=2, nFilesPerJob=1))

    assert definition.pfn_list == ("root://a/1", "root://a/2")
    assert (definition.events_total, definition.rules.files_per_job) == (None, 1)


def test_events_to_use_limit_the_files_when_each_holds_as_many() -> None:
    assert refined(a_submission_with_input(nEvents=250, nEventsPerFile=100)).input_files_max == 3


@pytest.mark.parametrize(
    ("changes", "attribute", "expected"),
    [
        ({}, "attempts_max", 3),
        ({"disableAutoRetry": 1, "maxAttempt": 9}, "attempts_max", 1),
        ({"goal": 90}, "goal_permille", 900),
        ({"failGoalUnreached": True}, "fail_goal_unreached", True),
        ({"noLoopingCheck": True}, "looping_check", False),
        ({"useLocalIO": 1}, "use_local_io", True),
        ({"container_name": "docker://busybox"}, "container_name", "docker://busybox"),
        ({"multiStepExec": {"preprocess": {"command": "${TRF}"}}}, "multi_step_json", '{"preprocess":{"command":"${TRF}"}}'),
        ({"transPath": "http://x/trf"}, "transformation", "http://x/trf"),
        ({"maxFailure": 2}, "failures_max", 2),
    ],
)
def test_single_parameters_are_understood(changes: dict[str, Any], attribute: str, expected: object) -> None:
    assert getattr(refined(a_submission(**changes)), attribute) == expected


def test_numbers_in_the_text_keep_their_offsets() -> None:
    number = {"type": "template", "param_type": "number", "padding": False}
    definition = refined(
        a_submission(
            jobParameters=[
                number | {"value": "--seed=${RNDMSEED}", "offset": 100},
                number | {"value": "--first=${FIRSTEVENT}", "offset": 7},
            ]
        )
    )

    assert (definition.random_seed_offset, definition.first_event_offset) == (100, 7)
    assert definition.sequence_offset is None


def test_a_task_beside_its_parent_waits_for_it_unless_told_not_to() -> None:
    waiting, free = refine(a_submission(), API, 10000007), refine(a_submission(noWaitParent=True), API, 10000007)

    assert isinstance(waiting, TaskDefinition)
    assert isinstance(free, TaskDefinition)
    assert (waiting.parent_task_id, free.parent_task_id) == (10000007, None)


def test_names_of_datasets_lose_slash_and_scope() -> None:
    assert dataset_name("user.jdoe:user.jdoe.hdf.tiles/") == "user.jdoe.hdf.tiles"
    assert [scope_of(name) for name in ("user.jdoe.a.b", "group.phys.x", "mc23.1234.x")] == ["user.jdoe", "group.phys", "mc23"]


@pytest.mark.parametrize(("expand", "mixed"), [(True, False), (None, True), (False, True)])
def test_only_datasets_that_are_not_expanded_share_jobs(*, expand: bool | None, mixed: bool) -> None:
    """`--notExpandInDS` leaves the word out."""
    given = a_submission_with_input()
    item = given["jobParameters"][-1] | {"dataset": "a,b"}
    given["jobParameters"] = [*given["jobParameters"][:-1], item | {"expand": expand}]

    assert refined(given).rules.datasets_mixed is mixed


def test_datasets_that_no_item_names_do_not_share_jobs() -> None:
    given = a_submission_with_input(dsForIN="a,b")
    given["jobParameters"] = given["jobParameters"][:-1]

    assert refined(given).rules.datasets_mixed is False


def test_memory_after_failures_and_the_set_of_rules_are_read_from_the_parameters() -> None:
    memory = {"retryRamOffset": 0, "retryRamStep": 3000.5, "retryRamMax": 512_000}
    given = {**memory, "retryModuleRules": "mc", "transUses": "Atlas-25"}

    found = refined(a_submission(**given))

    assert (found.retry_ram_offset_mb, found.retry_ram_step_mb, found.retry_ram_max_mb) == (None, 3001, 512_000)
    assert (found.retry_rule_set, found.release) == ("mc", "Atlas-25")


@pytest.mark.parametrize("value", [-1, 1e12, "much"])
def test_memory_after_failures_that_no_host_has_is_refused(value: object) -> None:
    outcome = refine(a_submission(retryRamStep=value), API)

    assert isinstance(outcome, Refusal)
    assert "retryRamStep" in outcome.message
