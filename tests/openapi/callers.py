"""Callers: headers of those that have no right, too little of it, or are of another organisation or issuer.

In: the API, the folder with the key of its development issuer. Out: callers, each with the words that no answer to it may hold.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
from joserfc import jwt
from joserfc.jwk import RSAKey

from deploy.config import CHECKOUT
from deploy.postgres.passwords import OWNER, READER, of
from identity.issuer import ALGORITHM, make_token, signing_key
from process.servers import password_file
from tests.api.test_stack import parameters
from tests.openapi.asking import Caller

Words = Mapping[str, Sequence[str]]
OTHERS = "what is another organisation's"
#: An organisation of which the API may know nothing, or which it serves as well.
OTHER_VO = "juno"


@dataclass(frozen=True, slots=True)
class Callers:
    """Callers of the API at `address`; own: words of the stack; others: with these, what a member of wlcg has."""

    home: Path
    own: Words
    others: Words

    @property
    def nameless(self) -> Caller:
        """No token."""
        return Caller("no token", {}, self.others)

    @property
    def pilot(self) -> Caller:
        """A token that is good for the calls of pilots alone; a pilot sees its organisation's jobs."""
        return Caller("a token of pilots alone", _headers(self._token("weak", "wlcg", "wlcg/pilot"), "wlcg:pilot"), self.own)

    @property
    def reader(self) -> Caller:
        """A member whose token has a scope with the capability to read, and no other."""
        key = signing_key(self.home)
        claims = jwt.decode(self._token("reader", "wlcg"), key, algorithms=[ALGORITHM]).claims | {"scope": "compute.read"}
        token = jwt.encode({"alg": ALGORITHM, "kid": key.kid}, claims, key, algorithms=[ALGORITHM])
        return Caller("a token that may read alone", _headers(token, "wlcg"), self.own)

    @property
    def broken(self) -> Caller:
        """A token whose signature was changed."""
        return Caller("a broken token", _headers(f"{self._token('weak', 'wlcg')[:-8]}AAAAAAAA", "wlcg"), self.others)

    @property
    def member_of_another(self) -> Caller:
        """A member of `OTHER_VO`."""
        return Caller("a token of another organisation", _headers(self._token("foreign", OTHER_VO), OTHER_VO), self.others)

    @property
    def other_issuer(self) -> Caller:
        """A member by the word of an issuer that is not trusted."""
        claims = jwt.decode(self._token("stranger", "wlcg"), signing_key(self.home), algorithms=[ALGORITHM]).claims
        key = RSAKey.generate_key(2048, auto_kid=True)
        found = claims | {"iss": "https://issuer.example"}
        token = jwt.encode({"alg": ALGORITHM, "kid": key.kid}, found, key, algorithms=[ALGORITHM])
        return Caller("a token of another issuer", _headers(token, "wlcg"), self.others)

    @property
    def all(self) -> tuple[Caller, ...]:
        """Every one of them."""
        return self.nameless, self.pilot, self.reader, self.broken, self.member_of_another, self.other_issuer

    def _token(self, user: str, *groups: str) -> str:
        return make_token(self.home, user=user, name=user.title(), groups=groups, audience_hours=1)


def callers_of(api: str, home: Path) -> Callers:
    """The callers of the API at `api`, to which a task of a member of wlcg is given first."""
    passwords = [of(password_file(home), account) for account in (OWNER, READER)]
    own = {"a path of the machine": (str(home), str(CHECKOUT)), "a password": passwords}
    return Callers(home, own, own | {OTHERS: _planted(api, home)})


def _headers(token: str, origin: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Origin": origin}


def _planted(api: str, home: Path) -> Sequence[str]:
    """What a member of wlcg now has: the name of a task, the member's own name, the ids of both."""
    mark = uuid4().hex
    name, user = f"user.zebra.{mark}", f"zebra{mark[:8]}"
    headers = _headers(make_token(home, user=user, name=f"Zoe {user.title()}", groups=["wlcg"], audience_hours=1), "wlcg")
    with httpx.Client(base_url=api, headers=headers, timeout=30) as client:
        client.post("/v1/tasks", json={"parameters": parameters(name)}).raise_for_status()
        return name, user, user.title(), client.get("/v1/whoami").raise_for_status().json()["subject"]
