"""The commands that search: search, resume."""

import os
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from raynas.cli.arguments import RunPath, Verbose, options_of, parse_set, read_call
from raynas.cli.run_command import finish, loading, run_command
from raynas.options.command_options import ResumeCall, SearchCall
from raynas.terminal.output import Output


@options_of(SearchCall)
def search(
    call_values: dict[str, Any],
    config: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Take options from a YAML file or URI, like the run.yaml of a run; those given "
            "here win.",
            show_default=False,
        ),
    ] = None,
    verbose: Verbose = False,
) -> None:
    """Search for the best architecture, and test it once at the end.

    Without options: 30 trials of regularized evolution over small CNNs on scikit-learn's digits.

    Example: raynas search --space mlp --data flowers.parquet --set label=species --trials 50
    """

    def run(output: Output) -> None:
        started, values = datetime.now(UTC), dict(call_values)
        address = values.pop("address", None)
        options = parse_set(values.pop("options", None))
        file = _read(config) if config is not None else None

        from raynas.runs.run_config import make_config
        from raynas.runs.run_file import parse_run_file

        if file is None:
            wanted = make_config(**values, options=options)
        else:
            wanted = parse_run_file(file, str(config)).config(**values, options=options)
        loading(output)

        from raynas.engine.local_ray.own_ray import ray_soon

        sure = _is_there(wanted.space) and _is_there(wanted.data)
        with ray_soon(address, sure=sure) as soon:
            from raynas.engine.run_search import run_search

            finish(run_search(wanted, output.view(), address, soon=soon, started=started), output)

    run_command(run, verbose=verbose)


@options_of(ResumeCall)
def resume(call_values: dict[str, Any], run_folder: RunPath, verbose: Verbose = False) -> None:
    """Go on with a search that was interrupted or killed, or extend one that has ended.

    Finished trials are kept and none is trained again; unfinished ones go on from their last epoch.

    Example: raynas resume runs/my-run --trials 100
    """

    def run(output: Output) -> None:
        started, call = datetime.now(UTC), read_call(ResumeCall, call_values)
        loading(output)

        from raynas.engine.local_ray.own_ray import ray_soon

        with ray_soon(call.address, sure=_goes_on(run_folder, call)) as soon:
            from raynas.engine.run_search import resume_run

            finish(resume_run(run_folder, call, output.view(), soon, started), output)

    run_command(run, verbose=verbose)


def _is_there(name: str) -> bool:
    """Whether what looks like a path is one; other names are known once more is loaded."""
    return os.path.exists(name) or not (set(name) & {os.sep, "."}) or ":" in name


def _goes_on(run: str, call: ResumeCall) -> bool:
    """Whether a run is there that has not ended, as far as a look tells."""
    ended = os.path.exists(os.path.join(run, "best")) and call.trials is call.minutes is None
    return os.path.exists(os.path.join(run, "run.yaml")) and not ended


def _read(path: str) -> str:
    from raynas.runs.storage import read_file

    try:
        return read_file(path).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"--config {path} cannot be read: {error}") from error
