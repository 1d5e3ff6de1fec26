"""Replay: the strategies themselves against a lookup table, without Ray and without training."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Self

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from raynas.options.command_options import ReplayCall
from raynas.options.option_model import one_of
from raynas.options.strategy_options import StrategyOptions
from raynas.simulation.lookup_table import Lookup
from raynas.simulation.simulated_workers import Simulated, idle_share, simulate
from raynas.space import LoadedSpace, load_space
from raynas.strategies import STRATEGIES


@dataclass(frozen=True)
class Summary:
    """What came out: the best signal of each seed, and what it cost.

    `idle` is the mean share of the workers' time without work (0..1), `seconds` the real time.
    """

    wanted: ReplayCall
    best: list[float]
    evaluations: int
    idle: float
    seconds: float

    def text(self) -> str:
        """Say it in one line."""
        best, wanted = np.array(self.best), self.wanted
        summary = f"best {wanted.signal} {best.mean():.4f} ± {best.std():.4f}" if len(best) else "-"
        return (
            f"{wanted.strategy}: {summary} over {wanted.seeds} seeds, {self.evaluations:,} "
            f"evaluations in {self.seconds:.1f} s ({1000 * self.seconds / self.evaluations:.2f} ms "
            f"each), workers idle {100 * self.idle:.2f} %; {wanted.output}"
        )


def replay(wanted: ReplayCall, progress: Callable[[], object] = lambda: None) -> Summary:
    """Run all seeds and write the output, a Parquet file with one row an evaluation, seed by seed.

    Its columns: seed, number (order of proposal), finished (order of completion), worker,
    started_at and finished_at (simulated seconds), key, signal. What was asked for stands as
    JSON in the file's metadata, under "raynas". `progress` is called after each seed.

    Raises:
        ValueError: an option, the space, the table or the output is wrong; one line says what.
    """
    started = time.perf_counter()
    _check(wanted)
    _prepare(_described(wanted))
    best: list[float] = []
    idle: list[float] = []
    evaluations = 0
    with _Output(wanted) as output:
        for seed, part, share in _all_seeds(wanted):
            if not len(part):
                raise ValueError(f"strategy {wanted.strategy} proposed nothing with seed {seed}")
            output.write(part)
            evaluations += len(part)
            idle.append(share)
            signals = part["signal"].drop_null().to_numpy()
            if len(signals):
                best.append(float(signals.max() if wanted.mode == "max" else signals.min()))
            progress()
    seconds = time.perf_counter() - started
    return Summary(wanted, best, evaluations, float(np.mean(idle)), seconds)


class _Output:
    """The Parquet file, which grows seed by seed; whatever ends the replay, it can be read."""

    def __init__(self, wanted: ReplayCall) -> None:
        self._wanted = wanted
        self._open = ExitStack()
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        with self._refusing():
            self._open.close()

    def write(self, part: pa.Table) -> None:
        """Write the rows of a seed.

        Raises:
            ValueError: that is not possible.
        """
        with self._refusing():
            if self._writer is None:
                file = self._open.enter_context(fsspec.open(self._wanted.output, "wb"))
                schema = part.schema.with_metadata({"raynas": _described(self._wanted)})
                self._writer = self._open.enter_context(pq.ParquetWriter(file, schema))
            self._writer.write_table(part)

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ImportError, ValueError) as error:
            raise ValueError(
                f"output {self._wanted.output!r} cannot be written: {error}"
            ) from error


def _described(wanted: ReplayCall) -> str:
    return wanted.model_dump_json()


def _check(wanted: ReplayCall) -> None:
    output = wanted.output
    if "://" not in output and (Path(output).is_dir() or not Path(output).parent.is_dir()):
        raise ValueError(f"output {output!r}: expected a file in a folder that is there")
    one_of("strategy", wanted.strategy, STRATEGIES)
    strategy = STRATEGIES[wanted.strategy]
    if strategy.trains_supernets:
        replayed = [name for name, s in STRATEGIES.items() if not s.trains_supernets]
        raise ValueError(
            f"strategy {wanted.strategy} learns from training a supernet, which no table has; "
            f"expected one of {', '.join(replayed)}"
        )
    fields = strategy.options_type.own_fields()
    for option in wanted.options:
        if option not in fields:
            raise ValueError(
                f"option {option!r} is not one of strategy {wanted.strategy}; expected some of "
                f"{', '.join(fields)}"
            )
    _options(wanted, 0)


def _options(wanted: ReplayCall, seed: int) -> StrategyOptions:
    """Return the strategy's options, with those that suit so many trials."""
    strategy = STRATEGIES[wanted.strategy]
    return strategy.options_type.checked(
        {
            **strategy.suited_options(wanted.trials),
            **wanted.options,
            "metric": wanted.signal,
            "mode": wanted.mode,
            "seed": seed,
            "deduplicate": wanted.deduplicate,
        }
    )


@cache
def _prepare(described: str) -> tuple[LoadedSpace, Lookup]:
    """Read what all seeds share, once a process."""
    wanted = ReplayCall.model_validate_json(described)
    space = load_space(wanted.space, must_build=False)
    columns = (wanted.table, wanted.key, wanted.signal, wanted.duration)
    lookup = Lookup(space, *columns, absent_fails=wanted.missing == "fail")
    return space, lookup


def _all_seeds(wanted: ReplayCall) -> Iterator[tuple[int, pa.Table, float]]:
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
    wanted = ReplayCall.model_validate_json(described)
    space, lookup = _prepare(described)
    options = _options(wanted, seed).model_dump()
    strategy = STRATEGIES[wanted.strategy](space.space, **options)
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
