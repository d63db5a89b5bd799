"""Documents of sources outside (CRIC, network monitors, lists of replicas): read whole or refused whole. docs/bridges.md."""
