"""The native REST API below `/v1`."""
