"""The command line's commands as functions; `Run`, what they return, is in `raynas.run`."""

from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any, Literal

from rich.console import Console

from raynas.engine.run_search import resume_run, run_search
from raynas.run import Run
from raynas.runs.run_config import RunConfig, make_config, read_config
from raynas.runs.run_folder import open_run as open_folder
from raynas.runs.storage import read_file
from raynas.simulation import run_replay as replaying
from raynas.space import bundled_spaces
from raynas.terminal.live_view import TerminalView
from raynas.terminal.output import plain_console
from raynas.terminal.space_summary import describe_space as print_space

__all__ = ["describe_space", "open_run", "replay", "resume", "search", "search_like", "spaces"]


def search(
    space: str = "chain_cnn",
    strategy: str = "evolution",
    data: str = "digits",
    *,
    trials: int | None = None,
    epochs: int = 10,
    seed: int = 0,
    name: str = "",
    storage: str = "runs",
    metric: str = "val_accuracy",
    scheduler: Literal["none", "asha", "hyperband", "median"] = "none",
    cpus_per_trial: float = 1,
    gpus_per_trial: float = 0,
    workers_per_trial: int = 1,
    concurrency: int | None = None,
    deduplicate: Literal["exact", "canonical"] = "exact",
    keep: int = 3,
    logger: Sequence[str] = (),
    options: Mapping[str, Any] | None = None,
    address: str | None = None,
    progress: bool = False,
) -> Run:
    """Search for the best architecture, and test it once at the end; `raynas search`.

    Args:
        space: A search space: a name (see `raynas.spaces()`) or a Python file.
        strategy: How to look: random, grid, evolution, … (README lists them).
        data: digits, synthetic, a Parquet file, folder or URL, or "package.module:Class".
        trials: How many architectures to evaluate; None is 30, with darts 2: a supernet and the
            architecture that it derives.
        epochs: How many epochs to train each candidate.
        seed: Decides the data split, the proposals and the initial weights.
        name: Name of the run and its folder; by default space, data, strategy and time.
        storage: Folder or URI in which the run folder is made.
        metric: What to optimise: val_accuracy, val_f1, val_loss, params, macs, latency_ms.
        scheduler: What stops trials that do badly before their last epoch, Ray Tune's.
        cpus_per_trial: CPU cores for each trial.
        gpus_per_trial: GPUs for each trial; 0.25 packs four trials on one.
        workers_per_trial: Workers that train each trial together, sharing its CPUs, GPUs (one each)
            and batches.
        concurrency: Trials at a time; None is as many as there is room for.
        deduplicate: What is not trained twice: an equal architecture ("exact"), or also a cell
            that computes the same function ("canonical").
        keep: Keep the trained weights of this many best trials.
        logger: Others that follow it: "tensorboard", "mlflow" (each epoch, by Ray's loggers),
            "lightning-tensorboard", "lightning-mlflow" (each training's steps, by Lightning's).
        options: Those of the strategy, the training and the data, which the command line calls
            --set, as {"population": 20, "batch_size": 128}.
        address: A Ray cluster to join, as "auto" or "10.0.0.1:6379"; None is RAY_ADDRESS, or a Ray
            that this process has joined already, else one of this machine.
        progress: Show the search while it goes on, as the command line does.

    Raises:
        ValueError: an option is unknown or wrong, or the run exists; no trial has started.
        RunFailed: every trial failed.
    """
    config = make_config(
        space=space,
        strategy=strategy,
        data=data,
        epochs=epochs,
        seed=seed,
        name=name,
        storage=storage,
        metric=metric,
        scheduler=scheduler,
        cpus_per_trial=cpus_per_trial,
        gpus_per_trial=gpus_per_trial,
        workers_per_trial=workers_per_trial,
        concurrency=concurrency,
        deduplicate=deduplicate,
        keep=keep,
        logger=list(logger),
        options=dict(options or {}),
        **({} if trials is None else {"trials": trials}),
    )
    return _search(config, address, progress)


def search_like(
    config: str | Path,
    *,
    name: str,
    trials: int | None = None,
    seed: int | None = None,
    storage: str | None = None,
    address: str | None = None,
    progress: bool = False,
) -> Run:
    """Search with the options of a YAML file, as a run's run.yaml; those given here win.

    Raises:
        ValueError: the file cannot be read, or an option in it is wrong.
        RunFailed: every trial failed.
    """
    try:
        text = read_file(str(config)).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"config {config} cannot be read: {error}") from error
    given = {"name": name, "trials": trials, "seed": seed, "storage": storage}
    changes = {option: value for option, value in given.items() if value is not None}
    return _search(read_config(text, str(config), **changes), address, progress)


def resume(
    run_folder: str | Path,
    *,
    trials: int | None = None,
    address: str | None = None,
    progress: bool = False,
) -> Run:
    """Go on with a run that was interrupted or killed, or extend one; `raynas resume`.

    Raises:
        ValueError: there is no run, or it is going on in another process.
        RunFailed: every trial failed.
    """
    return Run(resume_run(str(run_folder), trials, _view(progress), address))


def open_run(run_folder: str | Path) -> Run:
    """Open the folder of a run, going on or ended, to look at it and use what it found.

    Raises:
        ValueError: there is none, or its run.yaml is broken.
    """
    return Run(open_folder(str(run_folder)))


def spaces() -> dict[str, str]:
    """Return the search spaces that come with raynas, each with one line about it."""
    return bundled_spaces()


def describe_space(space: str, *, seed: int = 0) -> str:
    """Describe a space, bundled or a file: size, decisions, samples and their cost.

    Raises:
        ValueError: there is no such space, or its file is broken.
    """
    text = StringIO()
    print_space(space, seed, plain_console(text, width=100))
    return text.getvalue()


def replay(
    *,
    space: str,
    table: str,
    key: str,
    signal: str,
    strategy: str,
    trials: int,
    output: str,
    seeds: int = 1,
    first_seed: int = 0,
    workers: int = 1,
    duration: str | None = None,
    mode: Literal["max", "min"] = "max",
    deduplicate: Literal["exact", "canonical"] = "exact",
    options: Mapping[str, Any] | None = None,
    jobs: int = 1,
) -> replaying.Summary:
    """Run a strategy on a table of known results, without training; `raynas replay`.

    Args:
        space: A space whose file has `key(architecture)`.
        table: A Parquet file or URL, one row an architecture.
        key: The column that names the architectures.
        signal: The column to optimise.
        strategy: The strategy's name.
        trials: Evaluations a seed.
        output: The Parquet file to write, a row an evaluation.
        seeds: How many searches: seeds first_seed, first_seed + 1, …
        first_seed: The first of them.
        workers: Simulated parallel workers.
        duration: The column with the seconds of an evaluation; None is 1 each.
        mode: Which way the signal is better.
        deduplicate: What is not evaluated twice, as in `search`.
        options: Those of the strategy.
        jobs: Processes that share the seeds.

    Raises:
        ValueError: an option, the space, the table or the output is wrong; one line says what.
    """
    wanted = replaying.Replay(
        space=space,
        table=table,
        key=key,
        signal=signal,
        strategy=strategy,
        trials=trials,
        seeds=seeds,
        first_seed=first_seed,
        workers=workers,
        duration=duration,
        mode=mode,
        deduplicate=deduplicate,
        options=dict(options or {}),
        jobs=jobs,
    )
    return replaying.replay(wanted, output)


def _search(config: RunConfig, address: str | None, progress: bool) -> Run:
    return Run(run_search(config, _view(progress), address))


def _view(progress: bool) -> TerminalView | None:
    return TerminalView(Console(), lambda run: None) if progress else None
