"""What each rule says that a refusal on record names: a sentence for operators. Pure.

The answer to the caller says less: `TokenRefused.told`. A sentence holds nothing of the request, so that none of what a forged
token claims reaches the log or a page.
"""

from collections.abc import Mapping

SENTENCES: Mapping[str, str] = {
    # Tokens that are not believed.
    "size": "the token is larger than 16 KB",
    "form": "the token is no signed JWT as RFC 7519 and RFC 8725 have it",
    "iss": "no row of trusted issuers has the issuer of the token, or it is not believed at this door",
    "alg": "the algorithm is not one that the issuer's row and its key allow",
    "key": "the issuer publishes no key of this name, or its keys cannot be had",
    "signature": "the signature is not valid",
    "kind": "it is no access token: an ID, refresh, logout or other token",
    "exp": "the token has expired or does not say when it does",
    "iat": "the token says that it was issued in the future, or does not say when",
    "nbf": "the token is not yet in force",
    "lifetime": "the token lives longer than the issuer's row allows",
    "aud": "the token is for another audience",
    "subject": "the token names no subject that could be recorded",
    "version": "the token has no version of the WLCG profile that is read here",
    "revoked": "the token, its owner or the agent's enrolment was revoked",
    # Logins and their ends.
    "state": "the answer to a login is not that of this browser",
    "provider": "the identity provider refused the login or gave no tokens",
    "nonce": "the token is not of this login, or is a logout token with a nonce",
    "replay": "the token works once and was used before",
    "jti": "the logout token has no id",
    "sid": "the session in the logout token is no text",
    "sub": "the subject in the logout token is no text",
    # Members who asked for more.
    "token": "no bearer token was sent",
    "member": "the owner of the token is no member of what was asked for",
    "role": "the class of the route needs another role",
    "capability": "the scope of the token lacks the capability that the route needs",
    "owner": "it belongs to someone else",
    # Agents.
    "agent": "the route is not for tokens of agents, or not for the token of a job",
    "queue": "the token is for other queues",
    "worker": "the token is for another worker",
    "job": "the token is for another job, attempt or lease",
    "token key": "the key that renews the token is another",
    "code": "the enrolment code was not offered, is over or was used",
    # Certificates at the edge: those of whole chains, then those that end in the handshake.
    "certificate.chain": "the chain is not proxies, one person and authorities",
    "certificate.form": "a certificate of the chain has no form that is read here",
    "certificate.legacy": "the proxy is of the kind before RFC 3820",
    "certificate.name": "a name has parts that do not print, or a slash within a part",
    "certificate.time": "a certificate of the chain is not valid now",
    "certificate.lifetime": "a proxy outlives what it was made of, or begins before it",
    "certificate.proxy": "a proxy says that it is an authority, or its ProxyCertInfo is not critical",
    "certificate.subject": "the name of a proxy is not that of its maker and one CN more",
    "certificate.path": "there are more proxies than a path length allows",
    "certificate.policy": "the policy of a proxy is that of no full and no limited proxy",
    "certificate.signing_policy": "the authority may not sign for this name, or has no signing policy",
    "certificate.revoked": "a certificate of the chain was revoked, or its authority has no list in force",
    "certificate.voms": "an attribute certificate in the proxy does not hold",
    "certificate.limited": "a limited proxy is for running jobs, and its owner is no pilot",
    "certificate.rights": "no attribute certificate and no row gives the owner anything",
    "certificate.size": "the owner has more groups than a token holds",
    "certificate.browser": "the request is a browser's, or Origin names no organisation or role",
    "handshake": "the TLS library refused the client's certificate",
    "handshake.no_certificate": "the client sent no certificate",
    "handshake.authority": "the certificate leads to no authority that is believed",
    "handshake.expired": "a certificate of the chain has expired",
    "handshake.not_yet_valid": "a certificate of the chain is not yet valid",
    "handshake.revoked": "a certificate of the chain was revoked",
    "handshake.list_expired": "the revocation list of an authority has expired",
    "handshake.no_list": "an authority has no revocation list",
    "handshake.path": "there are more certificates or proxies than a path length allows",
}


def sentence_of(rule: str) -> str:
    """What `rule` says; for a rule of a later release that there is one."""
    return SENTENCES.get(rule, f"the rule {rule!r}, which this release does not know")
