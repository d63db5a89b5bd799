"""Why an identity is not accepted. The front that was asked turns these into answers of its own protocol.

IdentityRefused
├── TokenRefused   the token is not believed: signature, issuer, audience, times, form
└── NotAMember     the token is believed, its owner is not in the virtual organisation or group asked for
"""


class IdentityRefused(Exception):
    """The identity is not accepted; `detail` is a sentence for people and holds nothing of the token."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class TokenRefused(IdentityRefused):
    """The token is not believed."""


class NotAMember(IdentityRefused):
    """The owner of a believed token is not in what was asked for, or the token has no name for them."""
