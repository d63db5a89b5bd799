"""The port of what APIs share: small documents and files by name, each kind in a space of its own.

Out: what one API wrote, every other one reads. Guards: a name is read complete or not at all, also while others write it; of
two that claim a name the first has it. Only the kinds listed here can be reached: the keys with which tokens and the ledgers
of the notary are signed are none of them.
"""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from enum import Enum
from typing import BinaryIO, Protocol


class SharedKind(Enum):
    """What is shared; the value is the folder where a directory keeps it."""

    #: what users upload and jobs fetch
    SANDBOXES = "cache"
    #: which user uploaded which content
    UPLOADERS = "cache/.index"
    #: how much each user uploaded today
    UPLOAD_USAGE = "shared/upload-usage"
    #: what each Idempotency-Key was first used for
    IDEMPOTENCY_KEYS = "shared/idempotency"
    #: public keys of trusted issuers, as they published them
    ISSUER_KEYS = "shared/issuer-keys"
    #: secrets of users, encrypted, in a folder for each owner
    SECRETS = "shared/secrets"
    #: logins under way, encrypted
    DEVICE_CODES = "shared/device-codes"
    #: logins in a browser that are under way, encrypted
    BROWSER_LOGINS = "shared/browser-logins"
    #: what the cookies of browsers stand for, encrypted
    SESSIONS = "shared/sessions"
    #: which sessions a provider ended, and which of its logout tokens were used
    ENDED_SESSIONS = "shared/ended-sessions"
    #: which refresh of a session is done by whom
    SESSION_REFRESHES = "shared/session-refreshes"


class Incoming(Protocol):
    """A file on its way into a space; it is not there before `finish`."""

    file: BinaryIO

    def finish(self, name: str, *, replaces: bool) -> bool:
        """Give it its name; false when the name is taken and it does not replace."""
        ...


class Space(Protocol):
    """Everything of one kind. Names are plain file names; all methods raise OSError when the store is away or full."""

    def get(self, name: str) -> bytes | None:
        """The document, None where there is none."""
        ...

    def put(self, name: str, content: bytes) -> None:
        """The document is `content` from now on."""
        ...

    def claim(self, name: str, content: bytes) -> bytes:
        """`content` when no one had the name before, else what stands there."""
        ...

    def open(self, name: str) -> BinaryIO | None:
        """The file for reading, None where there is none."""
        ...

    def incoming(self) -> AbstractContextManager[Incoming]:
        """Room for a new file; what is not finished is gone afterwards."""
        ...

    def touch(self, name: str) -> bool:
        """Count as new from now on; false where there is none."""
        ...

    def age_seconds(self, name: str) -> float | None:
        """Since it was written or touched; None where there is none."""
        ...

    def forget(self, older_than_seconds: float) -> int:
        """Delete what is older; how many that were."""
        ...

    def within(self, name: str) -> "Space":
        """A space of its own below this one."""
        ...

    def names(self) -> Iterable[str]:
        """Of all documents, in no order; those of spaces below are none of them."""
        ...

    def folders(self) -> Iterable[str]:
        """Of all spaces below, in no order."""
        ...

    def remove(self, name: str) -> None:
        """Delete a document, if it is there."""
        ...


class SharedStore(Protocol):
    """All that APIs share."""

    def space(self, kind: SharedKind) -> Space:
        """Everything of one kind."""
        ...
