"""How people log in: the documents that clients read first, and the device flow through Culm to their provider."""
