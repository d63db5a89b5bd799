"""`python -m demo`: a survey of a deep field, from picture to catalogue, by jobs of a task that prun submits.

The stack must be up (`culm up`). Ends with 0 only if the task is done and its results are here.
"""

import os
import shutil
import sys
import time

from rich.console import Console
from rich.table import Table

from demo.account import Account, read_account
from demo.config import DemoConfig, read_config, relative
from demo.cutting import cut, read_picture, write_tiles
from demo.errors import DemoFailed
from demo.products import Products, fetch_products
from demo.submission import lay_out_sandbox, prun_arguments, register_tiles, submit
from demo.task_view import Api, TaskView
from demo.watching import follow


def main() -> int:
    """The demo's exit code."""
    config = read_config(os.environ, sys.argv[1:])
    console = Console()
    try:
        run(config, console)
    except DemoFailed as failure:
        Console(stderr=True).print(f"[bold red]demo:[/] {failure}", highlight=False)
        return 1
    except KeyboardInterrupt:
        Console(stderr=True).print("\n[bold red]demo:[/] interrupted; the task goes on without us", highlight=False)
        return 130
    return 0


def run(config: DemoConfig, console: Console) -> None:
    """Cut, register, submit, follow, fetch, tell."""
    started = time.monotonic()
    account = read_account(config.culm, os.environ)
    api = Api(account)
    scope = f"user.{api.nickname()}"
    name = f"{scope}.hdf.{config.run}"

    heading(console, "1  Cut the Hubble eXtreme Deep Field into overlapping tiles and register them as a dataset")
    files = write_tiles(cut(read_picture()), config.scratch / "tiles", f"hdf.{config.run}")
    register_tiles(config, account.environment, scope, f"{name}.tiles", files, console)

    heading(console, "2  Submit one job a tile and a merge step, with panda-client as it is")
    sandbox = lay_out_sandbox(config.scratch / "sandbox")
    console.print(f"[dim]$[/] cd {relative(sandbox)}", highlight=False)
    task_id = submit(prun_arguments(account.vo, f"{name}.tiles", name), sandbox, account.environment, console)

    heading(console, "3  Follow the task")
    task = follow(lambda: api.task(task_id), config, console)
    if task.status != "done":
        raise DemoFailed(reasons(task))

    heading(console, "4  Results")
    products = fetch_products(config.home, api.merged_files(task_id), config.products)
    tell(console, config, account, api, task, products, time.monotonic() - started)


def heading(console: Console, text: str) -> None:
    """Begin a part of the story."""
    console.print(f"\n[bold cyan]{text}[/]", highlight=False)


def reasons(task: TaskView) -> str:
    """Why a task did not end done, in its own and its jobs' words."""
    lines = [f"task {task.task_id} ended {task.status}, expected done. {task.message}".rstrip()]
    failed = [job for job in task.jobs if job.status in ("failed", "cancelled", "closed")]
    lines += [f"  job {job.job_id} ({job.kind.lower()}) {job.status}: {job.errors or 'no reason'}" for job in failed[:5]]
    if len(failed) > 5:
        lines.append(f"  and {len(failed) - 5} more")
    return "\n".join(lines)


def tell(
    console: Console, config: DemoConfig, account: Account, api: Api, task: TaskView, products: Products, seconds: float
) -> None:
    """Print figures, files, and what to do next."""
    table = Table.grid(padding=(0, 2))
    for label, value in (
        ("task", f"{task.task_id}  {task.name}"),
        ("jobs", f"{len(task.of_kind('NORMAL'))} for tiles, {len(task.of_kind('MERGE'))} to merge"),
        ("wall time", f"{seconds:.1f} s"),
        ("sources found", f"{products.sources:,}"),
        ("events written", f"{api.events_written(task.task_id):,}"),
        ("catalogue", relative(products.catalogue)),
        ("picture", relative(products.picture)),
        ("number counts", relative(products.counts)),
        ("API", f"{account.api}  (its description: {account.api}/openapi.json)"),
    ):
        table.add_row(f"[dim]{label}[/]", value)
    console.print(table, highlight=False)
    console.print("\n[dim]Try next[/]", highlight=False)
    culm = "culm" if shutil.which("culm") else relative(config.culm)
    asking = f'curl -s -H "Authorization: Bearer $({culm} token --user jdoe)" -H "Origin: {account.vo}"'
    for command in (
        f"eval \"$({culm} env)\"; pbook -c 'show({task.task_id})'",
        f"{asking} {account.api}/v1/tasks/{task.task_id}/timeline",
        f"{culm} rebuild --all",
    ):
        console.print(f"  {command}", highlight=False, soft_wrap=True, markup=False)
    console.print(f"[dim]Stop the stack[/]\n  {culm} down", highlight=False)


if __name__ == "__main__":
    sys.exit(main())
