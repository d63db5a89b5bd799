"""The log for all: connection, consumers and producers by purpose, topics, registry, lag. Knows messages, no domain."""
