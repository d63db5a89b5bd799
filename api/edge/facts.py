"""What stands in a certificate, for the rules of `identity/x509`.

In: one certificate in DER, as the TLS library verified it. Out: `CertificateFacts`, or `CertificateRefused` for one that is
unreadable. Guards: an extension that stands twice, a name that is no text, a ProxyCertInfo that is none.
"""

from cryptography import x509
from cryptography.hazmat import asn1

from identity.x509.chains import CertificateFacts, ProxyInfo
from identity.x509.errors import CertificateRefused
from identity.x509.names import Attribute

PROXY_CERT_INFO = x509.ObjectIdentifier("1.3.6.1.5.5.7.1.14")
#: Where VOMS puts attribute certificates.
VOMS_ATTRIBUTES = x509.ObjectIdentifier("1.3.6.1.4.1.8005.100.100.5")
PATH_LENGTH_MAX = 1_000


@asn1.sequence
class ProxyPolicySequence:
    """RFC 3820, 3.8: what the proxy may."""

    language: x509.ObjectIdentifier
    policy: bytes | None


@asn1.sequence
class ProxyCertInfo:
    """RFC 3820, 3.8."""

    path_length: int | None
    policy: ProxyPolicySequence


def facts_of(der: bytes) -> CertificateFacts:
    """What stands in the certificate `der`; raises CertificateRefused."""
    try:
        return facts(x509.load_der_x509_certificate(der))
    except (ValueError, TypeError) as problem:  # what the library raises for a certificate that it cannot read
        raise CertificateRefused("a certificate of the chain cannot be read", "form") from problem


def facts(certificate: x509.Certificate) -> CertificateFacts:
    """The same of a certificate that was loaded; raises ValueError."""
    extensions = certificate.extensions
    return CertificateFacts(
        subject=attributes_of(certificate.subject),
        issuer=attributes_of(certificate.issuer),
        serial=certificate.serial_number,
        begins=certificate.not_valid_before_utc.timestamp(),
        ends=certificate.not_valid_after_utc.timestamp(),
        is_authority=_is_authority(extensions),
        proxy=_proxy(extensions),
    )


def attributes_of(name: x509.Name) -> tuple[Attribute, ...]:
    """The parts of `name`, in its order; raises ValueError for one of which a part is several."""
    if any(len(tuple(part)) != 1 for part in name.rdns):
        raise ValueError("a part of a name with several values")
    return tuple(Attribute(part.oid.dotted_string, part.value if isinstance(part.value, str) else "") for part in name)


def _is_authority(extensions: x509.Extensions) -> bool:
    try:
        return extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _proxy(extensions: x509.Extensions) -> ProxyInfo | None:
    try:
        found = extensions.get_extension_for_oid(PROXY_CERT_INFO)
    except x509.ExtensionNotFound:
        return None
    assert isinstance(found.value, x509.UnrecognizedExtension), "the library does not know this one"
    info = asn1.decode_der(ProxyCertInfo, found.value.value)
    if info.path_length is not None and not 0 <= info.path_length <= PATH_LENGTH_MAX:
        raise ValueError("a path length out of range")
    return ProxyInfo(info.path_length, info.policy.language.dotted_string, found.critical)


def has_attribute_certificate(der: bytes) -> bool:
    """Whether the certificate `der`, which can be read, carries attribute certificates of VOMS."""
    return any(one.oid == VOMS_ATTRIBUTES for one in x509.load_der_x509_certificate(der).extensions)
