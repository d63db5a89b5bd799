"""What can go wrong between an agent and Culm.

CallFailed
├── Unreachable   no answer, or "come back later": worth another try
│   └── NotAdmitted   the token is refused, also after the token file was read again; a new file may come
└── Rejected      the answer is no and will stay no
"""


class CallFailed(Exception):
    """A call did not succeed."""


class Unreachable(CallFailed):
    """The server did not answer, or cannot serve now."""


class NotAdmitted(Unreachable):
    """The token is not accepted."""


class Rejected(CallFailed):
    """The call itself is refused; to repeat it is useless. status: of the HTTP answer; 0 where none said it."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status
