"""`culm link` and `culm unlink`: ids in the log that are of one person."""

import os
import ssl
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console

from cli.api_client import SECONDS_MAX, ApiClient, api_client
from cli.shown import escape
from cli.token_file import token_in
from deploy.errors import StepFailed

out = Console()
Reason = Annotated[str | None, typer.Option(help="Why; stands in the log.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to `culm`."""
    app.command()(link)
    app.command()(unlink)


def link(
    ids: Annotated[list[str] | None, typer.Argument(help="For administrators: the two ids in the log.")] = None,
    token: Annotated[Path | None, typer.Option(help="File with a token of the other id, - for the input.")] = None,
    certificate: Annotated[Path | None, typer.Option(help="Certificate or proxy of the other id, with its key, PEM.")] = None,
    edge: Annotated[str, typer.Option(help="With --certificate: address of the edge, https://HOST:PORT.")] = "",
    authorities: Annotated[Path | None, typer.Option(help="With --edge: file or folder of its authorities.")] = None,
    reason: Reason = None,
) -> None:
    """Make two ids one person: each may do what the other may with what the other owns."""
    given = [bool(ids), token is not None, certificate is not None]
    if sum(given) != 1 or (ids and len(ids) != 2) or bool(certificate) != bool(edge):
        raise typer.BadParameter("give --token FILE, or --certificate FILE with --edge, or two ids")
    client, body = api_client(os.environ), {"reason": reason}
    if ids:
        answer = client.post("/v1/links", {"actor": ids[0], "other": ids[1], **body})
    elif token is not None:
        answer = client.post("/v1/links", {"token": token_in(token), **body})
    else:
        assert certificate is not None, "checked above"
        answer = _through_edge(client, edge.rstrip("/"), certificate, authorities, body)
    _say(f"{answer['actor']} and {answer['other']} are one person; `culm unlink` takes that back")


def unlink(
    ids: Annotated[list[str], typer.Argument(help="The other id; two ids for administrators. `culm whoami` shows one's own.")],
    reason: Reason = None,
) -> None:
    """Take a link between two ids back."""
    if len(ids) > 2:
        raise typer.BadParameter(f"found {len(ids)} ids, expected the other id, or two")
    named = {"other": ids[0]} if len(ids) == 1 else {"actor": ids[0], "other": ids[1]}
    answer = api_client(os.environ).post("/v1/links/remove", {**named, "reason": reason})
    _say(f"{answer['actor']} and {answer['other']} are one person no more")


def _through_edge(
    client: ApiClient, edge: str, certificate: Path, authorities: Path | None, body: dict[str, Any]
) -> dict[str, Any]:
    """The edge proves the certificate, the body brings the token with which `culm` is logged in."""
    if not edge.startswith("https://"):
        raise typer.BadParameter(f"--edge is {edge!r}, expected https://HOST:PORT")
    token = client.headers["Authorization"].removeprefix("Bearer ")
    try:
        context = ssl.create_default_context()
        if authorities is not None:
            context.load_verify_locations(**{"capath" if authorities.is_dir() else "cafile": str(authorities)})
        context.load_cert_chain(certificate)
        headers = {"Origin": client.headers["Origin"]}
        answer = httpx.post(
            f"{edge}/v1/links", json={"token": token, **body}, headers=headers, verify=context, timeout=SECONDS_MAX
        )
        found = answer.json()
    except (httpx.HTTPError, OSError, ValueError) as problem:
        raise StepFailed(f"the edge at {edge} does not answer: {type(problem).__name__}") from problem
    if answer.is_error or not isinstance(found, dict):
        told = found.get("detail") if isinstance(found, dict) else None
        raise StepFailed(f"the edge at {edge} refused: {told or answer.status_code}")
    return found


def _say(text: str) -> None:
    out.print(escape(text), highlight=False, soft_wrap=True)
