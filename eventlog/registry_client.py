"""The registry's client as Culm imports it: without the notice that authlib writes to the terminal or the head of every log.

confluent-kafka loads authlib for OAuth, which Culm does not use; authlib then announces that its httpx support is deprecated.
It sets its own warnings to "always" when it is loaded, over any filter that was set before, also over PYTHONWARNINGS.
So it is loaded first and this one notice is ignored while the client is loaded; every other warning stays.
"""

import warnings

from authlib.deprecate import AuthlibDeprecationWarning

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", message="The httpx module is deprecated", category=AuthlibDeprecationWarning)
    from confluent_kafka.schema_registry import ConfigCompatibilityLevel, Schema, SchemaRegistryClient, ServerConfig
    from confluent_kafka.schema_registry.error import SchemaRegistryError

__all__ = ["ConfigCompatibilityLevel", "Schema", "SchemaRegistryClient", "SchemaRegistryError", "ServerConfig"]
