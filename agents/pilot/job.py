"""A job as the server describes it: comma lists become files. Source: pilot-protocol 2."""

from dataclasses import dataclass
from typing import Any

NULL = "NULL"


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file to stage in. `checksum` as `ad:...`, empty when unknown."""

    lfn: str
    scope: str
    size_bytes: int | None
    checksum: str
    endpoint: str


@dataclass(frozen=True, slots=True)
class OutputFile:
    """A file to stage out."""

    lfn: str
    scope: str
    endpoint: str
    guid: str
    is_log: bool
    optional: bool


@dataclass(frozen=True, slots=True)
class PilotJob:
    """What the pilot needs of a job. Limits are 0 where there are none."""

    job_id: int
    task_id: int
    attempt: int
    transformation: str
    parameters: str
    inputs: tuple[InputFile, ...]
    outputs: tuple[OutputFile, ...]
    core_count: int
    ram_mb: int
    walltime_seconds: int


def parse_job(answer: dict[str, Any]) -> PilotJob:
    """The job in a getJob answer; raises ValueError naming a list that is not aligned."""
    return PilotJob(
        job_id=int(answer["PandaID"]),
        task_id=_number(answer.get("taskID")),
        attempt=_number(answer.get("attemptNr")),
        transformation=str(answer["transformation"]),
        parameters=str(answer.get("jobPars") or ""),
        inputs=_inputs(answer),
        outputs=_outputs(answer),
        core_count=_number(answer.get("coreCount")) or 1,
        ram_mb=_number(answer.get("minRamCount")),
        walltime_seconds=_number(answer.get("maxWalltime")),
    )


def _inputs(answer: dict[str, Any]) -> tuple[InputFile, ...]:
    names = _list(answer.get("inFiles"))
    scopes = _aligned(answer, "scopeIn", len(names))
    sizes = _aligned(answer, "fsize", len(names))
    checksums = _aligned(answer, "checksum", len(names))
    endpoints = _aligned(answer, "ddmEndPointIn", len(names))
    rows = zip(names, scopes, sizes, checksums, endpoints, strict=True)
    files = {lfn: InputFile(lfn, scope, int(size) if size else None, check, place) for lfn, scope, size, check, place in rows}
    return tuple(files.values())


def _outputs(answer: dict[str, Any]) -> tuple[OutputFile, ...]:
    names = _list(answer.get("outFiles"))
    log = str(answer.get("logFile") or "")
    endpoints = _aligned(answer, "ddmEndPointOut", len(names))
    scopes = iter(_aligned(answer, "scopeOut", sum(name != log for name in names)))
    optional = set(_list(answer.get("allowNoOutput")))
    guid, scope_log = str(answer.get("logGUID") or ""), str(answer.get("scopeLog") or "")
    return tuple(
        OutputFile(
            lfn=name,
            scope=scope_log if name == log else next(scopes),
            endpoint=endpoint,
            guid=guid if name == log else "",
            is_log=name == log,
            optional=name in optional,
        )
        for name, endpoint in zip(names, endpoints, strict=True)
    )


def _aligned(answer: dict[str, Any], key: str, length: int) -> list[str]:
    found = _list(answer.get(key), keep_empty=True)
    if not found:
        return [""] * length
    if len(found) != length:
        raise ValueError(f"{key} has {len(found)} entries, expected {length}")
    return found


def _list(value: Any, *, keep_empty: bool = False) -> list[str]:
    text = str(value or "")
    if text in ("", NULL):
        return []
    parts = ["" if part == NULL else part for part in text.split(",")]
    return parts if keep_empty else [part for part in parts if part]


def _number(value: Any) -> int:
    return 0 if value in (None, "", NULL) else int(float(value))
