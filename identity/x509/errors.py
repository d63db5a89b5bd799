"""Why a certificate proves no one."""

from identity.errors import IdentityRefused


class CertificateRefused(IdentityRefused):
    """The chain is not believed, or gives no right. `rule`: what it broke, one word of docs/identity/certificates.md.

    actor: whose chain it is, where that is proven; empty otherwise. told: what the owner of a certificate that holds may know, as
    the way to have access again; empty where the answer says nothing. may_link: the certificate holds and gives nothing by
    itself, so its owner may link it with a login.
    """

    def __init__(self, detail: str, rule: str, told: str = "", may_link: bool = False) -> None:
        super().__init__(detail)
        self.told, self.may_link = told, may_link
        self.rule = rule
        self.actor = ""
