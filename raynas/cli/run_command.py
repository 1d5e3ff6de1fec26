"""How every command runs: its words go where they belong, what ends it becomes an exit code."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import typer

from raynas.runs.endings import RunFailed, Signalled, exit_code, handled, interrupt
from raynas.terminal.output import Output, in_one_line

if TYPE_CHECKING:
    from raynas.runs.run_folder import RunFolder


def run_command(body: Callable[[Output], None], *, verbose: bool) -> None:
    """Run a command with its output set up; 2 wrong input, 1 it failed, 130 or 143 told to end."""
    with Output(verbose) as output, handled(interrupt):
        code = _guarded(body, output)
    if code:
        raise typer.Exit(code)


def _guarded(body: Callable[[Output], None], output: Output) -> int:
    try:
        body(output)
    except ValueError as error:
        output.error(f"raynas: {in_one_line(str(error))}")
        return 2
    except Signalled as signalled:
        if signalled.announce:
            output.error("Interrupted." + output.resume_hint())
        return exit_code(signalled.number)
    except RunFailed as error:
        output.error(f"raynas: {error}")
        return 1
    except Exception as error:
        output.crash(error)
        return 1
    return 0


def loading(output: Output) -> None:
    """Say at once that the command has been understood: importing PyTorch and Ray takes seconds."""
    output.say("Loading …")


def finish(run: "RunFolder", output: Output) -> None:
    """Say how a search or a retraining ended and what to type next.

    Raises:
        Signalled: it was told to end early.
    """
    from raynas.terminal.outcome import show_best_so_far, show_result, show_retrained

    if run.interrupted:
        show_best_so_far(run, output.console)
        output.say(f"Interrupted.{output.resume_hint()}")
        raise Signalled(run.ended_by, announce=False)
    show = show_retrained if run.origin() else show_result
    show(run, output.console)
