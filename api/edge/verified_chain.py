"""The chain of certificates that the TLS library verified for one connection. The one place that takes it out of the library.

Python has a public way to it from 3.13 on; before, it is taken from the object beneath. `tests/edge/test_edge.py` holds both.
"""

import ssl
from typing import Any


def verified_chain(connection: Any) -> tuple[bytes, ...]:
    """DER of each certificate, leaf first, root last; empty where none was verified in this handshake.

    connection: what the transport names `ssl_object`. A session that was resumed was verified in another handshake: it is empty.
    """
    if not isinstance(connection, (ssl.SSLObject, ssl.SSLSocket)) or connection.session_reused:
        return ()
    public = getattr(connection, "get_verified_chain", None)
    if public is not None:
        return tuple(public())
    beneath: Any = connection._sslobj  # type: ignore[union-attr]  # no public way before Python 3.13
    return tuple(ssl.PEM_cert_to_DER_cert(one.public_bytes()) for one in beneath.get_verified_chain() or ())
