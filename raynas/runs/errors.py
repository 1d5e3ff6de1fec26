"""How a run can fail."""


class RunFailed(RuntimeError):  # noqa: N818 (reads as what happened)
    """Not one candidate could be trained."""
