"""How a run can fail; light to import."""


class RunFailed(RuntimeError):  # noqa: N818 (reads as what happened)
    """What was asked for could not be done, as when not one candidate could be trained."""
