"""What pilots and harvesters say, in both dialects, as JSON and as forms. They work on the senders' own jobs."""

from typing import Any

from hypothesis import strategies as st

from api.pilots import offers, reports
from tests.hostile.ground import QUEUE, Ground
from tests.hostile.message import Sender
from tests.hostile.requests import Drawn, changed, reading, with_body

FILE = {"guid": "", "fsize": 5, "adler32": "062c0215", "surl": "", "endpoint": "LOCAL_DISK", "events": 1}


def report(ground: Ground, state: str, number: int) -> dict[str, Any]:
    """A report by all that a pilot may say."""
    found: dict[str, Any] = {
        "jobId": str(ground.jobs[number % len(ground.jobs)]), "state": state, "attemptNr": 1, "siteName": QUEUE, "node": "n1",
        "batchID": "b", "pilotID": "p",
        "jobSubStatus": "s", "startTime": "2026-01-01 00:00:00", "cpuConsumptionTime": 1, "cpuConsumptionUnit": "s",
        "maxRSS": 1, "maxPSS": 1, "maxVMEM": 1,
        "maxSWAP": 1, "avgRSS": 1, "totRBYTES": 1, "totWBYTES": 1, "meanCoreCount": 1.0, "coreCount": 1, "nEvents": 1,
    }  # fmt: skip
    if state in reports.FINAL_STATES:
        found |= {
            "endTime": "2026-01-01 00:01:00", "xml": {"out.txt": FILE, "log.tgz": FILE}, "metaData": {"a": {"b": [1]}},
            "transExitCode": 0,
            "pilotErrorCode": 1305, "pilotErrorDiag": "text", "exeErrorCode": 1, "exeErrorDiag": "text", "ddmErrorCode": 1,
            "ddmErrorDiag": "text",
            "supErrorCode": 1, "supErrorDiag": "text", "pilotTiming": "1|2|3|4|5", "pilotLog": "text",
        }  # fmt: skip
    return found


OFFER = {
    "siteName": QUEUE, "computingElement": QUEUE, "prodSourceLabel": "user", "mem": 24000, "diskSpace": 20000, "node": "n1",
    "remaining_time": 9000,
    "harvester_id": "h", "worker_id": "w", "heartbeat_seconds": 10, "taskID": 0, "resourceType": "SCORE",
    "request_is_new": True,
}  # fmt: skip
WORKER = {"workerID": "w1", "harvesterID": "h1", "status": "started", "site": QUEUE, "node_id": "n1"}
WORKER_V1 = {"worker_id": "w1", "harvester_id": "h1", "status": "started", "site": QUEUE, "node_id": "n1"}
#: Ranges of a job that no pilot holds.
A_RANGE = {"eventRangeID": "10000001-100000010000001-1-1-1", "eventStatus": "finished", "errorCode": 1, "errorDiag": "text"}
A_ZIP = {"lfn": "out.zip", "objstoreID": 1, "adler32": "062c0215", "fsize": 5, "numEvents": 1, "pathConvention": 1000}
WHERE_IT_IS = {
    "worker_id": "w", "harvester_id": "h", "state": "running", "node": "n", "exit_code": None, "diagnostic": None,
}  # fmt: skip
STATES = (*reports.LIVE_STATES, *reports.FINAL_STATES)


@st.composite
def reported(draw: st.DrawFn, ground: Ground, *, v1: bool) -> tuple[dict[str, Any], str]:
    """A report with hostile values."""
    good = report(ground, draw(st.sampled_from(STATES)), draw(st.integers(0, 9)))
    found, description = draw(changed(good))
    names = {legacy: name for name, legacy in reports.LEGACY_OF_V1.items()}
    return (offers.legacy_names(found, names) if v1 else found), f"{good['state']}: {description}"


def in_bulk(name: str, one: st.SearchStrategy[tuple[dict[str, Any], str]]) -> st.SearchStrategy[tuple[dict[str, Any], str]]:
    """Several reports at once."""
    return st.lists(one, min_size=1, max_size=4).map(lambda many: ({name: [body for body, _ in many]}, many[0][1]))


