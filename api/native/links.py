"""`/v1/links`: which ids in the log are of one person, and how a person says so.

A person brings the credentials of both ids in one request: those of the caller, which may be a certificate at the edge, and a
token in the body. What the token proves of groups is recorded with a link to a certificate, which then has them for some days.
An administrator names two ids. Guards: nothing follows from names or e-mail addresses; a token in the body is judged as any
token is, and kept nowhere; an id that a service or pilots share is linked by administrators alone; a person has a bounded
number of ids; what is refused of a second token is on record.
"""

import time
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http.access import Public, Reader, Submitter, token_of
from api.http.bodies import read_object
from api.http.edge_door import came_through_edge
from api.http.errors import AccessDenied, BadRequest, LogUnavailable, Refused
from api.http.problems import json_response
from api.services import Services
from identity.believed import BelievedToken
from identity.compact import TOKEN_LENGTH_MAX
from identity.errors import TokenRefused
from identity.identity import Identity
from identity.linked import PERSON_MAX
from identity.linked_memberships import membership_by
from identity.profiles import CAPABILITIES
from identity.ruling import ADMINISTRATOR
from schemas.ids import linked_identity_key
from schemas.instants import micros_of_seconds
from schemas.policy import LinkIdentities, UnlinkIdentities
from schemas.types import LinkedMembership

WAIT_SECONDS = 10.0


def build_router(services: Services) -> APIRouter:
    """Routes below `/v1/links`."""
    router = APIRouter(prefix="/v1/links", tags=["identity"])
    gate, known = services.gate, services.gate.verifier.links

    @router.get("")
    async def links(identity: Reader, actor: str | None = None) -> Response:
        """The ids of the caller and the links between them; of `actor` for administrators."""
        asked = identity.subject if actor is None else actor
        if asked not in identity.owners and ADMINISTRATOR not in identity.roles:
            raise AccessDenied("the ids of others are shown to administrators alone")
        return json_response(_document(services, asked))

    @router.post("")
    async def link(request: Request, identity: Submitter) -> Response:
        """Link the caller with the owner of `token`; for administrators also `actor` and `other`. `reason` is recorded."""
        body = await read_object(request)
        if "token" in body:
            token = _text(body, "token", TOKEN_LENGTH_MAX)
            second, believed = await gate.member_of_second_token(request, token, identity.vo)
            _check_is_a_persons(await gate.believed(token_of(request)))
            _check_is_a_persons(believed)
            if came_through_edge.get():
                return await _link_certificate(services, identity.subject, second, believed, _reason(body))
            role, one, other = None, identity.subject, second.subject
        else:
            role, (one, other) = _administrator(identity), _pair(body, None)
        first, last = _sorted(one, other)
        if last not in known.person(first):
            _check_room(services, first, last)
            await _sent(services, LinkIdentities(actor=first, other=last, reason=_reason(body)), first, identity, role)
        return json_response({"actor": first, "other": last, "linked": True})

    @router.post("/certificate")
    async def link_certificate(request: Request, _: Public) -> Response:
        """Link a certificate, which gives nothing here yet, with the owner of `token`; through the edge alone, which asks here.

        Whose the certificate is, the edge's token says; what may be done, the other one.
        """
        certified = token_of(request)
        try:
            if not came_through_edge.get():
                raise TokenRefused("a certificate is linked through the edge, which proves it", "iss")
            owner = await gate.believed(certified)
        except TokenRefused as problem:
            raise gate.record_token(request, certified, problem) from problem
        if owner.groups:
            raise AccessDenied("the certificate gives something here; send the request to /v1/links")
        body = await read_object(request)
        token = _text(body, "token", TOKEN_LENGTH_MAX)
        second, believed = await gate.member_of_second_token(request, token, request.headers.get("origin"))
        _check_is_a_persons(believed)
        return await _link_certificate(services, owner.actor, second, believed, _reason(body))

    @router.post("/remove")
    async def unlink(request: Request, identity: Submitter) -> Response:
        """Take the link between `actor` (the caller where it is not named) and `other` back; others' for administrators."""
        body = await read_object(request)
        _check_is_whole(await gate.believed(token_of(request)))
        one, other = _pair(body, identity.subject)
        role = None if {one, other} & set(identity.owners) else _administrator(identity)
        first, last = sorted((one, other))
        await _sent(services, UnlinkIdentities(actor=first, other=last, reason=_reason(body)), first, identity, role)
        return json_response({"actor": first, "other": last, "linked": False})

    return router


