"""What runs at the sites. Agents know only HTTP: they import the standard library, httpx, msgspec, psutil and structlog."""
