"""The commands that search: search, resume."""

from typing import Annotated

import typer

from raynas.cli.arguments import Address, RunPath, Verbose, option, parse_set, set_option
from raynas.cli.run_command import finish, run_command
from raynas.terminal.output import Output


def search(
    space: Annotated[str | None, option("space")] = None,
    strategy: Annotated[str | None, option("strategy")] = None,
    data: Annotated[str | None, option("data")] = None,
    trials: Annotated[int | None, option("trials")] = None,
    epochs: Annotated[int | None, option("epochs")] = None,
    seed: Annotated[int | None, option("seed")] = None,
    metric: Annotated[str | None, option("metric")] = None,
    scheduler: Annotated[str | None, option("scheduler")] = None,
    name: Annotated[str | None, option("name")] = None,
    storage: Annotated[str | None, option("storage")] = None,
    cpus_per_trial: Annotated[float | None, option("cpus_per_trial")] = None,
    gpus_per_trial: Annotated[float | None, option("gpus_per_trial")] = None,
    workers_per_trial: Annotated[int | None, option("workers_per_trial")] = None,
    concurrency: Annotated[int | None, option("concurrency")] = None,
    deduplicate: Annotated[str | None, option("deduplicate")] = None,
    keep: Annotated[int | None, option("keep")] = None,
    logger: Annotated[list[str] | None, option("logger", metavar="NAME")] = None,
    set_: Annotated[
        list[str] | None,
        set_option(
            "An option of the strategy (population, tournament, …), the training (batch_size, "
            "learning_rate, optimizer, …), the data (label, limit, …) or the scheduler "
            "(grace_period, reduction_factor, …); repeat it for more."
        ),
    ] = None,
    config: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Take options from a YAML file or URI, like the run.yaml of a run; those given "
            "here win.",
            show_default=False,
        ),
    ] = None,
    address: Address = None,
    verbose: Verbose = False,
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
        "scheduler": scheduler,
        "name": name,
        "storage": storage,
        "cpus_per_trial": cpus_per_trial,
        "gpus_per_trial": gpus_per_trial,
        "workers_per_trial": workers_per_trial,
        "concurrency": concurrency,
        "deduplicate": deduplicate,
        "keep": keep,
        "logger": logger or None,
    }
    given = {name: value for name, value in given.items() if value is not None}

    def run(output: Output) -> None:
        from raynas.engine.run_search import run_search
        from raynas.runs.run_config import make_config, read_config

        options = parse_set(set_)
        if config is None:
            wanted = make_config(**given, options=options)
        else:
            wanted = read_config(_read(config), config, **given, options=options)
        finish(run_search(wanted, output.view(), address), output)

    run_command(run, verbose=verbose)


def resume(
    run_folder: RunPath,
    trials: Annotated[
        int | None,
        typer.Option(min=1, help="Go on until there are so many trials.", show_default=False),
    ] = None,
    address: Address = None,
    verbose: Verbose = False,
) -> None:
    """Go on with a search that was interrupted or killed, or extend one that has ended.

    Finished trials are kept and none is trained again; unfinished ones go on from their last epoch.

    Example: raynas resume runs/my-run --trials 100
    """

    def run(output: Output) -> None:
        from raynas.engine.run_search import resume_run

        finish(resume_run(run_folder, trials, output.view(), address), output)

    run_command(run, verbose=verbose)


def _read(path: str) -> str:
    from raynas.runs.storage import read_file

    try:
        return read_file(path).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"--config {path} cannot be read: {error}") from error
