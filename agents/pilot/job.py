"""A job as the server describes it: comma lists become files. Pure. Source: docs/reference/pilot.md, "The job object".

Guards: file names are plain names that lead nowhere else; lists that belong together have the same length; nothing is
silently left out that the pilot cannot do.
"""

from dataclasses import dataclass, field
from typing import Any

NULL = "NULL"
#: Names in the job's directory that belong to the pilot; no input may replace them.
#: Where a payload finds the secrets of its owner, as the reference pilot puts them.
SECRETS_FILE = "panda_secrets.json"
RESERVED = ("payload.stdout", "payload.stderr", "pilotlog.txt", SECRETS_FILE)
NAME_BYTES_MAX = 255
#: What this pilot cannot do: a process beside the payload.
UNSUPPORTED = ("coprocess",)
#: Steps around a payload in a container.
STEPS = ("preprocess", "postprocess")


class BadJob(ValueError):
    """The answer is no job; `job` has what could be read of it, None when not even its number could."""

    def __init__(self, text: str, job: "PilotJob | None" = None) -> None:
        super().__init__(text)
        self.job = job


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file to stage in. `checksum` as `ad:...` or `md:...`, empty when unknown."""

    lfn: str
    scope: str
    size_bytes: int | None
    checksum: str
    endpoint: str


@dataclass(frozen=True, slots=True)
class StageOutFile:
    """A file to stage out."""

    lfn: str
    scope: str
    endpoint: str
    guid: str
    is_log: bool
    optional: bool


@dataclass(frozen=True, slots=True)
class PilotJob:
    """What the pilot needs of a job. Limits are 0 where there are none.

    attempt: echoed in every report, None when the server did not say. unsupported: names of what cannot be done here.
    image: of the container to run in, empty for none; inside: the shell command that runs in it. before, after: arguments of the
    wrapper outside, empty where there is no such step.
    """

    job_id: int
    task_id: int
    attempt: int | None
    transformation: str
    parameters: str = field(repr=False)
    inputs: tuple[InputFile, ...]
    outputs: tuple[StageOutFile, ...]
    core_count: int
    ram_mb: int
    walltime_seconds: int
    unsupported: tuple[str, ...] = ()
    secrets: str = field(default="", repr=False)
    image: str = ""
    inside: str = field(default="", repr=False)
    before: str = field(default="", repr=False)
    after: str = field(default="", repr=False)

    @property
    def wrapper(self) -> str:
        """Name of the wrapper in the job's directory."""
        return self.transformation.rpartition("/")[2].partition("?")[0]


def parse_job(answer: dict[str, Any]) -> PilotJob:
    """The job in a getJob answer; raises BadJob saying what is wrong with it."""
    try:
        job_id = _number(answer.get("PandaID"))
    except ValueError as problem:
        raise BadJob(f"PandaID: {problem}") from problem
    if job_id <= 0:
        raise BadJob(f"PandaID is {str(answer.get('PandaID'))[:50]!r}, expected a number")
    try:
        return _parse_job(answer, job_id)
    except ValueError as problem:
        attempt = str(answer.get("attemptNr"))
        known = int(attempt) if attempt.isdecimal() and len(attempt) < 10 else None
        raise BadJob(str(problem), PilotJob(job_id, 0, known, "", "", (), (), 1, 0, 0)) from problem


def _parse_job(answer: dict[str, Any], job_id: int) -> PilotJob:
    job = PilotJob(
        job_id=job_id,
        task_id=_number(answer.get("taskID")),
        attempt=None if answer.get("attemptNr") in (None, "", NULL) else _number(answer["attemptNr"]),
        transformation=str(answer.get("transformation") or ""),
        parameters=str(answer.get("jobPars") or ""),
        inputs=_inputs(answer),
        outputs=_outputs(answer),
        core_count=_number(answer.get("coreCount")) or 1,
        ram_mb=_number(answer.get("minRamCount")),
        walltime_seconds=_number(answer.get("maxWalltime")),
        unsupported=tuple(name for name in UNSUPPORTED if answer.get(name) not in (None, "", NULL)),
        secrets=_text(answer.get("secrets")),
        image=_image(answer),
        inside=_text(_options(answer).get("containerExec")),
        before=_step(answer, "preprocess"),
        after=_step(answer, "postprocess"),
    )
    _plain(job.wrapper, "transformation")
    for lfn in [file.lfn for file in job.inputs] + [file.lfn for file in job.outputs]:
        _plain(lfn, "file name")
    for file in job.inputs:
        if file.lfn in (job.wrapper, *RESERVED):
            raise ValueError(f"file name: input {file.lfn!r} would take the place of the pilot's own file")
    return job


