"""Evidence outside the log: a hash chain over every partition of events, written down and signed by a process of its own."""
