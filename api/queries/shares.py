"""What is known of the tree of global shares for those who name one of them."""

from api.queries.queues import declared_shares
from api.queries.read_models import ReadModels


async def problem_of_leaf(read_models: ReadModels, share: str) -> str:
    """Why no task can be put into `share`; empty when it is a leaf. Raises ReadModelsUnavailable."""
    rows = await declared_shares(read_models)
    nodes = {row["parent"] for row in rows}
    leaves = sorted(row["name"] for row in rows if row["name"] not in nodes)
    if share in leaves:
        return ""
    expected = f"expected a leaf of the tree: {', '.join(leaves[:20])}" if leaves else "and no shares are set"
    return f"share is {share[:128]!r}, {expected}"
