"""`python -m check [--json]`: the checker on the stack that CULM_KAFKA, CULM_REGISTRY and CULM_POSTGRES name."""

import os
import sys

from check.brokers import Brokers
from check.report import check_stack


def main() -> int:
    """0 when every law holds."""
    try:
        brokers, registry, postgres = Brokers(os.environ), os.environ["CULM_REGISTRY"], os.environ["CULM_POSTGRES"]
    except KeyError as missing:
        print(f"{missing.args[0]} is not set; `culm check` sets it", file=sys.stderr)
        return 2
    return check_stack(brokers, registry, postgres, as_json="--json" in sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
