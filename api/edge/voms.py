"""Attribute certificates of VOMS, verified by its reference library (Debian: libvomsapi1v5).

In: a verified chain in DER, the directories of authorities and LSC files. Out: what the attribute certificates in it say, or
`CertificateRefused`. Guards: the library verifies signature, signer (LSC), holder and dates; a chain that carries one which does
not hold is refused as a whole, and so is every chain that carries one where the library is not installed. A chain that carries
none never reaches the library. Authorities are those of the directory alone: the library would take those of the operating system
besides, and read their file again for each chain.
"""

import contextlib
import os
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cffi import FFI

from api.edge.facts import has_attribute_certificate
from identity.x509.errors import CertificateRefused
from identity.x509.fqans import FQANS_MAX
from identity.x509.rights import Attributes

LIBRARY, CRYPTO = "libvomsapi.so.1", "libcrypto.so.3"
CERTIFICATES_MAX = 10
#: Names the file of authorities that OpenSSL takes where it was given none, as the library does for each chain.
SYSTEM_AUTHORITIES = "SSL_CERT_FILE"
_RECURSE_CHAIN = 0
#: From voms_apic.h 2.1 and OpenSSL 3; fields after those that are read here are left out, structures are never made here.
_DECLARATIONS = """
struct data;
struct voms {
  int siglen; char *signature; char *user; char *userca; char *server; char *serverca; char *voname; char *uri;
  char *date1; char *date2; int type; struct data **std; char *custom; int datalen; int version; char **fqan; ...;
};
struct vomsdata { char *cdir; char *vdir; struct voms **data; ...; };
struct vomsdata *VOMS_Init(char *voms, char *cert);
void VOMS_Destroy(struct vomsdata *vd);
int VOMS_Retrieve(void *cert, void *chain, int how, struct vomsdata *vd, int *error);
char *VOMS_ErrorMessage(struct vomsdata *vd, int error, char *buffer, int len);
void *d2i_X509(void **px, const unsigned char **in, long len);
void X509_free(void *x);
void *OPENSSL_sk_new_null(void);
int OPENSSL_sk_push(void *st, const void *data);
void OPENSSL_sk_free(void *st);
"""


class Voms:
    """Reads attribute certificates; one at a time, because nothing says that the library may be called by several threads."""

    def __init__(self, vomsdir: Path, authorities: Path) -> None:
        """From then on OpenSSL in this process takes no authorities of the operating system where it is given none.

        What Python sees of the environment stays, so a client that goes by `SSL_CERT_FILE` still does.
        """
        os.putenv(SYSTEM_AUTHORITIES, os.devnull)
        self._vomsdir = vomsdir
        self._folders = str(vomsdir).encode(), str(authorities).encode()
        self._lock = threading.Lock()
        self._ffi: Any = FFI()
        self._ffi.cdef(_DECLARATIONS.replace("; ...;", ";"))
        try:
            self._library: Any = self._ffi.dlopen(LIBRARY)
            self._crypto: Any = self._ffi.dlopen(CRYPTO)
        except OSError:
            self._library = None

    @property
    def is_there(self) -> bool:
        """Whether the library is installed."""
        return self._library is not None

    def stamp(self) -> tuple[tuple[str, int, int], ...]:
        """Names, times and sizes of the LSC files."""
        found: list[tuple[str, int, int]] = []
        for path in sorted(self._vomsdir.glob("*/*.lsc")):
            with contextlib.suppress(OSError):  # one that was just taken away is not there
                state = path.stat()
                found.append((str(path), state.st_mtime_ns, state.st_size))
        return tuple(found)

    def attributes(self, chain: Sequence[bytes]) -> tuple[Attributes, ...]:
        """What the attribute certificates in `chain` say, () where it carries none; raises CertificateRefused."""
        if not any(has_attribute_certificate(der) for der in chain):
            return ()
        if not self.is_there:
            raise CertificateRefused(f"it carries an attribute certificate, and {LIBRARY} is not installed here", "voms")
        with self._lock:
            return self._verified(chain)

    def _verified(self, chain: Sequence[bytes]) -> tuple[Attributes, ...]:
        ffi, crypto, library = self._ffi, self._crypto, self._library
        loaded: list[Any] = []
        stack = crypto.OPENSSL_sk_new_null()
        found = library.VOMS_Init(*self._folders)
        try:
            if found == ffi.NULL or stack == ffi.NULL:
                raise CertificateRefused("the library for attribute certificates does not begin", "voms")
            for der in chain:
                loaded.append(self._load(der))
                crypto.OPENSSL_sk_push(stack, loaded[-1])
            error = ffi.new("int *")
            if not library.VOMS_Retrieve(loaded[0], stack, _RECURSE_CHAIN, found, error):
                raise CertificateRefused(f"its attribute certificate is not believed: {self._sentence(found, error[0])}", "voms")
            return self._read(found.data)
        finally:
            if found != ffi.NULL:
                library.VOMS_Destroy(found)
            crypto.OPENSSL_sk_free(stack)
            for one in loaded:
                crypto.X509_free(one)

    def _load(self, der: bytes) -> Any:
        buffer = self._ffi.new("unsigned char[]", der)
        place = self._ffi.new("const unsigned char **", buffer)
        loaded = self._crypto.d2i_X509(self._ffi.NULL, place, len(der))
        if loaded == self._ffi.NULL:
            raise CertificateRefused("a certificate of the chain cannot be read", "form")
        return loaded

    def _sentence(self, found: Any, error: int) -> str:
        buffer = self._ffi.new("char[]", 500)
        self._library.VOMS_ErrorMessage(found, error, buffer, 500)
        text = self._ffi.string(buffer).decode("utf-8", "replace")
        return f"{' '.join(text.split())[:200]} ({error})"

    def _read(self, data: Any) -> tuple[Attributes, ...]:
        read: list[Attributes] = []
        while data != self._ffi.NULL and data[len(read)] != self._ffi.NULL:
            if len(read) == CERTIFICATES_MAX:
                raise CertificateRefused(f"it carries more than {CERTIFICATES_MAX} attribute certificates", "voms")
            one = data[len(read)]
            read.append(Attributes(self._text(one.voname), tuple(self._fqans(one.fqan)), _moment(self._text(one.date2))))
        if not read:
            raise CertificateRefused("its attribute certificate says nothing", "voms")
        return tuple(read)

    def _fqans(self, texts: Any) -> list[str]:
        found: list[str] = []
        while texts != self._ffi.NULL and texts[len(found)] != self._ffi.NULL:
            if len(found) == FQANS_MAX:
                raise CertificateRefused(f"its attribute certificate names more than {FQANS_MAX} groups", "voms")
            found.append(self._text(texts[len(found)]))
        return found

    def _text(self, text: Any) -> str:
        return "" if text == self._ffi.NULL else self._ffi.string(text, 2_000).decode("utf-8", "replace")


def _moment(text: str) -> float:
    """A generalised time of the library, as `20261129190000Z`, in seconds since 1970."""
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError as problem:
        raise CertificateRefused("its attribute certificate does not say until when it holds", "voms") from problem
