"""Task parameters: the richest input there is, by both fronts. Tasks are the senders' own, on a queue of theirs."""

from typing import Any

from hypothesis import strategies as st

from streams.jedi.known_keys import TASK
from tests.hostile import naughty
from tests.hostile.ground import CANARY, VO, Ground
from tests.hostile.message import Sender
from tests.hostile.requests import Drawn, changed, with_body

#: Every key that a task may have, whether something follows from it or not; most submissions have few of them.
KEYS = tuple(sorted({*TASK.followed, *TASK.harmless, *TASK.only, *TASK.unsupported}))
#: What makes work: amounts, lists of names, templates.
AMOUNTS = (
    "nEvents",
    "nEventsPerJob",
    "nFiles",
    "nFilesPerJob",
    "maxNumJobs",
    "nGBPerJob",
    "goal",
    "maxAttempt",
    "coreCount",
    "ramCount",
    "walltime",
)
NAMES = [f"root://storage.example.org:1094//data/{'d' * 180}/file_{number:06d}.root" for number in range(4_000)]


def parameters(ground: Ground, name: str) -> dict[str, Any]:
    """A task of two jobs with an output and a log each, as `prun` makes it."""
    return {
        "taskName": f"{name}/", "vo": VO, "site": ground.queue, "prodSourceLabel": "user", "architecture": "", "transUses": "",
        "transHome": None, "processingType": "panda-client-2.2.0-jedi-run", "noInput": True, "nEvents": 2, "nEventsPerJob": 1,
        "sourceURL": "http://127.0.0.1", "cliParams": "prun",
        "log": {"dataset": f"{name}.log/", "container": f"{name}.log/", "type": "template", "param_type": "log",
                "value": f"{name}.log.$JEDITASKID.${{SN}}.log.tgz"},
        "jobParameters": [
            {"type": "constant", "value": f'-r . -p "{CANARY}"'},
            {"type": "template", "value": f"{name}.$JEDITASKID._${{SN/P}}.out.txt", "param_type": "output",
             "dataset": f"{name}.out/", "container": f"{name}.out/", "hidden": True, "offset": 0},
        ],
    }  # fmt: skip


def with_input(ground: Ground, name: str) -> dict[str, Any]:
    """The same over an input dataset of the senders."""
    found = parameters(ground, name)
    for key in ("noInput", "nEvents", "nEventsPerJob"):
        del found[key]
    found["jobParameters"].append(
        {"type": "template", "value": "${IN/T}", "param_type": "input", "dataset": ground.dataset, "include": [".*"],
         "exclude": ["x"], "files": [], "expand": True, "offset": 0}
    )  # fmt: skip
    found["jobParameters"].append(
        {"type": "template", "value": "${IN2}", "param_type": "input", "dataset": ground.dataset, "hidden": True, "offset": 0,
         "nFilesPerJob": 1, "ratio": 1, "reusable": True, "attributes": "repeat"}
    )  # fmt: skip
    return found | {"nFilesPerJob": 2}


@st.composite
def bodies(draw: st.DrawFn, ground: Ground, key: str) -> tuple[dict[str, Any], str]:
    """The body of a submission with the parameters under `key`."""
    name = f"user.hostile.{ground.now}.{draw(st.integers(0, 2**40))}"
    good = draw(st.sampled_from((parameters, parameters, with_input)))(ground, name)
    match draw(st.integers(0, 9)):
        case 0:
            good |= {
                "pfnList": NAMES[: draw(st.sampled_from((1, 700, 3_600, 4_000)))],
                "nFiles": draw(st.sampled_from((1, 3_600, 10**9))),
            }
            description = "long list of names"
        case 1:
            amount = draw(st.sampled_from(AMOUNTS))
            good[amount] = draw(st.sampled_from((10**9, 10**18, -1, 0, 1e308, float("nan"), "1e400", 2**63, "9" * 400, 0.1)))
            description = f"{amount}={good[amount]!r:.40}"
        case 2:
            row = draw(st.sampled_from(good["jobParameters"]))
            row["value"] = draw(st.sampled_from((*naughty.TEMPLATES, *naughty.SHELL, *naughty.LENGTHS)))
            description = f"template {row['value'][:40]!r}"
        case 3:
            row = good["jobParameters"][-1]
            row["include"] = row["exclude"] = [draw(st.sampled_from(naughty.PATTERNS))]
            patterns = ("*", "user.*", "%_*", "abc" + "*a" * 300, ",".join(["abc*"] * 500))
            row["dataset"] = draw(st.sampled_from((row["dataset"], *patterns)))
            description = f"pattern {row['include'][0][:40]!r} in {row['dataset'][:40]!r}"
        case 4:
            extra = draw(st.sampled_from(KEYS))
            good[extra] = draw(st.sampled_from(naughty.JSON_VALUES))
            description = f"{extra}={repr(good[extra])[:60]}"
        case _:
            good, description = draw(changed(good))
    body: dict[str, Any] = {key: good}
    if draw(st.integers(0, 7)) == 0:
        parent = "parent_tid" if key == "task_parameters" else "parent_task_id"
        body[parent] = draw(st.sampled_from(naughty.JSON_VALUES))
    return body, description


def submission_kinds(ground: Ground) -> dict[str, st.SearchStrategy[Drawn]]:
    """Kind -> strategy, by front."""
    return {
        "submit /v1/tasks": with_body("/v1/tasks", Sender.USER, bodies(ground, "parameters")),
        "submit task/submit": with_body("/api/v1/task/submit", Sender.USER, bodies(ground, "task_parameters")),
        "retry task/retry": with_body(
            "/api/v1/task/retry", Sender.USER,
            bodies(ground, "new_parameters").map(lambda found: ({**found[0], "task_id": ground.tasks[0]}, found[1])),
        ),
    }  # fmt: skip
