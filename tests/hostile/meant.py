"""What commands say that is meant, where the first value that fits a type would be refused: so that a hostile value beside it
meets the code behind the guards. `test_meant.py` holds that such a command is carried out.
"""

from collections.abc import Mapping
from typing import Any

from tests.hostile.ground import CODE, Ground, prelude_id

DIGEST = "0123456789abcdef" * 4
HOUR = 3_600_000_000
#: Of a command or a part of one, the values of some of its fields.
MEANT: Mapping[str, Mapping[str, Any]] = {
    "AccountCap": {"jobs_max": 100_000, "cores_max": 100_000},
    "AddEdges": {"chunk": 2, "first_parent": 0, "counts": [1, 0], "children": [1]},
    "AddInputNames": {"chunk": 0, "list": "pfnList"},
    "AddWorks": {"chunk": 0, "depths": [0], "conditions": [], "links": []},
    "AssignScope": {"new_owner": None},
    "BrokerFigure": {"key": "BASE_DEFAULT_QUEUE_LENGTH_PER_PQ_USER", "value": 5.0},
    "ChangeSplitRule": {"code": "NF"},
    "ChangeTaskAttribute": {"attribute": "ramCount"},
    "ClockSetting": {"name": "transferring", "seconds": 86_400},
    "CompleteMerge": {"succeeded": True},
    "DeleteSecrets": {"name_digests": [DIGEST]},
    "EndEnrolment": {"code": CODE},
    "EndLogin": {"token": CODE},
    "ExpireJobState": {"clock": "sent", "status": "sent", "code": 102, "seconds": 1_800},
    "GrantedRight": {"rights": ["user"]},
    "IntendBoundWorker": {"tag": "hostile-word"},
    "IntendWorker": {"tag": "hostile-word"},
    "KillJob": {"code": 9},
    "KillTaskJobs": {"after": 0, "last": 9, "code": 9},
    "OfferElsewhere": {"code": 51},
    "OutsideFact": dict.fromkeys(("site", "link", "software", "nodes", "replicas")),
    "QueueSettings": {"standby_min": 0, "harvester_workflow": "pull"},
    "ReportJobEnd": {"succeeded": True, "errors": []},
    "ReassignTask": {"mode": "nokill"},
    "PilotOffer": {"resource_type": None, "memory_mb": 24_000, "disk_mb": 20_000, "walltime_seconds": 86_400, "cores": 8},
    "RecordParentEnd": {"parent_status": "done"},
    "RecordWorkEnd": {"work": 0},
    "RedeemEnrolment": {"code": CODE, "redeemer": DIGEST},
    "ResumeTask": {"throttle": 0},
    "RetryRule": {"attempts_max": None},
    "RetryTaskUnits": {"after": 0, "task_attempt": 1},
    "RevokeToken": {"token": CODE},
    "ScheduleTaskCommand": {"command": "PauseTask", "fields_json": "{}"},
    "SetSecret": {"name_digest": DIGEST, "digest": DIGEST},
    "StartWork": {"work": 0},
    "SubscribeContents": {"chunk": 0, "position": 0},
    "ThrottleLimits": {"share": "hostile", "resource_type": "", "queue_cap": 0},
    "TrustedIssuer": {"lifetime_seconds_max": 3_600},
}


def meant(name: str, ground: Ground) -> Mapping[str, Any]:
    """The values that fields of a record called `name` have when it is meant."""
    match name:
        case "QueueSettings":
            return {**MEANT[name], "name": ground.queue}
        case "StorageElement":
            return {"name": "HOSTILE"}
        case "ScheduleTaskCommand":
            return {**MEANT[name], "at": ground.now + HOUR}
        case "OfferEnrolment":
            return {"code": CODE, "expires_at": ground.now + HOUR, "tokens_until": ground.now + HOUR}
        case "CancelScheduled" | "CarryOutScheduled":
            return {"schedule_id": prelude_id("ScheduleTaskCommand", ground)}
        case "OutputFile":
            return {"lfn": f"out.{ground.tasks[0]}.txt"}
        case "SubmitWorkflow":
            return {"request_id": ground.tasks[0], "works": 1, "nodes": 2, "edges": 1, "conditions": 0}
        case "SealWorkflow":
            return {"works": 1, "nodes": 2, "edges": 1}
        case "WorkDefinition":
            return {"nodes": 2, "waits": False}
        case _:
            return MEANT.get(name, {})
