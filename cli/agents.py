"""`culm agents code|enrol|end|rotate`: codes with which harvesters and workers enrol, and the keys that sign their tokens."""

import os
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console

from cli.api_client import ApiClient, api_client
from cli.shown import escape
from deploy.enrolment import new_code, offer_of, write_secret
from deploy.errors import StepFailed
from identity.agent_issuer import AgentKeys
from identity.agents import code_digest_of
from identity.key_ring import RingUnusable
from process.servers import home_of
from process.settings import Settings
from schemas.ids import enrolment_key
from schemas.times import utc

ENROL_SECONDS = 30.0
out = Console()
agents_app = typer.Typer(help="Harvesters and workers: enrolment codes, and the keys of their tokens.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add the commands to `culm`."""
    app.add_typer(agents_app, name="agents")


@agents_app.command()
def code(
    queue: Annotated[list[str], typer.Option(help="Queue that the agent may speak for; may be given several times.")],
    worker: Annotated[
        str, typer.Option(help="The worker that the agent is; without it: a harvester, which starts workers.")
    ] = "",
    minutes: Annotated[int, typer.Option(min=1, max=1440, help="How long the code may be used.")] = 15,
    days: Annotated[int, typer.Option(min=1, max=400, help="How long tokens that come of it may be renewed.")] = 30,
    file: Annotated[
        Path | None, typer.Option(help="Write the code here, readable by you alone, and print nothing of it.")
    ] = None,
) -> None:
    """Make a code with which one agent enrols, once. It is shown here and kept nowhere."""
    made = offer_code(api_client(os.environ), queue, worker, 60 * minutes, 86_400 * days)
    if file is not None:
        write_secret(file, made)
        _say(f"the code is in {file}; end it, and what comes of it, with `culm agents end {code_digest_of(made)}`")
        return
    sys.stdout.write(made + "\n")
    typer.echo(f"to end it, and all that comes of it: culm agents end {code_digest_of(made)}", err=True)


@agents_app.command()
def enrol(
    code_file: Annotated[Path, typer.Argument(help="File with the code.", exists=True, dir_okay=False)],
    token: Annotated[Path, typer.Option(help="File for the token, as PANDA_AUTH_TOKEN of a pilot names it.")],
    key: Annotated[Path, typer.Option(help="File for the key to renew it, as PANDA_AUTH_TOKEN_KEY names it.")],
    api: Annotated[str, typer.Option(envvar="CULM_API", help="Address of the API.")],
) -> None:
    """Use a code on the host of a pilot: writes a token, and the key with which the pilot renews it. May be repeated."""
    kept = key.with_name(f"{key.name}.redeemer")
    if not kept.exists():  # before the code is used: with it an answer that was lost can be asked for again
        write_secret(kept, new_code())
    body = {"code": code_file.read_text(encoding="ascii").strip(), "redeemer": kept.read_text(encoding="ascii")}
    try:
        answer = httpx.post(f"{api.rstrip('/')}/v1/agents/enrol", json=body, timeout=ENROL_SECONDS)
    except httpx.HTTPError as problem:
        raise StepFailed(f"the API at {api} does not answer: {type(problem).__name__}; try again") from problem
    if answer.is_error:
        raise StepFailed(f"the code was not taken: status {answer.status_code}: {answer.text[:300]}")
    found = answer.json()
    write_secret(key, str(found["token_key"]))
    write_secret(token, str(found["token"]))
    who = f"worker {found['worker_id']}" if found["worker_id"] else "a harvester"
    _say(f"{who} of {found['vo']}, for queue {', '.join(found['queues'])}; the token ends {utc(found['expires_at'] * 1_000_000)}")


@agents_app.command()
def end(
    digest: Annotated[str, typer.Argument(help="Digest of the code, as `culm agents code` says it.")],
    reason: Annotated[str | None, typer.Option(help="Why; stands in the log.")] = None,
) -> None:
    """Refuse a code and every token that came of it, within seconds."""
    _send(api_client(os.environ), "EndEnrolment", digest, {"code": digest, "reason": reason})
    _say("the code, and every token that came of it, are refused")


@agents_app.command()
def rotate(
    at_once: Annotated[
        bool, typer.Option("--at-once", help="The keys are known to others: refuse all tokens made so far.")
    ] = False,
) -> None:
    """Make the next key, which signs from tomorrow; Culm itself does that each 30 days. On a host of the installation."""
    settings = Settings(os.environ)
    given = settings.text("CULM_AGENT_KEYS", "")
    try:
        ring = AgentKeys.of(home_of(settings), Path(given) if given else None).rotate(at_once=at_once)
    except (RingUnusable, OSError) as problem:
        raise StepFailed(str(problem)) from problem
    last = ring.keys[-1]
    if at_once:
        _say("the new key signs from now on; tokens of the ones before are refused within some seconds")
        _say("those that an API has accepted lately: culm revoke before urn:culm:agents --reason 'key leaked'")
    else:
        _say(f"{len(ring.keys)} keys; the last one signs from {utc(int(last.signs_from * 1e6))}")


def offer_code(client: ApiClient, queues: list[str], worker_id: str, seconds: int, tokens_seconds: int) -> str:
    """A new code, which Culm knows by its digest; raises StepFailed."""
    made = new_code()
    body = offer_of(made, queues, worker_id or None, int(time.time()), seconds, tokens_seconds)
    _send(client, "OfferEnrolment", code_digest_of(made), body)
    return made


def _send(client: ApiClient, command: str, code_digest: str, body: dict[str, Any]) -> None:
    client.command(command, enrolment_key(code_digest), body)


def _say(text: str) -> None:
    out.print(escape(text))
