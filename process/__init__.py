"""What every process has: settings from the environment, log lines, metrics, its place among the instances. Knows no domain."""
