"""`python -m check [--json]`: the checker on the stack that CULM_KAFKA, CULM_REGISTRY and CULM_POSTGRES name."""

import os
import sys

from check.report import check_stack


def main() -> int:
    """0 when every law holds."""
    try:
        addresses = [os.environ[name] for name in ("CULM_KAFKA", "CULM_REGISTRY", "CULM_POSTGRES")]
    except KeyError as missing:
        print(f"{missing.args[0]} is not set; `culm check` sets it", file=sys.stderr)
        return 2
    return check_stack(*addresses, as_json="--json" in sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
