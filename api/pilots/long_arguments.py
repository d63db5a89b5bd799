"""Job parameters that are too long for a command line: a file in the cache that the wrapper fetches, and a short text instead.

In: a job's specification. Out: what its pilot gets as `jobPars`. Linux takes at most 131,072 bytes in one argument, and pilots
hand the whole line to a shell as one. Guards: only Culm's own wrappers read such a file; its name is the digest of its content,
so that it is found by those alone who were given the job, and the wrapper takes no other content.
"""

import hashlib

import structlog

from api.shared.store import Space
from schemas.server_address import SERVER, with_address
from schemas.types import JobSpec

#: Room for the pilot's own words in the same argument: set-up, a container's command line, steps.
LINE_BYTES_MAX = 100_000
OWN_WRAPPERS = f"{SERVER}/trf/"
OPTION = "--argumentsFrom"
PREFIX = "jobPars."
log = structlog.get_logger()


def arguments_for(spec: JobSpec, server: str, files: Space) -> str:
    """`jobPars` of a job: its parameters, or the option that names their file. server: base address that jobs use at this moment.

    Where the store is away the parameters stay as they are: the pilot will say that they are too long.
    """
    text = with_address(spec.parameters, server)
    content = text.encode()
    is_own = spec.transformation.startswith((OWN_WRAPPERS, f"{server}/trf/"))
    if len(content) <= LINE_BYTES_MAX or not is_own:
        return text
    name = PREFIX + hashlib.sha256(content).hexdigest()
    try:
        files.put(name, content)
    except OSError as problem:
        log.warning("arguments_not_stored", job_id=spec.job_id, bytes=len(content), problem=problem.strerror)
        return text
    return f"{OPTION} {server}/cache/{name}"
