"""The command line: raynas search, resume, status, spaces, replay."""

import signal
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from raynas.runs.errors import RunFailed
from raynas.runs.options import RunOptions
from raynas.runs.output import Output

app = typer.Typer(
    name="raynas",
    help="Search for neural-network architectures in parallel on Ray.\n\nStart: raynas search",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def _option(name: str, *flags: str, **more: Any) -> Any:
    """Make a command-line option from the field of the same name of RunOptions."""
    field = RunOptions.model_fields[name]
    shown: Any = str(field.default) if field.default not in (None, "", {}) else False
    return typer.Option(*flags, help=field.description, show_default=shown, **more)


_Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="OPTION=VALUE",
        help="An option of the strategy (population, tournament, …), the training (batch_size, "
        "learning_rate, optimizer, …) or the data (label, limit, …); repeat it for more.",
        show_default=False,
    ),
]
_Verbose = Annotated[
    bool, typer.Option("--verbose", help="Show what Ray and Lightning say (else: log.txt).")
]
_RunFolder = Annotated[
    str, typer.Argument(metavar="RUN_FOLDER", help="The folder that a search made: runs/NAME.")
]


@app.command()
def search(
    space: Annotated[str | None, _option("space")] = None,
    strategy: Annotated[str | None, _option("strategy")] = None,
    data: Annotated[str | None, _option("data")] = None,
    trials: Annotated[int | None, _option("trials")] = None,
    epochs: Annotated[int | None, _option("epochs")] = None,
    seed: Annotated[int | None, _option("seed")] = None,
    metric: Annotated[str | None, _option("metric")] = None,
    name: Annotated[str | None, _option("name")] = None,
    storage: Annotated[str | None, _option("storage")] = None,
    cpus_per_trial: Annotated[float | None, _option("cpus_per_trial")] = None,
    gpus_per_trial: Annotated[float | None, _option("gpus_per_trial")] = None,
    concurrency: Annotated[int | None, _option("concurrency")] = None,
    keep: Annotated[int | None, _option("keep")] = None,
    set_: _Set = None,
    config: Annotated[
        Path | None,
        typer.Option(
            help="Take options from a YAML file, like the run.yaml of a run; those given here win.",
            show_default=False,
        ),
    ] = None,
    verbose: _Verbose = False,
) -> None:
    """Search for the best architecture, and test it once at the end.

    Without options: 30 trials of regularized evolution over small CNNs on scikit-learn's digits.

    Example: raynas search --space mlp --data flowers.parquet --set label=species --trials 50
    """
    given = {
        "space": space,
        "strategy": strategy,
        "data": data,
        "trials": trials,
        "epochs": epochs,
        "seed": seed,
        "metric": metric,
        "name": name,
        "storage": storage,
        "cpus_per_trial": cpus_per_trial,
        "gpus_per_trial": gpus_per_trial,
        "concurrency": concurrency,
        "keep": keep,
    }
    given = {name: value for name, value in given.items() if value is not None}

    def run(output: Output) -> None:
        from raynas.runs.config import make_config, read_config
        from raynas.runs.search import run_search

        options = _parse_set(set_ or [])
        if config is None:
            wanted = make_config(**given, options=options)
        else:
            wanted = read_config(_read(config), str(config), **given, options=options)
        _finish(run_search(wanted, output.view()), output)

    _main(run, verbose)


@app.command()
def resume(
    run_folder: _RunFolder,
    trials: Annotated[
        int | None,
        typer.Option(min=1, help="Go on until there are so many trials.", show_default=False),
    ] = None,
    verbose: _Verbose = False,
) -> None:
    """Go on with a search that was interrupted or killed, or extend one that has ended.

    Finished trials are kept and none is trained again; unfinished ones go on from their last epoch.

    Example: raynas resume runs/my-run --trials 100
    """

    def run(output: Output) -> None:
        from raynas.runs.search import resume_run

        _finish(resume_run(run_folder, trials, output.view()), output)

    _main(run, verbose)


@app.command()
def status(run_folder: _RunFolder) -> None:
    """Show how far a search is: progress, the best so far, failures."""

    def run(output: Output) -> None:
        from raynas.runs.status import show_status

        show_status(run_folder, output.console)

    _main(run, verbose=True)


