"""What the tests of the processors are given: parameters, units, queues, records read; every builder has defaults."""

from typing import Any

from schemas.records import replace
from schemas.types import DatasetRole as Role
from schemas.types import (
    EventEnvelope,
    InputUnit,
    OutputFile,
    QueueClass,
    QueueSettings,
    Requirements,
    SplitRules,
    TaskDefinition,
    UnmergedJob,
)
from streams.engine.messages import RecordRead
from streams.facts.snapshot import QueueFacts
from streams.jedi.candidates import Asked, Candidate

SEED = "4f1d0f4e-8a39-5d8e-a2b0-2d6f6e1c7a11"


def a_submission(**changes: Any) -> dict[str, Any]:
    """Parameters of `prun` without input and with one output (docs/reference/client.md); None drops nothing, it is null."""
    return {
        "taskName": "user.jdoe.test2/",
        "uniqueTaskName": True,
        "vo": "wlcg",
        "architecture": None,
        "transUses": "",
        "transHome": None,
        "processingType": "panda-client-2.2.0-jedi-run",
        "prodSourceLabel": "user",
        "site": None,
        "excludedSite": [],
        "includedSite": None,
        "nEvents": 3,
        "nEventsPerJob": 1,
        "cliParams": 'prun --exec "echo hello %RNDM:10 > out.txt" --outDS user.jdoe.test2',
        "osInfo": "Linux-6.1",
        "nMaxFilesPerJob": 200,
        "respectSplitRule": True,
        "sourceURL": "http://127.0.0.1:25080",
        "noInput": True,
        "log": {
            "dataset": "user.jdoe.test2.log/",
            "container": "user.jdoe.test2.log/",
            "type": "template",
            "param_type": "log",
            "value": "user.jdoe.test2.log.$JEDITASKID.${SN}.log.tgz",
        },
        "jobParameters": [
            {"type": "constant", "value": '-j "" --sourceURL ${SURL}'},
            {"type": "constant", "value": "-r ."},
            {"type": "constant", "value": "__delimiter__", "hidden": True},
            {"type": "constant", "value": "-a jobO.1b2c.tar.gz"},
            an_output("out.txt"),
            {"type": "constant", "value": "-o \"{'out.txt': 'user.jdoe.$JEDITASKID._${SN/P}.out.txt'}\""},
            {"type": "constant", "value": '-p "', "padding": False},
            {"type": "constant", "value": "echo%20hello%20", "padding": False},
            {
                "type": "template",
                "value": "${SEQNUMBER}",
                "param_type": "pseudo_input",
                "dataset": "seq_number",
                "offset": 10,
                "padding": False,
            },
            {"type": "constant", "value": "%20%3E%20out.txt", "padding": False},
            {"type": "constant", "value": '"'},
        ],
    } | changes


def a_submission_with_input(**changes: Any) -> dict[str, Any]:
    """Parameters of `prun --inDS user.jdoe.hdf.tiles`."""
    given = a_submission(
        jobParameters=[
            {"type": "constant", "value": "-r ."},
            an_output("cat.txt"),
            {
                "type": "template",
                "param_type": "input",
                "value": '-i "${IN/T}"',
                "dataset": "user.jdoe.hdf.tiles",
                "exclude": r"\.log\.tgz(\.\d+)*$",
                "expand": True,
            },
        ],
        dsForIN="user.jdoe.hdf.tiles",
    )
    for key in ("noInput", "nEvents", "nEventsPerJob"):
        del given[key]
    return given | changes


def an_output(name: str) -> dict[str, Any]:
    """The hidden output item that `prun --outputs <name>` makes."""
    return {
        "type": "template",
        "value": f"user.jdoe.$JEDITASKID._${{SN/P}}.{name}",
        "param_type": "output",
        "dataset": f"user.jdoe.test2_{name}/",
        "container": f"user.jdoe.test2_{name}/",
        "hidden": True,
    }


def a_definition(*, with_input: bool = True, requirements: Requirements | None = None, **rules: Any) -> TaskDefinition:
    """A definition with the given rules of splitting."""
    return TaskDefinition(
        transformation="http://127.0.0.1:25080/trf/user/runGen-00-00-02",
        parameters="-r .",
        requirements=requirements or Requirements(),
        rules=SplitRules(**rules),
        input_datasets=("user.jdoe.in",) if with_input else (),
    )


def files(count: int, *, size_bytes: int = 1000, events: int | None = None) -> list[InputUnit]:
    """Whole files f1, f2, ..."""
    return [
        InputUnit(
            unit_id=number,
            lfn=f"f{number}",
            dataset="user.jdoe.in",
            size_bytes=size_bytes,
            events=events,
            endpoint="LOCAL_DISK",
        )
        for number in range(1, count + 1)
    ]


def candidates(*names: str, workdir_mb: int = 1_000_000) -> tuple[Candidate, ...]:
    """Idle queues of equal weight."""
    return tuple(Candidate(name, 1.0, 0, workdir_mb) for name in names or ("Q1",))


def a_queue(name: str = "Q1", *, waiting: int = 0, leased: int = 0, pilots: int = 1, **settings: Any) -> QueueFacts:
    """An online queue that can do everything."""
    return QueueFacts(replace(QueueSettings(name=name, site="SITE"), **settings), waiting, leased, pilots)


def a_class(name: str, memory_mb: int = 0, **changes: Any) -> QueueClass:
    """Slots of one core."""
    return replace(QueueClass(name=name, memory_mb=memory_mb), **changes)


def asked(
    *, ram_mb: int = 2000, largest: int = 0, vo: str = "wlcg", datasets: frozenset[str] = frozenset(), **outgoing: Any
) -> Asked:
    """Work that asks little."""
    return Asked(Requirements(**outgoing), vo, ram_mb, largest, datasets=datasets)


def unmerged(count: int, *, queues: tuple[str, ...] = ("Q1",), size_bytes: int = 10) -> list[UnmergedJob]:
    """Jobs 1, 2, ... whose outputs wait, on `queues` in turn."""
    return [
        UnmergedJob(
            serial=serial,
            job_id=100 + serial,
            queue=queues[(serial - 1) % len(queues)],
            outputs=(
                OutputFile(
                    lfn=f"panda.um.o{serial}",
                    dataset="panda.um.out",
                    scope="user.jdoe",
                    role=Role.OUTPUT,
                    size_bytes=size_bytes,
                    checksum="ad:1",
                    endpoint="LOCAL_DISK",
                ),
            ),
        )
        for serial in range(1, count + 1)
    ]


def an_envelope(aggregate_id: str, number: int = 1, **changes: Any) -> EventEnvelope:
    """Envelope of event `number` of an aggregate."""
    return replace(
        EventEnvelope(
            event_id=f"00000000-0000-5000-8000-{number:012d}",
            aggregate_id=aggregate_id,
            sequence=number,
            decision_index=0,
            decision_size=1,
            command_id="c",
            correlation_id="0b5e1a8e-1111-5222-8333-944444444444",
            occurred_at=1_700_000_000_000_000 + number,
            actor="subject-1",
            vo="wlcg",
            writer_epoch=1,
        ),
        **changes,
    )


def record_read(message: Any, aggregate_id: str = "10000001", number: int = 1, topic: str = "t", **changes: Any) -> RecordRead:
    """An event as a listener hands it to a reaction."""
    return RecordRead(message, an_envelope(aggregate_id, number, **changes), topic, 0, number)
