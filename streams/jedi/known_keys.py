"""Every key that parameters of a task may have: what is followed, what changes nothing, what is not supported. Data alone.

`known_keys_check.py` refuses all other keys by name: a key that is accepted is followed, or stands here with the reason why
nothing follows from it. Sources: docs/reference/client.md, "Task parameters"; the parameters of panda-client 2.2.0, iDDS and BPS.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KnownKeys:
    """The keys of one kind of object. followed: read by refinement or submission. harmless: key -> why any value changes nothing.

    only: key -> the values that change nothing, and what any other would ask for. unsupported: key -> what it would ask for;
    null, false, 0 and what is empty ask for nothing.
    """

    followed: frozenset[str]
    harmless: Mapping[str, str]
    only: Mapping[str, tuple[tuple[object, ...], str]]
    unsupported: Mapping[str, str]


_EVENTS = "every change is sent as an event and followed at once"
_ESTIMATE = "an estimate that the generic flavour of PanDA brokers without"
_LABEL = "a word for people"
_COUNTS = "numbers of events come from the catalogue"
_PLACES = "copies of input are not chosen by place: every queue reads the storage where a file is registered"
_RANGES = "the event service"
_PREPARED = "a preprocessing step"
_HPO = "hyperparameter optimisation"

TASK = KnownKeys(
    followed=frozenset(
        (
            "waitInput", "runUntilClosed", "allowEmptyInput", "encJobParams", "addNthFieldToLFN", "useFileAsSourceLFN",
            "taskName", "uniqueTaskName", "vo", "userName", "prodSourceLabel", "processingType", "workingGroup", "official",
            "taskType", "taskPriority", "currentPriority", "parentTaskName", "noWaitParent", "cliParams", "reqID",
            "architecture", "site", "excludedSite", "includedSite", "cloud", "coreCount", "ramCount", "ramCountUnit", "ramUnit",
            "outDiskCount", "outDiskUnit", "workDiskCount", "workDiskUnit", "maxWalltime", "walltime", "cpuTime", "cpuTimeUnit",
            "ioIntensity", "ioIntensityUnit", "diskIO", "diskIOUnit",
            "nEvents", "nEventsPerJob", "nEventsPerFile", "nFiles", "nFilesPerJob", "nMaxFilesPerJob", "nGBPerJob",
            "nEventsPerWorker", "esmergeSpec",
            "maxNumJobs", "totNumJobs", "nJobs", "noInput", "dsForIN", "pfnList", "jobParameters", "log", "log_merge",
            "sourceURL", "transPath", "buildSpec", "mergeSpec", "mergeOutput", "nFilesPerMergeJob", "nGBPerMergeJob",
            "maxAttempt", "maxFailure", "disableAutoRetry", "goal", "failGoalUnreached", "noLoopingCheck", "useLocalIO",
            "disableAutoFinish", "useSecrets", "container_name", "multiStepExec", "fixedSandbox", "transUses", "transHome",
            "respectLB", "orderByLB", "groupBoundaryID",
            "skipScout", "minCpuEfficiency", "respectSplitRule", "scoutSuccessRate", "gshare", "campaign",
            "retryRamOffset", "retryRamStep", "retryRamMax", "retryModuleRules",
        )
    ),
    harmless={
        "osInfo": _LABEL, "framework": _LABEL, "countryGroup": _LABEL, "ticketID": _LABEL,
        "ticketSystemType": _LABEL, "requestType": _LABEL, "noEmail": "no mail is sent in any case",
        "useExhausted": "a task that missed its goal ends by its counters and can be retried",
        "messageDriven": _EVENTS, "pushStatusChanges": _EVENTS,
        "cpuEfficiency": _ESTIMATE, "baseWalltime": _ESTIMATE,
        "maxCpuCount": _ESTIMATE, "walltimeUnit": "walltime is in seconds",
        "maxCoreCount": "a job gets the cores that coreCount asks for, never those of its queue",
        "useRealNumEvents": _COUNTS, "getNumEventsInMetadata": _COUNTS,
        "reuseSecOnDemand": "secondary input that is reusable is used again when it is needed",
        "forceStaged": "input is always copied to the job",
        "avoidVP": _PLACES, "allowInputWAN": _PLACES, "t1Weight": _PLACES, "registerDatasets": "outputs are always registered",
        "nucleus": _PLACES, "cloudAsVO": "a cloud is a cloud",
        "noAutoPause": "read with the figures of the policy, after refinement",
        "disableReassign": "no waiting job changes its queue by itself",
        "noInputPooling": "input is taken as soon as it is known", "nChunksToWait": "input is taken as soon as it is known",
        "prestagingRuleID": "says by which rule inputPreStaging stages; that is refused itself",
        "allowIncompleteInDS": "a dataset is used with the files that are registered in it, closed or open",
    },
    only={
        "nEsConsumers": ((1,), "several jobs that take ranges of one file at once"),
        "PandaSite": (("",), "a site apart from a queue; name the queue in site"),
        "allowInputLAN": (("use",), "input that is read where it lies"),
        "transferType": (("file",), "input that is read where it lies"),
        "ipConnectivity": (("full",), "a choice of queues by their network"),
    },
    unsupported={
        "ignoreMissingInDS": "leaving out datasets that do not exist",
        "inputPreStaging": "input from tape", "segmentedWork": "segmented work", "segmentSpecs": "segmented work",
        "preproSpec": _PREPARED, "usePrePro": _PREPARED, "tarBallViaDDM": "sandboxes from datasets",
        "skipFilesUsedBy": "input of other tasks left out",
        "loadXML": "splitting by an XML file", "noExecStrCnv": "parameters left unchanged",
        "releasePerLB": "release by luminosity block",
        "skipEmptyInput": "skipping input without events",
        "orderInputBy": "an order of the input", "inFilePosEvtNum": "events numbered by their place in a file",
        "firstEvent": "a first event of the task", "randomSeed": "a first seed of the task; use an offset of ${RNDMSEED}",
        "nEventsPerInputFile": "events of a file; use nEventsPerFile", "tgtNumEventsPerJob": "jobs of equal numbers of events",
        "maxEventsPerJob": "a limit of events for a job", "dynamicNumEvents": "a number of events by queue",
        "tgtMaxOutputForNG": "splitting by the size of outputs", "nEventsPerMergeJob": "merging by events",
        "nMaxFilesPerMergeJob": "a second limit of files for a merge", "onSiteMerging": "merging where the jobs ran",
        "mergeEsOnOS": _RANGES, "mergeRamCount": "memory of merge jobs", "mergeRamUnit": "memory of merge jobs",
        "mergeCoreCount": "cores of merge jobs", "mergeWalltime": "wall time of merge jobs",
        "mergeWalltimeUnit": "wall time of merge jobs",
        "baseRamCount": "memory beside that of the cores; count it into ramCount",
        "memory_leak_core": "memory by running time", "memory_leak_x2": "memory by running time",
        "allowPartialFinish": "a goal of one event; use goal", "workflowHoldup": "input released by a workflow",
        "intermediateTask": "tasks inside a chain", "fullChain": "tasks inside a chain",
        "pushJob": "jobs pushed to workers by the task; the queue decides",
        "priority": "a priority by this name; use currentPriority",
        "debugMode": "live output of jobs", "osMatching": "a choice of queues by operating system",
        "maxAttemptES": _RANGES, "maxAttemptEsJob": _RANGES,
        "decAttOnFailedES": _RANGES, "switchEStoNormal": _RANGES, "resurrectConsumers": _RANGES, "notDiscardEvents": _RANGES,
        "registerEsFiles": _RANGES, "esConvertible": _RANGES, "useZipToPin": _RANGES, "usePrefetcher": _RANGES,
        "useJobCloning": "job cloning", "nSitesPerJob": "job cloning", "nJumboJobs": "jumbo jobs", "useJumbo": "jumbo jobs",
        "maxJumboPerSite": "jumbo jobs", "fineGrainedProc": "fine-grained processing", "hpoWorkflow": _HPO,
        "hpoRequestData": _HPO,
        "limitedSites": "a choice of queues in another form; use includedSite and excludedSite",
        "ipStack": "a choice of queues by their network", "stayOutputOnSite": "outputs that stay where they were made",
        "instantiateTmpl": "output datasets by queue", "instantiateTmplSite": "output datasets by queue",
        "ddmBackEnd": "a choice of the data management", "altStageOut": "another place for outputs",
        "putLogToOS": "logs in an object store",
        "onlyTagsForFC": "a choice of queues by software", "writeInputToFile": "a list of input in a file; use ${IN/F}",
        "workQueue_ID": "a work queue",
    },
)  # fmt: skip

ITEM = KnownKeys(
    followed=frozenset(
        (
            "type", "value", "param_type", "dataset", "hidden", "padding", "offset", "include", "exclude", "files",
            "mergeOnly", "allowNoOutput",
        )
    ),
    harmless={
        "container": "the output dataset has the name that dataset says",
        "expand": "the files of a dataset are its own; there are no containers to expand",
        "consolidate": "the datasets of an item are its input without a container that holds them",
    },
    only={
        "destination": (("local",), "a storage for outputs; they go to the storage of the queue"),
        "token": (("local",), "a space token for outputs; they go to the storage of the queue"),
        "ratio": ((1,), "a forced ratio of files"),
    },
    unsupported={
        "nFilesPerJob": "a number of files of one input", "eventRatio": "a forced ratio of events",
        "random": "input in random order",
        "reusable": "input that is used again", "attributes": "attributes of an input", "num_records": "a number of records",
        "indexConsistent": "input that is joined by number", "check": "a check of an input", "transient": "transient outputs",
    },
)  # fmt: skip

#: Of an input beside the first: what says how many of its files a job has.
OF_SECONDARY = frozenset(("nFilesPerJob", "ratio", "reusable", "attributes"))
SECONDARY = KnownKeys(
    followed=ITEM.followed | OF_SECONDARY,
    harmless=ITEM.harmless,
    only={key: value for key, value in ITEM.only.items() if key not in OF_SECONDARY},
    unsupported={key: value for key, value in ITEM.unsupported.items() if key not in OF_SECONDARY},
)

#: What an item may stand for.
PARAM_TYPES = ("", "input", "output", "log", "pseudo_input", "number")

BUILD = KnownKeys(
    followed=frozenset(("jobParameters", "archiveName", "prodSourceLabel", "transPath", "tarBallViaDDM")),
    harmless={"useLocalIO": "a step always reads copies of its input"},
    only={},
    unsupported={},
)
MERGE = KnownKeys(
    followed=frozenset(("jobParameters", "prodSourceLabel", "transPath")),
    harmless={"useLocalIO": "a step always reads copies of its input"},
    only={},
    unsupported={},
)
STEPS = KnownKeys(
    followed=frozenset(("preprocess", "postprocess", "containerOptions")),
    harmless={},
    only={},
    unsupported={"coprocess": "a process beside the payload"},
)
#: Each of the steps, which the wrapper does.
STEP = KnownKeys(
    followed=frozenset(("args",)),
    harmless={},
    only={"command": (("${TRF}",), "a step of another program")},
    unsupported={},
)
CONTAINER = KnownKeys(
    followed=frozenset(("containerExec", "containerImage")),
    harmless={},
    only={},
    unsupported={"execArgs": "options of a container launcher"},
)
