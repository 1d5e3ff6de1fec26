"""How a run can fail."""


class RunFailed(RuntimeError):  # noqa: N818 (reads as what happened)
    """What was asked for could not be done, as when not one candidate could be trained."""


class ExportFailed(RunFailed):
    """The network cannot be written in a format, or what was written does not agree with it."""