def _options(answer: dict[str, Any]) -> dict[str, Any]:
    options = answer.get("containerOptions")
    if options in (None, "", NULL):
        return {}
    if not isinstance(options, dict):
        raise ValueError(f"containerOptions: found {str(options)[:100]!a}, expected an object")
    return options


def _image(answer: dict[str, Any]) -> str:
    """The image that a job names; one without a name has none."""
    image = _text(answer.get("container_name")) or _text(_options(answer).get("containerImage"))
    if image.startswith("-") or not image.isprintable() or any(sign.isspace() for sign in image):
        raise ValueError(f"container_name: found {image[:100]!a}, expected the name of an image")
    if not image and any(answer.get(name) not in (None, "", NULL) for name in STEPS):
        raise ValueError("container_name: found none, expected the image for the steps of this job")
    return image


def _step(answer: dict[str, Any], name: str) -> str:
    """Arguments of the wrapper in a step; a step of another program is not for this pilot."""
    step = answer.get(name)
    if step in (None, "", NULL):
        return ""
    if not isinstance(step, dict) or step.get("command") != answer.get("transformation"):
        raise ValueError(f"{name}: found {str(step)[:100]!a}, expected a step of the job's transformation")
    return str(step.get("args") or "")


def _inputs(answer: dict[str, Any]) -> tuple[InputFile, ...]:
    names = _list(answer.get("inFiles"))
    scopes = _aligned(answer, "scopeIn", len(names))
    sizes = _aligned(answer, "fsize", len(names))
    checksums = _aligned(answer, "checksum", len(names))
    endpoints = _aligned(answer, "ddmEndPointIn", len(names))
    files: dict[str, InputFile] = {}
    for lfn, scope, size, checksum, endpoint in zip(names, scopes, sizes, checksums, endpoints, strict=True):
        kind = checksum if not checksum or ":" in checksum else f"ad:{checksum}"
        file = InputFile(lfn, scope, int(size) if size.isdecimal() else None, kind, endpoint)
        if files.setdefault(lfn, file).scope != scope:
            raise ValueError(f"inFiles has {lfn[:100]!a} of two scopes, expected one file of a name")
    return tuple(files.values())


def _outputs(answer: dict[str, Any]) -> tuple[StageOutFile, ...]:
    names = _list(answer.get("outFiles"))
    log = _text(answer.get("logFile"))
    endpoints = _aligned(answer, "ddmEndPointOut", len(names))
    scopes = iter(_aligned(answer, "scopeOut", sum(name != log for name in names)))
    optional = set(_list(answer.get("allowNoOutput")))
    guid, scope_log = _text(answer.get("logGUID")), _text(answer.get("scopeLog"))
    return tuple(
        StageOutFile(
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


def _text(value: Any) -> str:
    return "" if value in (None, NULL) else str(value)


def _number(value: Any) -> int:
    if value in (None, "", NULL):
        return 0
    try:
        found = value if isinstance(value, int) else int(float(value))
    except (TypeError, OverflowError) as problem:
        raise ValueError(f"found {str(value)[:50]!a}, expected a number") from problem
    if abs(found) >= 1 << 63:
        raise ValueError("found a number beyond 64 bits, expected a smaller one")
    return found


def _plain(name: str, where: str) -> None:
    """Refuse a name that would not be a file in the job's directory."""
    if not name or name in (".", "..") or "/" in name or not name.isprintable() or len(name.encode()) > NAME_BYTES_MAX:
        raise ValueError(f"{where}: found {name[:100]!a}, expected a plain file name")
