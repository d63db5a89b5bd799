"""`culm issuer add|remove|show|test`: which issuers of tokens this Culm believes."""

import json
import os
import sys
from typing import Annotated, Any

import typer
from rich.console import Console

from cli.api_client import ApiClient, api_client
from cli.shown import escape
from deploy.errors import StepFailed
from identity.errors import KeysRefused
from identity.key_fetching import keys_with_time, problem_of_address, problem_of_clock
from identity.key_sets import read_key_set
from identity.own_issuers import ISSUER, OWN_ISSUER
from schemas.types import IssuerLogin, IssuerProfile, SignatureAlgorithm, TrustedIssuer

PROFILES = tuple(profile.value.lower() for profile in IssuerProfile if profile is not IssuerProfile.UNKNOWN)
HOURS_MAX_DEFAULT = 6.0
out = Console()
issuer_app = typer.Typer(help="Issuers of tokens that are believed.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(metavar="ISSUER", help="Its name, as in the claim iss.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to `culm`."""
    app.add_typer(issuer_app, name="issuer")


@issuer_app.command()
def show(as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """Every issuer, for which organisations it speaks, and the age of its keys."""
    document = api_client(os.environ).get("/v1/issuers")
    if as_json:
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
        return
    for row in document["issuers"]:
        age = row["keys_age_seconds"]
        keys = f"{row['keys']} keys, {age / 3600:.1f} h old" if age is not None else "no keys"
        problem = f"; {row['keys_problem']}" if row["keys_problem"] else ""
        what = f"{row['issuer']}  {row['profile'].lower()}  for {', '.join(row['vos'])}  ({keys}{problem})"
        out.print(escape(what), highlight=False, soft_wrap=True)


@issuer_app.command()
def add(
    issuer: Name,
    vo: Annotated[list[str], typer.Option(help="Organisation that it speaks for; may be repeated.")],
    audience: Annotated[list[str], typer.Option(help="What its tokens must be meant for; may be repeated.")],
    profile: Annotated[str, typer.Option(help=f"Form of its tokens: {', '.join(PROFILES)}.")] = "wlcg",
    jwks: Annotated[str | None, typer.Option(help="Address of its keys, where it has no discovery document.")] = None,
    discovery: Annotated[str | None, typer.Option(help="Address of its discovery document, where it is elsewhere.")] = None,
    algorithm: Annotated[list[str] | None, typer.Option(help="RS256, ES256; default: both.")] = None,
    any_audience: Annotated[bool, typer.Option("--any-audience", help="Take tokens for WLCG's audience `any`.")] = False,
    id_tokens: Annotated[bool, typer.Option(help="Take ID tokens, which panda-client sends.")] = True,
    hours_max: Annotated[float, typer.Option(help="Longest life of a token.")] = HOURS_MAX_DEFAULT,
    robot: Annotated[list[str] | None, typer.Option(help="Subject that is a service; may be repeated.")] = None,
    client_id: Annotated[str | None, typer.Option(help="Client at the provider that people log in with; none: no login.")] = None,
    direct: Annotated[bool, typer.Option("--direct", help="Clients talk to the provider, not through Culm.")] = False,
    login_audience: Annotated[str | None, typer.Option(help="Audience that the provider is asked for.")] = None,
    scope: Annotated[list[str] | None, typer.Option(help="Scope to ask for at a login; may be repeated.")] = None,
    keep_development: Annotated[
        bool, typer.Option("--keep-development", help="Believe the development issuer, too; it is off beside others.")
    ] = False,
    auto_role: Annotated[list[str] | None, typer.Option(help="Role that each member has; may be repeated.")] = None,
) -> None:
    """Believe an issuer from now on, or change its row; its keys are fetched first."""
    row = TrustedIssuer(
        issuer=issuer,
        vos=tuple(vo),
        discovery_url=discovery,
        jwks_url=jwks,
        audiences=tuple(audience),
        any_audience=any_audience,
        profile=_profile(profile),
        algorithms=tuple(map(_algorithm, algorithm or ("RS256", "ES256"))),
        id_tokens=id_tokens,
        lifetime_seconds_max=int(hours_max * 3600),
        robots=tuple(robot or ()),
        auto_roles=tuple(auto_role or ()),
        login=IssuerLogin(client_id=client_id, is_direct=direct, audience=login_audience, scopes=tuple(scope or ()))
        if client_id
        else None,
    )
    _say_keys(row)
    client = api_client(os.environ)
    known = client.get("/v1/issuers")
    before = _others(known)
    # Beside others it is believed only where someone said so; alone it is believed without a row.
    development = [_row(found) for found in known["issuers"] if found["issuer"] == ISSUER and (before or keep_development)]
    _set(client, [*development, *(other for other in before if _bare(other.issuer) != _bare(issuer)), row], known["revision"])
    out.print(escape(f"{issuer} is believed for {', '.join(row.vos)}"), highlight=False, soft_wrap=True)


@issuer_app.command()
def remove(issuer: Name) -> None:
    """Believe an issuer no longer; tokens of it are refused at once."""
    client = api_client(os.environ)
    known = client.get("/v1/issuers")
    rows = [_row(found) for found in known["issuers"] if found["issuer"] != OWN_ISSUER]
    left = [row for row in rows if _bare(row.issuer) != _bare(issuer)]
    if len(left) == len(rows):
        raise StepFailed(f"no issuer {issuer!r} to remove, expected one of {', '.join(row.issuer for row in rows) or 'none'}")
    if [row.issuer for row in left] == [ISSUER]:
        left = []
    _set(client, left, known["revision"])
    out.print(escape(f"{issuer} is not believed any more"), highlight=False, soft_wrap=True)


@issuer_app.command("test")
def try_out(
    issuer: Name,
    jwks: Annotated[str | None, typer.Option(help="Address of its keys, where it has no discovery document.")] = None,
    discovery: Annotated[str | None, typer.Option(help="Address of its discovery document, where it is elsewhere.")] = None,
) -> None:
    """Fetch the keys of an issuer, without believing it."""
    _say_keys(
        TrustedIssuer(
            issuer=issuer,
            vos=(),
            discovery_url=discovery,
            jwks_url=jwks,
            audiences=(),
            profile=IssuerProfile.WLCG,
            algorithms=(),
        )
    )


def _others(known: dict[str, Any]) -> list[TrustedIssuer]:
    """The rows that were added by someone."""
    return [_row(found) for found in known["issuers"] if found["issuer"] not in (ISSUER, OWN_ISSUER)]


def _say_keys(row: TrustedIssuer) -> None:
    for address in (row.jwks_url, row.discovery_url, None if row.jwks_url or row.discovery_url else row.issuer):
        problem = problem_of_address(address) if address else ""
        if problem:
            raise StepFailed(problem)
    try:
        fetched = keys_with_time(row)
        keys = read_key_set(fetched.content)
    except KeysRefused as problem:
        raise StepFailed(problem.detail) from problem
    problem_here = problem_of_clock(fetched)
    if problem_here:
        raise StepFailed(problem_here)
    told = ", ".join(f"{kid} ({key.algorithm.value})" for kid, key in sorted(keys.items()))
    out.print(escape(f"keys of {row.issuer}: {told}"), highlight=False, soft_wrap=True)


def _set(client: ApiClient, rows: list[TrustedIssuer], revision: int) -> None:
    body = {"aggregate_id": "issuers", "issuers": [row.to_avro() for row in rows], "revision": revision}
    answer = client.post("/v1/commands/SetIssuers", body)
    if answer.get("answered") is False:
        raise StepFailed(f"the command was not answered in time; see GET /v1/commands/{answer['command_id']}")
    if not answer.get("accepted", False):
        raise StepFailed(f"the issuers were not changed: {answer.get('reason')}: {answer.get('message')}")


def _row(found: dict[str, Any]) -> TrustedIssuer:
    return TrustedIssuer.from_avro(found)


def _profile(name: str) -> IssuerProfile:
    if name.lower() not in PROFILES:
        raise typer.BadParameter(f"--profile is {name!r}, expected one of {', '.join(PROFILES)}")
    return IssuerProfile(name.upper())


def _algorithm(name: str) -> SignatureAlgorithm:
    if name not in ("RS256", "ES256"):
        raise typer.BadParameter(f"--algorithm is {name!r}, expected RS256 or ES256")
    return SignatureAlgorithm(name)


def _bare(issuer: str) -> str:
    return issuer.removesuffix("/")
