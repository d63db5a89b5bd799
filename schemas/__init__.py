"""What may be said: Avro commands, events, answers; topics; codec; registry; evolution. Imports nothing else of Culm."""
