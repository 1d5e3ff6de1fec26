"""Replay: the strategies themselves against a lookup table, without Ray and without training."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from raynas.runs.run_config import RunConfig, make_config
from raynas.simulation.lookup_table import Lookup
from raynas.simulation.simulated_workers import Simulated, idle_share, simulate
from raynas.space import LoadedSpace, load_space
from raynas.strategies import STRATEGIES, Deduplicate, Mode


@dataclass(frozen=True)
class Replay:
    """What to replay. `key`, `signal` and `duration` (seconds) are columns of `table`.

    Seeds are `first_seed`, …, `first_seed + seeds - 1`; `jobs` processes share them.
    """

    space: str
    table: str
    key: str
    signal: str
    strategy: str
    trials: int
    seeds: int = 1
    first_seed: int = 0
    workers: int = 1
    duration: str | None = None
    mode: Mode = "max"
    deduplicate: Deduplicate = "exact"
    options: dict[str, Any] = field(default_factory=dict)
    jobs: int = 1


@dataclass(frozen=True)
class Summary:
    """What came out: the best signal of each seed, and what it cost.

    `idle` is the mean share of the workers' time without work (0..1), `seconds` the real time.
    """

    wanted: Replay
    best: list[float]
    evaluations: int
    idle: float
    seconds: float

    def text(self, output: str) -> str:
        """Say it in one line."""
        best, wanted = np.array(self.best), self.wanted
        found = f"best {wanted.signal} {best.mean():.4f} ± {best.std():.4f}" if len(best) else "-"
        return (
            f"{wanted.strategy}: {found} over {wanted.seeds} seeds, {self.evaluations:,} "
            f"evaluations in {self.seconds:.1f} s ({1000 * self.seconds / self.evaluations:.2f} ms "
            f"each), workers idle {100 * self.idle:.2f} %; {output}"
        )


def replay(wanted: Replay, output: str, progress: Callable[[], object] = lambda: None) -> Summary:
    """Run all seeds and write `output`, a Parquet file with one row an evaluation.

    Its columns: seed, number (order of proposal), finished (order of completion), worker,
    started_at and finished_at (simulated seconds), key, signal. What was asked for stands as
    JSON in the file's metadata, under "raynas". `progress` is called after each seed.

    Raises:
        ValueError: an option, the space, the table or the output is wrong; one line says what.
    """
    started = time.perf_counter()
    _check(wanted, output)
    _prepare(_described(wanted))
    parts, best, idle = [], [], []
    for seed, part, share in _all_seeds(wanted):
        if not len(part):
            raise ValueError(f"strategy {wanted.strategy} proposed nothing with seed {seed}")
        parts.append(part)
        idle.append(share)
        signals = part["signal"].drop_null().to_numpy()
        if len(signals):
            best.append(float(signals.max() if wanted.mode == "max" else signals.min()))
        progress()
    table = pa.concat_tables(parts).replace_schema_metadata({"raynas": _described(wanted)})
    try:
        with fsspec.open(output, "wb") as file:
            pq.write_table(table, file)
    except (OSError, ImportError, ValueError) as error:
        raise ValueError(f"output {output!r} cannot be written: {error}") from error
    seconds = time.perf_counter() - started
    return Summary(wanted, best, len(table), float(np.mean(idle)), seconds)


def _described(wanted: Replay) -> str:
    return json.dumps(asdict(wanted))


def _check(wanted: Replay, output: str) -> None:
    for name in ("trials", "seeds", "workers", "jobs"):
        if getattr(wanted, name) < 1:
            raise ValueError(f"{name}: expected an integer from 1, got {getattr(wanted, name)}")
    if wanted.first_seed < 0:
        raise ValueError(f"first_seed: expected an integer from 0, got {wanted.first_seed}")
    if wanted.mode not in ("max", "min"):
        raise ValueError(f'mode: expected "max" or "min", got {wanted.mode!r}')
    if "://" not in output and (Path(output).is_dir() or not Path(output).parent.is_dir()):
        raise ValueError(f"output {output!r}: expected a file in a folder that is there")
    config = _config(wanted)
    if STRATEGIES[wanted.strategy].trains_supernets:
        replayed = [name for name, s in STRATEGIES.items() if not s.trains_supernets]
        raise ValueError(
            f"strategy {wanted.strategy} learns from training a supernet, which no table has; "
            f"expected one of {', '.join(replayed)}"
        )
    for option in wanted.options:
        if option not in config.strategy_options:
            raise ValueError(
                f"option {option!r} is not one of strategy {wanted.strategy}; expected some of "
                f"{', '.join(config.strategy_options)}"
            )


def _config(wanted: Replay) -> RunConfig:
    """Check the strategy and its options as `raynas search` does, and add those that suit it."""
    return make_config(
        space=wanted.space,
        strategy=wanted.strategy,
        trials=wanted.trials,
        deduplicate=wanted.deduplicate,
        options=dict(wanted.options),
    ).resolved()


@cache
def _prepare(described: str) -> tuple[LoadedSpace, Lookup, dict[str, Any]]:
    """Read what all seeds share, once a process."""
    wanted = Replay(**json.loads(described))
    space = load_space(wanted.space)
    lookup = Lookup(space, wanted.table, wanted.key, wanted.signal, wanted.duration)
    return space, lookup, _config(wanted).strategy_options


def _all_seeds(wanted: Replay) -> Iterator[tuple[int, pa.Table, float]]:
    seeds = range(wanted.first_seed, wanted.first_seed + wanted.seeds)
    described = _described(wanted)
    if wanted.jobs == 1 or wanted.seeds == 1:
        for seed in seeds:
            yield seed, *_one_seed(described, seed)
        return
    context = get_context("spawn")
    with ProcessPoolExecutor(min(wanted.jobs, wanted.seeds), mp_context=context) as pool:
        try:
            pending = [pool.submit(_one_seed, described, seed) for seed in seeds]
            for seed, future in zip(seeds, pending, strict=True):
                yield seed, *future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _one_seed(described: str, seed: int) -> tuple[pa.Table, float]:
    """Run one seed; return its rows in order of completion and the workers' idle share."""
    wanted = Replay(**json.loads(described))
    space, lookup, options = _prepare(described)
    strategy = STRATEGIES[wanted.strategy](
        space.space,
        metric=wanted.signal,
        mode=wanted.mode,
        seed=seed,
        deduplicate=wanted.deduplicate,
        **options,
    )
    evaluations = simulate(strategy, lookup, wanted.trials, wanted.workers)
    return _rows(seed, evaluations, lookup), idle_share(evaluations, wanted.workers)


def _rows(seed: int, evaluations: list[Simulated], lookup: Lookup) -> pa.Table:
    return pa.table(
        {
            "seed": pa.array([seed] * len(evaluations), pa.int64()),
            "number": pa.array([e.number for e in evaluations], pa.int64()),
            "finished": pa.array([e.finished for e in evaluations], pa.int64()),
            "worker": pa.array([e.worker for e in evaluations], pa.int64()),
            "started_at": pa.array([e.started_at for e in evaluations], pa.float64()),
            "finished_at": pa.array([e.finished_at for e in evaluations], pa.float64()),
            "key": pa.array([lookup.key(e.architecture) for e in evaluations], lookup.key_type),
            "signal": pa.array([e.score for e in evaluations], pa.float64()),
        }
    )
