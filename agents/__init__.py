"""What runs at the sites. Agents know only HTTP: they import the standard library, httpx, psutil and structlog."""