@app.command()
def spaces(
    space: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME|FILE]", help="Describe one: size, decisions, samples and their cost."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Decides which samples are shown.")] = 0,
) -> None:
    """List the search spaces, or describe one of them or your own file."""

    def run(output: Output) -> None:
        from raynas.runs.spaces import describe_space, list_spaces

        if space is None:
            list_spaces(output.console)
        else:
            describe_space(space, seed, output.console)

    _main(run, verbose=True)


@app.command()
def replay(
    space: Annotated[str, typer.Option(help="A space whose file has `key(architecture)`.")],
    table: Annotated[str, typer.Option(help="A Parquet file or URL: one row an architecture.")],
    key: Annotated[str, typer.Option(help="The column that names the architectures.")],
    signal: Annotated[str, typer.Option(help="The column to optimise.")],
    strategy: Annotated[str, _option("strategy")],
    trials: Annotated[int, typer.Option(min=1, help="Evaluations a seed.")],
    output: Annotated[str, typer.Option(help="The Parquet file to write, a row an evaluation.")],
    seeds: Annotated[int, typer.Option(min=1, help="How many searches: seeds 0, 1, …")] = 1,
    first_seed: Annotated[int, typer.Option(min=0, help="Begin with another seed than 0.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Simulated parallel workers.")] = 1,
    duration: Annotated[
        str | None,
        typer.Option(
            help="The column with the seconds of an evaluation (default: 1 each).",
            show_default=False,
        ),
    ] = None,
    mode: Annotated[str, typer.Option(help="Which way the signal is better: max or min.")] = "max",
    jobs: Annotated[int, typer.Option(min=1, help="Processes that share the seeds.")] = 1,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="OPTION=VALUE",
            help="An option of the strategy; repeat it for more.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Run a strategy on a table of known results: no training, no Ray, simulated workers.

    Example: raynas replay --space nasbench201 --table nasbench201.parquet --key arch --signal
    val12_c10 --strategy evolution --trials 103 --seeds 500 --output evolution.parquet
    """
    given: dict[str, Any] = {
        "space": space, "table": table, "key": key, "signal": signal, "strategy": strategy,
        "trials": trials, "seeds": seeds, "first_seed": first_seed, "workers": workers,
        "duration": duration, "mode": mode, "jobs": jobs,
    }  # fmt: skip

    def run(output_: Output) -> None:
        from rich.progress import Progress

        from raynas.runs.replay import Replay, replay

        wanted = Replay(**given, options=_parse_set(set_ or []))
        quiet = not output_.console.is_terminal
        with Progress(console=output_.console, transient=True, disable=quiet) as bar:
            task = bar.add_task("seeds", total=seeds)
            summary = replay(wanted, output, lambda: bar.advance(task))
        output_.say(summary.text(output))

    _main(run, verbose=True)


def main() -> None:
    """Run the command line."""
    sys.path.insert(0, str(Path.cwd()))  # so that package.module:Class finds the user's modules
    app()


def _main(run: Any, verbose: bool) -> None:
    """Run a command with its output set up, and turn what ends it into an exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with Output(verbose) as output:
        code = _guarded(run, output)
    if code:
        raise typer.Exit(code)


def _guarded(run: Any, output: Output) -> int:
    try:
        run(output)
    except ValueError as error:
        output.error(f"raynas: {error}")
        return 2
    except KeyboardInterrupt:
        output.error("Interrupted." + output.resume_hint())
        return 130
    except _Interrupted:
        return 130
    except RunFailed as error:
        output.error(f"raynas: {error}")
        return 1
    except Exception as error:
        output.crash(error)
        return 1
    return 0


class _Interrupted(Exception):  # noqa: N818 (it is no error)
    """The run ended early because it was told to."""


def _finish(run: Any, output: Output) -> None:
    """Say how the run ended and what to type next."""
    from raynas.runs.status import show_result

    if run.interrupted:
        output.say(f"Interrupted.{output.resume_hint()}")
        raise _Interrupted
    show_result(run, output.console)


def _parse_set(pairs: list[str]) -> dict[str, Any]:
    """Read OPTION=VALUE pairs; values are YAML (numbers, true, null, texts)."""
    import yaml

    options = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise ValueError(f"--set: expected OPTION=VALUE like batch_size=64, got {pair!r}")
        try:
            options[name.strip().replace("-", "_")] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise ValueError(f"--set {name}: {value!r} cannot be read as a value") from error
    return options


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"--config {path} cannot be read: {error}") from error
