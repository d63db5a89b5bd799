"""`culm policy show|set|try|import-rows` and `culm can-i`: which groups give which roles, and what one may."""

import os
import re
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console

from cli.api_client import api_client
from cli.shown import escape
from deploy.errors import StepFailed
from identity.access_policy import AccessRules, problem_of_access
from identity.x509.names import dn_from_text
from schemas.bounds import problems_of, sentence
from schemas.records import replace
from schemas.types import AccessPolicy, CertificateAuthority, CertifiedPerson

FILE_BYTES_MAX = 4 * 1024 * 1024
#: So long commands and refusals are kept.
SINCE_SECONDS_MAX = 14 * 86_400
out = Console()
policy_app = typer.Typer(help="Which groups give which roles, and what roles may do.", no_args_is_help=True)
File = Annotated[Path, typer.Argument(help="JSON, as `culm policy show` prints it.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to `culm`."""
    app.add_typer(policy_app, name="policy")
    app.command("can-i")(can_i)


@policy_app.command()
def show() -> None:
    """Print the policy in force, as JSON that `set` and `try` take."""
    found = api_client(os.environ).get("/v1/access-policy")
    sys.stdout.write(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode() + "\n")


@policy_app.command("set")
def set_policy(file: File) -> None:
    """Put the policy of a file in force; refused when another was set since the file was shown."""
    policy, revision = policy_in(file)
    _set(policy, revision)


@policy_app.command()
def import_rows(file: Annotated[Path, typer.Argument(help="JSON, as CULM_X509_ROWS names it.")]) -> None:
    """Take people and authorities of a file of rows into the policy, in place of those that are in it."""
    rows = _document_in(file)
    try:
        persons = tuple(
            CertifiedPerson(
                authority=dn_from_text(row["authority"]), name=dn_from_text(row["name"]), groups=tuple(map(str, row["groups"]))
            )
            for row in rows.get("persons", ())
        )
        authorities = tuple(
            CertificateAuthority(name=dn_from_text(row["name"]), vos=tuple(map(str, row["vos"])))
            for row in rows.get("authorities", ())
        )
    except (KeyError, TypeError, AttributeError, ValueError) as problem:
        raise StepFailed(f"{file}: expected persons and authorities, as in docs/identity/members.md: {problem}") from problem
    found = api_client(os.environ).get("/v1/access-policy")
    policy = replace(AccessPolicy.from_avro(found["policy"]), persons=persons, authorities=authorities)
    _set(_checked(policy, file), found["revision"])


@policy_app.command("try")
def try_policy(
    file: File,
    since: Annotated[str, typer.Option(help="How far back: 10d, 36h, 90m; commands are kept for 14 days.")] = "10d",
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Judge recorded commands and refusals by the policy of a file: what it would refuse and allow; nothing is set."""
    from audit.policy_trial_log import tried
    from deploy.stack import Stack
    from eventlog.registry import codec_from

    policy, _ = policy_in(file)
    began = int(time.time() * 1000) - _milliseconds(since)
    config = Stack.running().config
    tally = tried(config.kafka, config.postgres, codec_from(config.registry), AccessRules(policy), began)
    if as_json:
        document = {
            "sentence": tally.sentence(), "commands": tally.commands, "refusals": tally.refusals, "unknown": tally.unknown,
            "refused": tally.refused, "refused_people": sorted(tally.refused_people),
            "allowed": tally.allowed, "allowed_people": sorted(tally.allowed_people),
        }  # fmt: skip
        sys.stdout.write(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode() + "\n")
        return
    out.print(
        f"{tally.sentence()} ({tally.commands:,} commands and {tally.refusals:,} refusals since {since} ago)", highlight=False
    )
    for verdict, one in tally.examples:
        out.print(escape(f"  {verdict}: {one.what} by {one.actor} of {one.vo} ({one.rule})"), highlight=False, soft_wrap=True)
    if tally.unknown:
        out.print(f"{tally.unknown:,} refusals do not say the groups of the caller and were not judged", highlight=False)


def can_i(
    verb: Annotated[str, typer.Argument(help="kill, retry, submit, set ...; or the name of a command.")],
    kind: Annotated[str, typer.Argument(help="task, job, dataset, queue ...")] = "",
    name: Annotated[str, typer.Argument(metavar="ID", help="Which one.")] = "",
) -> None:
    """Whether you may do something, and the rule that decides; exit code 1 when not."""
    asked = {"command": verb, "id": kind or None} if verb[:1].isupper() else {"verb": verb, "kind": kind, "id": name or None}
    found = api_client(os.environ).get("/v1/can-i", **asked)
    provided = f", provided that {found['provided_that']}" if found["provided_that"] else ""
    why = found["because"] or f"{found['acting_as']}{provided}"
    out.print(escape(f"{'yes' if found['allowed'] else 'no'}: {found['rule']} ({why})"), highlight=False, soft_wrap=True)
    raise typer.Exit(0 if found["allowed"] else 1)


def _milliseconds(since: str) -> int:
    found = re.fullmatch(r"([0-9]{1,6})([dhm])", since)
    seconds = int(found[1]) * {"d": 86_400, "h": 3_600, "m": 60}[found[2]] if found else 0
    if not 0 < seconds <= SINCE_SECONDS_MAX:
        raise typer.BadParameter(f"--since is {since!r}, expected 1m to 14d, as 10d, 36h or 90m")
    return seconds * 1_000


def policy_in(file: Path) -> tuple[AccessPolicy, int | None]:
    """The policy of `file` and the revision it was made from; raises StepFailed naming what does not fit."""
    document = _document_in(file)
    revision = document.get("revision")
    if revision is not None and (not isinstance(revision, int) or isinstance(revision, bool)):
        raise StepFailed(f"{file}: revision is {str(revision)[:80]!r}, expected a whole number")
    try:
        policy = AccessPolicy.from_avro(document["policy"])
    except (KeyError, TypeError, AttributeError, ValueError) as problem:
        raise StepFailed(f"{file}: expected what `culm policy show` prints, found another form: {problem}") from problem
    return _checked(policy, file), revision


def _checked(policy: AccessPolicy, file: Path) -> AccessPolicy:
    try:
        why = sentence(problems_of(policy)) or problem_of_access(policy)
    except (TypeError, AttributeError) as problem:
        raise StepFailed(f"{file}: a value is of another type than `culm policy show` prints: {problem}") from problem
    if why:
        raise StepFailed(f"{file}: {why}")
    return policy


def _document_in(file: Path) -> dict[str, Any]:
    try:
        size = file.stat().st_size
        if size > FILE_BYTES_MAX:
            raise StepFailed(f"{file} has {size} bytes, expected at most {FILE_BYTES_MAX}")
        document = orjson.loads(file.read_bytes())
    except (OSError, orjson.JSONDecodeError) as problem:
        raise StepFailed(f"{file} cannot be read: {problem}") from problem
    if not isinstance(document, dict):
        raise StepFailed(f"{file}: expected a JSON object")
    return document


def _set(policy: AccessPolicy, revision: int | None) -> None:
    body = {"aggregate_id": "access", "policy": policy.to_avro(), "revision": revision}
    answer = api_client(os.environ).post("/v1/commands/SetAccessPolicy", body)
    if answer.get("answered") is False:
        raise StepFailed(f"the command was not answered in time; see GET /v1/commands/{answer['command_id']}")
    if not answer.get("accepted", False):
        raise StepFailed(f"the policy was not changed: {answer.get('reason')}: {answer.get('message')}")
    told = f"in force: {len(policy.grants)} grants, {len(policy.rights)} roles, {len(policy.persons)} people"
    out.print(told, highlight=False, soft_wrap=True)
