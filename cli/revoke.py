"""`culm revoke user|restore|token|before|list`: who and what is believed no more."""

import base64
import json
import os
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from cli.api_client import ApiClient, api_client
from cli.shown import escape
from cli.tasks_of_revoked import WORDS, lines_about_payloads, order_tasks
from cli.token_file import token_in
from deploy.errors import StepFailed
from identity.believed import actor_of
from identity.digest import digest_of, digest_of_id
from schemas.ids import revoked_identity_key, revoked_issuer_key
from schemas.times import utc
from schemas.types import TrustedIssuer

#: Until then some API may still take a task of one who was just revoked.
REFUSED_EVERYWHERE_SECONDS = 5.0
out = Console()
revoke_app = typer.Typer(help="Persons, services and tokens that are believed no more.", no_args_is_help=True)
Reason = Annotated[str | None, typer.Option(help="Why; stands in the log.")]
Issuer = Annotated[str | None, typer.Option(help="Issuer of tokens, as in the claim iss.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to `culm`."""
    app.add_typer(revoke_app, name="revoke")


@revoke_app.command()
def user(
    actor: Annotated[str, typer.Argument(help="Id in the log: the owner of a task, the subject of `culm whoami`.")] = "",
    issuer: Issuer = None,
    subject: Annotated[str | None, typer.Option(help="With --issuer, instead of the id: the claim sub.")] = None,
    since: Annotated[str | None, typer.Option(help="Since when it may have been misused, ISO 8601; for the audit.")] = None,
    reason: Reason = None,
    tasks: Annotated[str, typer.Option(help=f"What becomes of its tasks in your VO: {', '.join(WORDS)}.")] = "keep",
) -> None:
    """Refuse every token of a person or service, within seconds, until it is restored."""
    if tasks not in WORDS:
        raise typer.BadParameter(f"--tasks is {tasks!r}, expected one of {', '.join(WORDS)}")
    client = api_client(os.environ)
    actor = _actor(client, actor, issuer, subject)
    _send(client, "RevokeIdentity", revoked_identity_key(actor), {"actor": actor, "since": since, "reason": reason})
    _say(f"every token of {actor} is refused; `culm revoke restore {actor}` takes that back")
    if tasks != "keep":
        time.sleep(REFUSED_EVERYWHERE_SECONDS)
        _say(order_tasks(client, actor, tasks, f"{actor} was revoked"))
    try:
        payloads = client.get("/v1/revocations/payloads", actor=actor)["payloads"]
    except StepFailed as problem:
        _say(f"which payloads run is not known now ({problem}); they stop all the same")
        return
    for line in lines_about_payloads(payloads, tasks):
        _say(line)


@revoke_app.command()
def restore(actor: Annotated[str, typer.Argument(help="Id in the log.")], reason: Reason = None) -> None:
    """Take the tokens of a revoked person or service again, but for those that were revoked one by one."""
    body = {"actor": actor, "reason": reason}
    _send(api_client(os.environ), "RestoreIdentity", revoked_identity_key(actor), body)
    _say(f"tokens of {actor} are taken again")


@revoke_app.command()
def token(
    file: Annotated[Path | None, typer.Argument(help="File with the token, - for the input; it is not sent.")] = None,
    actor: Annotated[str, typer.Option(help="Without the token: id of its owner in the log.")] = "",
    issuer: Issuer = None,
    subject: Annotated[str | None, typer.Option(help="Instead of --actor: the claim sub.")] = None,
    jti: Annotated[str | None, typer.Option(help="Without the token: its claim jti.")] = None,
    until: Annotated[str | None, typer.Option(help="Without the token: when it ends, ISO 8601.")] = None,
    reason: Reason = None,
) -> None:
    """Refuse one token until it ends."""
    client = api_client(os.environ)
    if file is not None:
        text = token_in(file)
        claims = _claims(text)
        issuer, subject, ends = str(claims.get("iss")), str(claims.get("sub")), claims.get("exp")
        if isinstance(ends, bool) or not isinstance(ends, (int, float)) or not 0 < ends < 1e11:
            raise StepFailed("the token does not say when it ends (exp): it is believed nowhere")
        digest, until = digest_of(text, issuer, claims), utc(int(ends * 1e6))
    elif issuer and jti and until:
        digest = digest_of_id(issuer, jti)
    else:
        raise typer.BadParameter("give a FILE, or --issuer, --jti, --until and one of --actor, --subject")
    actor = _actor(client, actor, issuer, subject)
    body = {"actor": actor, "issuer": issuer, "token": digest, "until": until, "reason": reason}
    _send(client, "RevokeToken", revoked_identity_key(actor), body)
    _say(f"the token of {actor} is refused until it ends, {until}")


@revoke_app.command()
def before(
    issuer: Annotated[str, typer.Argument(help="Issuer of tokens, as in the claim iss.")],
    at: Annotated[str | None, typer.Option("--time", help="ISO 8601; default: now.")] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Take tokens of any age again.")] = False,
    reason: Reason = None,
) -> None:
    """Refuse all tokens of an issuer that were issued before a time: its key became known to others."""
    if undo and at is not None:
        raise typer.BadParameter("give --time or --undo, not both")
    moment = None if undo else at or utc(int(time.time() * 1e6))
    body = {"issuer": issuer, "time": moment, "reason": reason}
    _send(api_client(os.environ), "RevokeTokensBefore", revoked_issuer_key(issuer), body)
    _say(f"tokens of {issuer} of any age are taken" if undo else f"tokens of {issuer} from before {moment} are refused")


@revoke_app.command("list")
def show(as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """Everything that is believed no more."""
    document = api_client(os.environ).get("/v1/revocations")
    if as_json:
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
        return
    for row in document["identities"]:
        since = f" (misused since {row['since']})" if row["since"] else ""
        _say(f"identity {row['actor']}{since}{_why(row)}")
    for row in document["before"]:
        _say(f"tokens of {row['issuer']} from before {row['time']}{_why(row)}")
    for row in document["tokens"]:
        _say(f"token {row['token'][:16]} of {row['actor']} until {row['until']}{_why(row)}")
    left = document["tokens_total"] - len(document["tokens"])
    if left:
        _say(f"and {left} more tokens")


def _actor(client: ApiClient, actor: str, issuer: str | None, subject: str | None) -> str:
    """The id in the log that was named, or that follows from issuer and subject."""
    if actor:
        return actor
    if not issuer or not subject:
        raise typer.BadParameter("give the id of the person in the log, or --issuer and --subject")
    rows = [TrustedIssuer.from_avro(found) for found in client.get("/v1/issuers")["issuers"]]
    found = next((row for row in rows if row.issuer.removesuffix("/") == issuer.removesuffix("/")), None)
    if found is None:
        raise StepFailed(f"the issuer {issuer!r} is not believed here, expected one of {', '.join(row.issuer for row in rows)}")
    return actor_of(found, subject)


def _claims(text: str) -> dict[str, Any]:
    """What a token says of itself; whether that is true does not matter to a refusal."""
    try:
        part = text.split(".")[1]
        found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (IndexError, ValueError) as problem:
        raise StepFailed("this is not a signed token: expected three parts, joined by dots") from problem
    if not isinstance(found, dict):
        raise StepFailed("the payload of the token is no JSON object")
    return found


def _send(client: ApiClient, command: str, key: str, body: dict[str, Any]) -> None:
    client.command(command, key, body)


def _why(row: dict[str, Any]) -> str:
    return f": {row['reason']}" if row["reason"] else ""


def _say(text: str) -> None:
    out.print(escape(text), highlight=False, soft_wrap=True)
