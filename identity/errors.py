"""Why an identity is not accepted. The front that was asked turns these into answers of its own protocol.

IdentityRefused
├── TokenRefused      the token is not believed: signature, issuer, audience, times, form
│   └── KeyNotKnown   the token names a key that its issuer may have published since its keys were fetched
├── NotAMember        the token is believed, its owner is not in the virtual organisation or group asked for
├── IssuersNotKnown   which issuers are believed was not read from the log yet
└── KeysRefused       what an issuer publishes as its keys is not taken
"""


class IdentityRefused(Exception):
    """The identity is not accepted; `detail` is a sentence for people and holds nothing of the token."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


#: All that the sender of a forged token learns: what is wrong with it would help to make the next one.
NOT_BELIEVED = "the token is not believed here"


class TokenRefused(IdentityRefused):
    """The token is not believed. `rule`: what it broke, one word of docs/identity.md, for counts and the audit.

    actor: whose token it is, where that is proven: of one that was revoked. told: what the answer says; more than
    NOT_BELIEVED where the signature was found to be good, and where the keys are away.
    """

    def __init__(self, detail: str, rule: str = "form", actor: str = "", told: str = NOT_BELIEVED) -> None:
        super().__init__(detail)
        self.rule, self.actor, self.told = rule, actor, told


class NotAMember(IdentityRefused):
    """The owner of a believed token is not in what was asked for, or the token has no name for them."""


class IssuersNotKnown(IdentityRefused):
    """No token is believed before it is known which issuers are."""


class KeysRefused(IdentityRefused):
    """The keys of an issuer cannot be had, or are not taken."""


class KeyNotKnown(TokenRefused):
    """No key of this name is known of the issuer: it is worth asking once."""

    def __init__(self, issuer: str) -> None:
        super().__init__("the token is signed with a key that its issuer does not publish", "key")
        self.issuer = issuer
