"""What goes wrong with a job, with PanDA's pilot error codes (pilot-protocol 4.2).

JobTrouble
    carries code and diagnosis; the job fails with them
ServerAway
    the server did not answer for too long
"""

NO_SUCH_FILE = 1103
STAGE_OUT = 1137
KILLED_BY_SERVER = 1144
INPUT_CHECKSUM = 1145
WRAPPER_NOT_FETCHED = 1149
OUTPUT_MISSING = 1165
SIGTERM_RECEIVED = 1201
TIME_LIMIT = 1213
MEMORY_LIMIT = 1235
PAYLOAD_FAILED = 1305
EMPTY_OUTPUT = 1350
STDOUT_TOO_BIG = 1106


class JobTrouble(Exception):
    """The job fails: `code` and `diagnosis` are reported."""

    def __init__(self, code: int, diagnosis: str) -> None:
        super().__init__(diagnosis)
        self.code = code
        self.diagnosis = diagnosis


class ServerAway(Exception):
    """No answer from the server within the time a pilot waits."""
