"""The enumerations that requests to iDDS name, with the values that are on the wire. Pure.

Source: docs/reference/idds.md, "Enumerations"; `idds.common.constants` and `idds.workflowv2.workflow` of the release 2.6.21.
"""

from collections.abc import Mapping

CONSTANTS = "idds.common.constants"
#: Modules that have their own copies of the enumerations of conditions.
OF_CONDITIONS = ("idds.workflowv2.workflow", "idds.workflow.workflow")
_LOCKING: Mapping[str, int | str] = {"Idle": 0, "Locking": 1}
_OF_CONSTANTS: Mapping[str, Mapping[str, int | str]] = {
    "WorkflowType": {"Workflow": 0, "iWorkflow": 1, "iWork": 2, "iWorkflowLocal": 3},
    "WorkStatus": {
        "New": 0, "Ready": 1, "Transforming": 2, "Finished": 3, "SubFinished": 4, "Failed": 5, "Extend": 6, "ToCancel": 7,
        "Cancelling": 8, "Cancelled": 9, "ToSuspend": 10, "Suspending": 11, "Suspended": 12, "ToResume": 13, "Resuming": 14,
        "ToExpire": 15, "Expiring": 16, "Expired": 17, "ToFinish": 18, "ToForceFinish": 19, "Running": 20, "Terminating": 21,
    },
    "RequestGroupStatus": {
        "New": 0, "Ready": 1, "Transforming": 2, "Finished": 3, "SubFinished": 4, "Failed": 5, "Extend": 6, "ToCancel": 7,
        "Cancelling": 8, "Cancelled": 9, "ToSuspend": 10, "Suspending": 11, "Suspended": 12, "ToResume": 13, "Resuming": 14,
        "ToExpire": 15, "Expiring": 16, "Expired": 17, "ToFinish": 18, "ToForceFinish": 19, "Terminating": 20, "Building": 21,
        "Built": 22, "Throttling": 23, "ToClose": 24,
    },
    "RequestGroupLocking": _LOCKING,
    "RequestGroupType": {"Workflow": 0, "Other": 99},
    "RequestAdditionalDataStorage": {"Default": 0, "OnDisk": 1},
    "RequestStatus": {
        "New": 0, "Ready": 1, "Transforming": 2, "Finished": 3, "SubFinished": 4, "Failed": 5, "Extend": 6, "ToCancel": 7,
        "Cancelling": 8, "Cancelled": 9, "ToSuspend": 10, "Suspending": 11, "Suspended": 12, "ToResume": 13, "Resuming": 14,
        "ToExpire": 15, "Expiring": 16, "Expired": 17, "ToFinish": 18, "ToForceFinish": 19, "Terminating": 20, "Building": 21,
        "Built": 22, "Throttling": 23, "ToClose": 24,
    },
    "RequestLocking": _LOCKING,
    "WorkprogressStatus": {
        "New": 0, "Ready": 1, "Transforming": 2, "Finished": 3, "SubFinished": 4, "Failed": 5, "Extend": 6, "ToCancel": 7,
        "Cancelling": 8, "Cancelled": 9, "ToSuspend": 10, "Suspending": 11, "Suspended": 12, "ToResume": 13, "Resuming": 14,
        "ToExpire": 15, "Expiring": 16, "Expired": 17, "ToFinish": 18, "ToForceFinish": 19,
    },
    "WorkprogressLocking": _LOCKING,
    "RequestType": {
        "Workflow": 0, "EventStreaming": 1, "StageIn": 2, "ActiveLearning": 3, "HyperParameterOpt": 4, "Derivation": 5,
        "iWorkflow": 6, "iWorkflowLocal": 7, "GenericWorkflow": 8, "WorkData": 9, "Other": 99,
    },
    "TransformType": {
        "Workflow": 0, "EventStreaming": 1, "StageIn": 2, "ActiveLearning": 3, "HyperParameterOpt": 4, "Derivation": 5,
        "Processing": 6, "Actuating": 7, "Data": 8, "iWorkflow": 9, "iWork": 10, "GenericWorkflow": 11, "GenericWork": 12,
        "BuildWork": 13, "Other": 99,
    },
    "TransformStatus": {
        "New": 0, "Ready": 1, "Transforming": 2, "Finished": 3, "SubFinished": 4, "Failed": 5, "Extend": 6, "ToCancel": 7,
        "Cancelling": 8, "Cancelled": 9, "ToSuspend": 10, "Suspending": 11, "Suspended": 12, "ToResume": 13, "Resuming": 14,
        "ToExpire": 15, "Expiring": 16, "Expired": 17, "ToFinish": 18, "ToForceFinish": 19, "Terminating": 20, "Building": 21,
        "Built": 22, "Queue": 23, "Throttling": 24, "WaitForTrigger": 25,
    },
    "TransformLocking": _LOCKING,
    "ConditionStatus": {"New": 0, "WaitForTrigger": 1, "Triggered": 2},
    "CollectionType": {"Container": 0, "Dataset": 1, "File": 2, "PseudoDataset": 3, "NoContentDataset": 4},
    "CollectionRelationType": {"Input": 0, "Output": 1, "Log": 2},
    "CollectionStatus": {
        "New": 0, "Updated": 1, "Processing": 2, "Open": 3, "Closed": 4, "SubClosed": 5, "Failed": 6, "Deleted": 7,
        "Cancelled": 8, "Suspended": 9,
    },
    "CollectionLocking": _LOCKING,
    "ContentType": {"File": 0, "Event": 1, "PseudoContent": 2},
    "ContentRelationType": {"Input": 0, "Output": 1, "Log": 2, "InputDependency": 3},
    "ContentStatus": {
        "New": 0, "Processing": 1, "Available": 2, "Failed": 3, "FinalFailed": 4, "Lost": 5, "Deleted": 6, "Mapped": 7,
        "FakeAvailable": 8, "Missing": 9, "Cancelled": 10, "Activated": 11, "SubAvailable": 12, "FinalSubAvailable": 13,
        "PreProcessing": 14,
    },
    "ContentLocking": _LOCKING,
    "ContentFetchStatus": {"New": 0, "Fetching": 1, "Fetched": 2},
    "GranularityType": {"File": 0, "Event": 1},
    "ProcessingType": {
        "Workflow": 0, "EventStreaming": 1, "StageIn": 2, "ActiveLearning": 3, "HyperParameterOpt": 4, "Derivation": 5,
        "Processing": 6, "Actuating": 7, "Data": 8, "iWorkflow": 9, "iWork": 10, "GenericWorkflow": 11, "GenericWork": 12,
        "BuildWork": 13, "Other": 99,
    },
    "ProcessingStatus": {
        "New": 0, "Submitting": 1, "Submitted": 2, "Running": 3, "Finished": 4, "Failed": 5, "Lost": 6, "Cancel": 7,
        "FinishedOnStep": 8, "FinishedOnExec": 9, "FinishedTerm": 10, "SubFinished": 11, "ToCancel": 12, "Cancelling": 13,
        "Cancelled": 14, "ToSuspend": 15, "Suspending": 16, "Suspended": 17, "ToResume": 18, "Resuming": 19, "ToExpire": 20,
        "Expiring": 21, "Expired": 22, "TimeOut": 23, "ToFinish": 24, "ToForceFinish": 25, "Broken": 26, "Terminating": 27,
        "ToTrigger": 28, "Triggering": 29, "Synchronizing": 30, "Prepared": 31,
    },
    "ProcessingLocking": _LOCKING,
    "HealthStatus": {"Default": 0, "InActive": 1, "Active": 2},
    "MessageType": {
        "StageInFile": 0, "StageInCollection": 1, "StageInWork": 2, "ActiveLearningFile": 3, "ActiveLearningCollection": 4,
        "ActiveLearningWork": 5, "HyperParameterOptFile": 6, "HyperParameterOptCollection": 7, "HyperParameterOptWork": 8,
        "ProcessingFile": 9, "ProcessingCollection": 10, "ProcessingWork": 11, "HealthHeartbeat": 12, "IDDSCommunication": 13,
        "ContentExt": 14, "AsyncResult": 15, "UnknownFile": 97, "UnknownCollection": 98, "UnknownWork": 99,
    },
    "MessageTypeStr": {
        "StageInFile": "file_stagein", "StageInCollection": "collection_stagein", "StageInWork": "work_stagein",
        "ActiveLearningFile": "file_activelearning", "ActiveLearningCollection": "collection_activelearning",
        "ActiveLearningWork": "work_activelearning", "HyperParameterOptFile": "file_hyperparameteropt",
        "HyperParameterOptCollection": "collection_hyperparameteropt", "HyperParameterOptWork": "work_hyperparameteropt",
        "ProcessingFile": "file_processing", "ProcessingCollection": "collection_processing", "ProcessingWork":
        "work_processing", "HealthHeartbeat": "health_heartbeat", "IDDSCommunication": "idds_communication", "UnknownFile":
        "file_unknown", "UnknownCollection": "collection_unknown", "UnknownWork": "work_unknown", "ContentExt": "content_ext",
        "AsyncResult": "async_result",
    },
    "MessageStatus": {
        "New": 0, "Fetched": 1, "Delivered": 2, "Failed": 3, "ConfirmDelivered": 4, "NoNeedDelivery": 5,
    },
    "MessageLocking": _LOCKING,
    "MessageSource": {
        "Clerk": 0, "Transformer": 1, "Transporter": 2, "Carrier": 3, "Conductor": 4, "Rest": 5, "OutSide": 6,
    },
    "MessageDestination": {
        "Clerk": 0, "Transformer": 1, "Transporter": 2, "Carrier": 3, "Conductor": 4, "Outside": 5, "ContentExt": 6,
        "AsyncResult": 7,
    },
    "CommandType": {
        "NoneCommand": 0, "AbortRequest": 10, "ResumeRequest": 11, "ExpireRequest": 12, "CloseRequest": 13, "AbortTransform":
        20, "ResumeTransform": 21, "ExpireTransform": 22, "CloseTransform": 23, "AbortProcessing": 30, "ResumeProcessing": 31,
        "ExpireProcessing": 32, "CloseProcessing": 33,
    },
    "CommandStatus": {"New": 0, "Processing": 1, "Processed": 2, "Failed": 3, "UnknownCommand": 4},
    "MetaStatus": {"UnActive": 0, "Active": 1},
    "CommandLocking": _LOCKING,
    "CommandLocation": {
        "Clerk": 0, "Transformer": 1, "Transporter": 2, "Carrier": 3, "Conductor": 4, "Rest": 5, "Other": 6,
    },
    "ThrottlerStatus": {"InActive": 0, "Active": 1},
    "ReturnCode": {"Ok": 0, "Failed": 255, "Locked": 1},
    "AsyncResultStatus": {"Running": 0, "Finished": 1, "SubFinished": 2, "Failed": 3},
}  # fmt: skip
_OF_CONDITIONS: Mapping[str, Mapping[str, int | str]] = {
    "ConditionOperator": {"And": 0, "Or": 1},
    "ConditionTrigger": {"NotTriggered": 0, "ToTrigger": 1, "Triggered": 2},
}
#: (module, class) -> name -> value.
ENUMERATIONS: Mapping[tuple[str, str], Mapping[str, int | str]] = {
    **{(CONSTANTS, name): values for name, values in _OF_CONSTANTS.items()},
    **{(module, name): values for module in OF_CONDITIONS for name, values in _OF_CONDITIONS.items()},
}
