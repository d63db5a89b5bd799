"""Why a certificate proves no one."""

from identity.errors import IdentityRefused


class CertificateRefused(IdentityRefused):
    """The chain is not believed, or gives no right. `rule`: what it broke, one word of docs/identity/certificates.md.

    actor: whose chain it is, where that is proven; empty otherwise.
    """

    def __init__(self, detail: str, rule: str) -> None:
        super().__init__(detail)
        self.rule = rule
        self.actor = ""
