"""The past of everything: history, state at any moment, differences, traces, and why something waits."""