def _document(services: Services, actor: str) -> dict[str, Any]:
    known = services.gate.verifier.links
    pairs = [{"actor": one, "other": other} for one, other in known.pairs(actor)]
    return {"actor": actor, "linked": list(known.others(actor)), "links": pairs}


async def _link_certificate(
    services: Services, certified: str, login: Identity, token: BelievedToken, reason: str | None
) -> Response:
    """Record that `certified` and `login` are one person, and what the `token` of the login proves; again only when it is due."""
    first, last = _sorted(certified, login.subject)
    _check_room(services, first, last)
    now, known = micros_of_seconds(time.time()), services.gate.verifier.links
    proven: LinkedMembership | None = membership_by(token, now)
    is_news = proven is not None and known.memberships.is_due(proven.prover, certified, proven.groups, now)
    if is_news or last not in known.person(first):
        await _sent(services, LinkIdentities(actor=first, other=last, reason=reason, membership=proven), first, login, None)
    return json_response({"actor": first, "other": last, "linked": True})


def _sorted(one: str, other: str) -> tuple[str, str]:
    first, last = sorted((one, other))
    if first == last:
        raise BadRequest(f"both are the id {first}, expected two")
    return first, last


def _check_room(services: Services, one: str, other: str) -> None:
    known = services.gate.verifier.links
    ids = {*known.person(one), *known.person(other)}
    if len(ids) > PERSON_MAX:
        raise Refused(f"the person would have {len(ids)} ids, at most {PERSON_MAX} are linked", reason="TOO_MANY_LINKS")


async def _sent(
    services: Services, command: LinkIdentities | UnlinkIdentities, key: str, identity: Identity, role: str | None
) -> None:
    answer = await services.gateway.submit(command, linked_identity_key(key), identity, role=role, wait_seconds=WAIT_SECONDS)
    if answer is None:
        raise LogUnavailable("the command was taken and not answered in time; ask again whether the link is there")
    if not answer.accepted:
        raise Refused(str(answer.message), reason=answer.reason)


def _check_is_whole(token: BelievedToken) -> None:
    """A token that was made for some capabilities does not widen itself: a link gives its owner's things to another id."""
    if token.capabilities and not token.capabilities.issuperset(CAPABILITIES):
        raise AccessDenied("a token for some capabilities alone links and unlinks no ids; log in for all of them")


def _check_is_a_persons(token: BelievedToken) -> None:
    _check_is_whole(token)
    if token.claims["sub"] in token.issuer.robots:
        raise AccessDenied("this is the id of a service; an administrator links it, by the ids")


def _administrator(identity: Identity) -> str:
    if ADMINISTRATOR not in identity.roles:
        raise AccessDenied("ids of others are linked by administrators; a person sends a token of the other id as `token`")
    return ADMINISTRATOR


def _pair(body: dict[str, Any], actor: str | None) -> tuple[str, str]:
    one = _text(body, "actor", 255) if "actor" in body or actor is None else actor
    return one, _text(body, "other", 255)


def _reason(body: dict[str, Any]) -> str | None:
    return _text(body, "reason", 1_000) if body.get("reason") is not None else None


def _text(body: dict[str, Any], name: str, length_max: int) -> str:
    """A text of the body; raises BadRequest that does not repeat it, for it may be a token."""
    found = body.get(name)
    if not isinstance(found, str) or not 0 < len(found) <= length_max:
        kind = "nothing" if found is None else type(found).__name__
        raise BadRequest(f"{name}: found {kind}, expected a text of 1 to {length_max} characters")
    return found
