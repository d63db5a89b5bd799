"""The Python client of Culm: every operation of the OpenAPI document as a method, sync (`Client`) and async (`AsyncClient`)."""

from culm.client.async_client import AsyncClient
from culm.client.frames import to_pandas, to_polars
from culm.client.pages import AsyncPages, Pages
from culm.client.problems import (
    BadRequest,
    ClientError,
    Conflict,
    Forbidden,
    NoAccess,
    NoAnswer,
    NotAuthenticated,
    NotFound,
    Problem,
    Refused,
    TooManyRequests,
    Unavailable,
    UnexpectedAnswer,
    WaitEnded,
)
from culm.client.records import (
    CommandAnswer,
    Dataset,
    DatasetFile,
    Event,
    InputUnit,
    Job,
    Queue,
    Reasons,
    Submitted,
    Task,
    Worker,
)
from culm.client.rows import Row
from culm.client.sync_client import Client

__all__ = [
    "AsyncClient", "AsyncPages", "BadRequest", "Client", "ClientError", "CommandAnswer", "Conflict", "Dataset", "DatasetFile",
    "Event", "Forbidden", "InputUnit", "Job", "NoAccess", "NoAnswer", "NotAuthenticated", "NotFound", "Pages", "Problem", "Queue",
    "Reasons", "Refused", "Row", "Submitted", "Task", "TooManyRequests", "Unavailable", "UnexpectedAnswer", "WaitEnded", "Worker",
    "to_pandas", "to_polars",
]  # fmt: skip
