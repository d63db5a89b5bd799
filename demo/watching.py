"""Follows a task to its end: a picture of its jobs in a terminal, a line a change elsewhere.

In: a function that reads the task. Out: the task as it ended. Guards: waits no longer than the configuration allows.
"""

import time
from collections import Counter
from collections.abc import Callable

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from demo.config import DemoConfig
from demo.cutting import COLUMNS
from demo.errors import DemoFailed
from demo.task_view import JobView, TaskView

POLL_SECONDS = 0.5

STAGES = {
    "waiting": ("defined", "pending", "waiting", "assigned"),
    "activated": ("activated",),
    "starting": ("sent", "starting"),
    "running": ("running",),
    "ending": ("holding", "transferring"),
    "found": ("merging", "finished"),
    "failed": ("failed", "cancelled", "closed"),
}
"""Job statuses in the order of a job's life, joined to what the display shows."""

COLOURS = {
    "waiting": "bright_black", "activated": "yellow", "starting": "bright_blue", "running": "bright_cyan",
    "ending": "magenta", "found": "green", "failed": "red",
}  # fmt: skip
STAGE_OF = {status: stage for stage, statuses in STAGES.items() for status in statuses}


def follow(read: Callable[[], TaskView], config: DemoConfig, console: Console) -> TaskView:
    """The task as it ended; raises DemoFailed if it takes longer than the run may."""
    started = time.monotonic()
    deadline = started + config.end_seconds_max
    said = ""
    with Live(console=console, refresh_per_second=8, transient=False) as live:
        while True:
            task = read()
            if console.is_terminal:
                live.update(picture_of(task, time.monotonic() - started))
            elif (line := line_of(task)) != said:
                console.print(f"{time.monotonic() - started:6.1f} s  {line}", highlight=False)
                said = line
            if task.ended:
                return task
            if time.monotonic() > deadline:
                raise DemoFailed(
                    f"task {task.task_id} is {task.status} after {config.end_seconds_max:.0f} s, not at its end"
                    f" ({line_of(task)})\nLook at it: culm status; the logs are under {config.home / 'logs'}"
                )
            time.sleep(POLL_SECONDS)


def stage_of(job: JobView) -> str:
    """What the display calls the status of `job`."""
    return STAGE_OF.get(job.status, "waiting")


def line_of(task: TaskView) -> str:
    """The task in one line: its status, and how many jobs are in each stage."""
    parts = [f"task {task.status}"]
    for label, kind in (("tiles", "NORMAL"), ("merge", "MERGE")):
        stages = Counter(stage_of(job) for job in task.of_kind(kind))
        if stages:
            parts.append(f"{label}: " + ", ".join(f"{stages[stage]} {stage}" for stage in STAGES if stages[stage]))
    return " | ".join(parts)


def picture_of(task: TaskView, seconds: float) -> RenderableType:
    """The task as a table: one square a tile, in the order of the sky; the merge job below."""
    tiles = task.of_kind("NORMAL")
    stages = Counter(stage_of(job) for job in tiles)
    sky = Text()
    for index, job in enumerate(sorted(tiles, key=lambda job: job.serial)):
        sky.append("\n" if index and index % COLUMNS == 0 else "")
        sky.append("██ ", style=COLOURS[stage_of(job)])
    legend = Text()
    for stage in STAGES:
        if stages[stage]:
            legend.append(f"██ {stages[stage]:3d} {stage}\n", style=COLOURS[stage])
    table = Table.grid(padding=(0, 3))
    table.add_row(sky if tiles else Text("no jobs yet", style="dim"), legend)
    head = Text.assemble(("task ", "dim"), str(task.task_id), ("  ", ""), (task.status, "bold"), (f"  {seconds:5.1f} s", "dim"))
    return Group(Text(), head, table, *[merge_text(job) for job in task.of_kind("MERGE")])


def merge_text(job: JobView) -> Text:
    """One line about a merge job."""
    stage = stage_of(job)
    word = "merged" if stage == "found" else stage
    return Text.assemble(("██ ", COLOURS[stage]), "merge job ", (word, COLOURS[stage]))
