"""What is declared, made true on a broker and in a registry before the first process of Culm starts."""

from eventlog.registry import connect, register_all
from eventlog.topics import apply_topics
from schemas.topics import declared_topics


def apply_declarations(kafka: str, registry: str) -> str:
    """Make the topics and register the schemas; a sentence about what was made. Raises TopicDiffers, SchemaRegistryError."""
    topics = declared_topics()
    made = apply_topics(kafka, topics)
    with connect(registry) as client:
        ids = register_all(client)
    return f"{len(made)} topics made, {len(topics) - len(made)} found as declared, {len(ids)} schemas registered"
