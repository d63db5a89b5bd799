"""What goes wrong with a job, with PanDA's pilot error codes (docs/reference/pilot.md, "Error codes").

JobTrouble
    carries code and diagnosis; the job fails with them
└── Stopped
    the server wants the job stopped: killed by its owner, or the lease went to another pilot
PayloadSupervisorGone
    the process that holds the payloads died; this pilot can run no more of them
"""

STAGE_IN = 1099
NO_SUCH_FILE = 1103
NO_STORAGE = 1133
STAGE_OUT = 1137
KILLED_BY_SERVER = 1144
INPUT_CHECKSUM = 1145
WRAPPER_NOT_FETCHED = 1149
OUTPUT_MISSING = 1165
NO_WORK_FOLDER = 1199
SIGTERM_RECEIVED = 1201
TIME_LIMIT = 1213
MEMORY_LIMIT = 1235
PAYLOAD_FAILED = 1305
NOT_STARTED = 1310
NO_ANSWER = 1318
INTERNAL = 1319
EMPTY_OUTPUT = 1350
STDOUT_TOO_BIG = 1106
NO_CONTAINERS = 1384


class JobTrouble(Exception):
    """The job fails: `code` and `diagnosis` are reported."""

    def __init__(self, code: int, diagnosis: str) -> None:
        super().__init__(diagnosis)
        self.code = code
        self.diagnosis = diagnosis


class Stopped(JobTrouble):
    """The server wants the job stopped."""

    def __init__(self) -> None:
        super().__init__(KILLED_BY_SERVER, "stopped by the server: killed, or the lease is lost")


class PayloadSupervisorGone(Exception):
    """The supervisor died."""