def pilot_kinds(ground: Ground) -> dict[str, st.SearchStrategy[Drawn]]:
    """Kind -> strategy."""
    pilot, legacy, v1 = Sender.PILOT, "/server/panda", "/api/v1/pilot"
    offer_v1 = offers.legacy_names(OFFER, {old: new for new, old in offers.LEGACY_OF_V1.items()}) | {"n_jobs": 1}
    ids = {"ids": ",".join(map(str, ground.jobs)), "job_ids": str(ground.jobs[0])}
    return {
        "pilot getJob": with_body(f"{legacy}/getJob", pilot, changed(OFFER), as_form=True),
        "pilot updateJob": with_body(f"{legacy}/updateJob", pilot, reported(ground, v1=False), as_form=True),
        "pilot updateJobsInBulk": with_body(f"{legacy}/updateJobsInBulk", pilot, in_bulk("jobList", reported(ground, v1=False)),
        as_form=True),
        "pilot getStatus": st.one_of(with_body(f"{legacy}/getStatus", pilot, changed(ids), as_form=True),
        reading(f"{legacy}/getStatus", ("ids",), ids, pilot)),
        "pilot updateWorkerPilotStatus": with_body(f"{legacy}/updateWorkerPilotStatus", pilot, changed(WORKER), as_form=True),
        "pilot setDebugMode": with_body(f"{legacy}/setDebugMode", pilot, changed({"pandaID": ground.jobs[0], "modeOn": True}),
        as_form=True),
        "pilot get_access_token": with_body(f"{legacy}/get_access_token", pilot, changed({"client_name": "x",
        "token_key": "y"}), as_form=True),
        "pilot getEventRanges": with_body(f"{legacy}/getEventRanges", pilot, changed({"pandaID": ground.jobs[0],
        "jobsetID": ground.tasks[0], "taskID": ground.tasks[0], "nRanges": 5}), as_form=True),
        "pilot updateEventRange": with_body(f"{legacy}/updateEventRange", pilot, changed(A_RANGE), as_form=True),
        "pilot updateEventRanges": with_body(f"{legacy}/updateEventRanges", pilot, changed({"version": 1,
        "eventRanges": [{"zipFile": A_ZIP, "eventRanges": [A_RANGE, A_RANGE]}, A_RANGE]})),
        "pilot acquire_event_ranges": with_body("/api/v1/event/acquire_event_ranges", pilot, changed({
        "job_id": ground.jobs[0], "jobset_id": ground.tasks[0], "task_id": ground.tasks[0], "n_ranges": 5})),
        "pilot update_single_event_range": with_body("/api/v1/event/update_single_event_range", pilot, changed({
        "event_range_id": A_RANGE["eventRangeID"], "event_range_status": "finished", "core_count": 1})),
        "pilot update_event_ranges": with_body("/api/v1/event/update_event_ranges", pilot, changed({"version": 0,
        "event_ranges": [{"zipFile": A_ZIP, "eventRanges": [A_RANGE]}, A_RANGE]})),
        "pilot acquire_jobs": with_body(f"{v1}/acquire_jobs", pilot, changed(offer_v1)),
        "pilot update_job": with_body(f"{v1}/update_job", pilot, reported(ground, v1=True)),
        "pilot update_jobs_bulk": with_body(f"{v1}/update_jobs_bulk", pilot, in_bulk("job_list", reported(ground, v1=True))),
        "pilot get_job_status": reading(f"{v1}/get_job_status", ("job_ids",), ids, pilot),
        "pilot update_worker_status": with_body(f"{v1}/update_worker_status", pilot, changed(WORKER_V1)),
        "pilot update_worker_node": with_body(f"{v1}/update_worker_node", pilot, changed(WORKER_V1 | {"cpu_model": "x",
        "n_logical_cpus": 1})),
        "pilot update_worker_node_gpu": with_body(f"{v1}/update_worker_node_gpu", pilot, changed(WORKER_V1 | {"vendor": "x",
        "model": "y", "count": 1, "vram": 16_000})),
        "pilot calls that are mostly read": st.sampled_from(("getResourceTypes", "getProxy")).flatmap(
            lambda name: with_body(f"{legacy}/{name}", pilot, changed({"role": "x", "dn": "y"}), as_form=True)
        ),
        "harvester workers": with_body(f"/v1/queues/{QUEUE}/workers", pilot, changed(WHERE_IT_IS)),
        "harvester workers in bulk": with_body(f"/v1/queues/{QUEUE}/workers/reports", pilot, st.one_of(
            in_bulk("reports", changed(WHERE_IT_IS)), changed({"reports": [WHERE_IT_IS, WHERE_IT_IS]}))),
    }  # fmt: skip
