"""Faust's clients log in to brokers as all others do (`process/kafka_security.py`)."""

import ssl

from faust.auth import SASLCredentials, SSLCredentials

from process.kafka_security import security_of


def credentials_at(kafka: str) -> SASLCredentials | SSLCredentials | None:
    """What Faust takes as `broker_credentials` for the brokers at `kafka`; None for plain connections."""
    security = security_of(kafka)
    ca_file = None if security.ca_file is None else str(security.ca_file)
    context = ssl.create_default_context(cafile=ca_file) if security.protocol.endswith("SSL") else None
    if security.mechanism:
        return SASLCredentials(
            username=security.user, password=security.password, ssl_context=context, mechanism=security.mechanism
        )
    return None if context is None else SSLCredentials(context)
