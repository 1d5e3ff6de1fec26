"""What goes wrong inside a candidate's training, and how an error is said in one line."""


class CandidateError(RuntimeError):
    """This candidate cannot be trained further; the others are not concerned."""


def first_line(error: BaseException) -> str:
    """Return the first line of what an error says, or its type where it says nothing."""
    return str(error).partition("\n")[0] or type(error).__name__
