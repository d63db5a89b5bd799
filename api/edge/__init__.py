"""The edge for X.509: a process of its own that turns a verified client certificate into a token of Culm."""
