"""Why a certificate proves no one."""

from identity.errors import IdentityRefused


class CertificateRefused(IdentityRefused):
    """The chain is not believed, or gives no right. `rule`: what it broke, one word of docs/identity.md."""

    def __init__(self, detail: str, rule: str) -> None:
        super().__init__(detail)
        self.rule = rule
