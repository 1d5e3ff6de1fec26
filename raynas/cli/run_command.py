"""How every command runs: its words go where they belong, what ends it becomes an exit code."""

import signal
from collections.abc import Callable
from typing import TYPE_CHECKING

import typer

from raynas.runs.errors import RunFailed
from raynas.terminal.output import Output

if TYPE_CHECKING:
    from raynas.runs.run_folder import RunFolder


class Interrupted(Exception):  # noqa: N818 (it is no error)
    """The run ended early because it was told to."""


def run_command(body: Callable[[Output], None], *, verbose: bool) -> None:
    """Run a command with its output set up; 2 wrong input, 1 it failed, 130 interrupted."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with Output(verbose) as output:
        code = _guarded(body, output)
    if code:
        raise typer.Exit(code)


def _guarded(body: Callable[[Output], None], output: Output) -> int:
    try:
        body(output)
    except ValueError as error:
        output.error(f"raynas: {error}")
        return 2
    except KeyboardInterrupt:
        output.error("Interrupted." + output.resume_hint())
        return 130
    except Interrupted:
        return 130
    except RunFailed as error:
        output.error(f"raynas: {error}")
        return 1
    except Exception as error:
        output.crash(error)
        return 1
    return 0


def finish(run: "RunFolder", output: Output) -> None:
    """Say how a search or a retraining ended and what to type next.

    Raises:
        Interrupted: it was told to end early.
    """
    from raynas.terminal.outcome import show_result, show_retrained

    if run.interrupted:
        output.say(f"Interrupted.{output.resume_hint()}")
        raise Interrupted
    show = show_retrained if run.origin() else show_result
    show(run, output.console)
