"""Compare what `raynas replay` wrote: best so far, as a table and a plot.

    python scripts/compare_strategies.py random.parquet evolution.parquet \
        --table nasbench201.parquet --key arch --report test200_c10 --plot compare.html

Each file is one line of the table, under its name. With `--table` the optimum of the signal and
the `--report` columns of each seed's best by the signal are looked up there.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

Vector = npt.NDArray[np.float64]
COLUMNS = ["seed", "finished", "finished_at", "key", "signal"]


@dataclass
class Searches:
    """The searches of one file: a row a seed, in order of completion."""

    name: str
    asked: dict[str, Any]
    signals: Vector
    times: Vector
    keys: list[list[str]]

    @property
    def sign(self) -> float:
        """1 where a higher signal is better, else -1."""
        return -1.0 if self.asked.get("mode") == "min" else 1.0

    @property
    def curve(self) -> Vector:
        """Best so far, shape (seeds, evaluations); failures never are."""
        known = np.where(np.isnan(self.signals), -np.inf, self.sign * self.signals)
        return self.sign * np.maximum.accumulate(known, axis=1)

    def best_keys(self) -> list[str]:
        """The key of each seed's best by the signal, the first among equals."""
        signed = np.where(np.isnan(self.signals), -np.inf, self.sign * self.signals)
        return [keys[place] for keys, place in zip(self.keys, signed.argmax(axis=1), strict=True)]


def read(path: str) -> Searches:
    """Read one file; seeds that ended earlier are filled up with failures."""
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise ValueError(f"{path} cannot be read: {' '.join(str(error).split())}") from error
    for column in COLUMNS:
        if column not in table.column_names:
            raise ValueError(f"{path} has no column {column!r}; was it written by raynas replay?")
    asked = json.loads((table.schema.metadata or {}).get(b"raynas", b"{}"))
    table = table.select(COLUMNS).sort_by([("seed", "ascending"), ("finished", "ascending")])
    seeds, starts = np.unique(table["seed"].to_numpy(), return_index=True)
    ends = [*starts[1:], len(table)]
    longest = max(int(end - start) for start, end in zip(starts, ends, strict=True))
    signals = np.full((len(seeds), longest), np.nan)
    times = np.full((len(seeds), longest), np.nan)
    keys = table["key"].to_pylist()
    for row, (start, end) in enumerate(zip(starts, ends, strict=True)):
        signals[row, : end - start] = table["signal"].to_numpy()[start:end]
        times[row, : end - start] = table["finished_at"].to_numpy()[start:end]
        times[row, end - start :] = times[row, end - start - 1]
    listed = [keys[start:end] for start, end in zip(starts, ends, strict=True)]
    return Searches(Path(path).stem, asked, signals, times, listed)


def spread(values: Vector) -> str:
    """Say a mean with its standard deviation."""
    return f"{values.mean():.3f}±{values.std():.3f}"


def look_up(table: str, key: str, columns: list[str]) -> dict[str, dict[Any, float]]:
    """Read the columns of a table by key."""
    names = pq.read_schema(table).names
    for column in [key, *columns]:
        if column not in names:
            raise ValueError(f"table {table} has no column {column!r}; it has {', '.join(names)}")
    read_table = pq.read_table(table, columns=[key, *columns])
    keys = read_table[key].to_pylist()
    return {c: dict(zip(keys, read_table[c].to_pylist(), strict=True)) for c in columns}


def compare(searches: Searches, points: list[int], known: dict[str, dict[Any, float]]) -> dict:
    """Return one line of the table: texts by column."""
    curve = searches.curve
    row: dict[str, Any] = {"file": searches.name, "seeds": len(curve)}
    for point in points:
        row[f"best at {point}"] = spread(curve[:, point - 1]) if point <= curve.shape[1] else ""
    signal = searches.asked.get("signal")
    if signal in known:
        values = np.array([v for v in known[signal].values() if v is not None], dtype=float)
        optimum = searches.sign * np.nanmax(searches.sign * values)
        hit = curve == optimum
        found = hit.any(axis=1)
        row["optimum found"] = f"{found.sum()} of {len(curve)}"
        row["after (mean)"] = f"{1 + hit[found].argmax(axis=1).mean():.0f}" if found.any() else ""
    for column, values_by_key in known.items():
        if column != signal:
            row[column] = spread(np.array([values_by_key[k] for k in searches.best_keys()]))
    return row


def plot(all_searches: list[Searches], path: str) -> None:
    """Write the curves, mean and standard deviation, as one HTML file."""
    try:
        from plotly import colors, graph_objects
        from plotly.subplots import make_subplots
    except ImportError as error:
        raise ValueError("--plot needs plotly: pip install 'raynas[plots]'") from error
    figure = make_subplots(1, 2, shared_yaxes=True, horizontal_spacing=0.03)
    palette = colors.qualitative.D3
    for number, searches in enumerate(all_searches):
        curve, colour = searches.curve, palette[number % len(palette)]
        curve = np.where(np.isinf(curve), np.nan, curve)
        grid = np.linspace(0, np.nanmax(searches.times), 300)
        timed = np.full((len(curve), len(grid)), np.nan)
        for row, times in enumerate(searches.times):
            places = np.searchsorted(times, grid, side="right") - 1
            timed[row] = np.where(places >= 0, curve[row, np.maximum(places, 0)], np.nan)
        for column, x, y in ((1, np.arange(1, curve.shape[1] + 1), curve), (2, grid, timed)):
            y = y[:, ~np.isnan(y).any(axis=0)]  # only where every seed has something
            x = x[len(x) - y.shape[1] :]
            mean, deviation = y.mean(axis=0), y.std(axis=0)
            line = {"color": colour}
            figure.add_trace(
                graph_objects.Scatter(
                    x=[*x, *x[::-1]],
                    y=[*(mean + deviation), *(mean - deviation)[::-1]],
                    fill="toself", fillcolor=colour, opacity=0.15, line={"width": 0},
                    hoverinfo="skip", showlegend=False, legendgroup=searches.name,
                ),
                1, column,
            )  # fmt: skip
            figure.add_trace(
                graph_objects.Scatter(
                    x=x, y=mean, line=line, name=searches.name, legendgroup=searches.name,
                    showlegend=column == 1,
                ),
                1, column,
            )  # fmt: skip
    figure.update_xaxes(title_text="evaluations", row=1, col=1)
    figure.update_xaxes(title_text="simulated seconds", row=1, col=2)
    signal = all_searches[0].asked.get("signal", "signal")
    figure.update_yaxes(title_text=f"best {signal} so far (mean ± std)", row=1, col=1)
    figure.write_html(path)


def main(arguments: list[str] | None = None) -> None:
    """Read, print, and write what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("files", nargs="+", help="what raynas replay wrote")
    parser.add_argument("--at", type=int, nargs="*", help="numbers of evaluations to show")
    parser.add_argument("--table", help="the table that was replayed")
    parser.add_argument("--key", help="its column of keys (default: the one replayed with)")
    parser.add_argument("--report", nargs="*", default=[], help="its columns to report of the best")
    parser.add_argument("--plot", metavar="FILE.html", help="draw best so far")
    parser.add_argument("--json", metavar="FILE", help="write the table's figures")
    options = parser.parse_args(arguments)
    try:
        all_searches = [read(path) for path in options.files]
        longest = max(s.signals.shape[1] for s in all_searches)
        if any(point < 1 for point in options.at or []):
            raise ValueError(f"--at: expected numbers from 1, got {options.at}")
        points = options.at or sorted(
            {p for p in (10, 25, 50, 100, 250, 1000) if p < longest} | {longest}
        )
        known: dict[str, dict[Any, float]] = {}
        asked = all_searches[0].asked
        if options.table:
            signals = {s.asked["signal"] for s in all_searches if "signal" in s.asked}
            wanted = list(dict.fromkeys([*sorted(signals), *options.report]))
            known = look_up(options.table, options.key or asked.get("key", "key"), wanted)
        elif options.report:
            raise ValueError("--report needs --table, where the columns are")
        rows = [compare(searches, points, known) for searches in all_searches]
        if options.plot:
            plot(all_searches, options.plot)
    except (ValueError, OSError) as error:
        print(f"compare_strategies: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    shown = Table(*dict.fromkeys(name for row in rows for name in row))
    for row in rows:
        shown.add_row(*(str(row.get(column.header, "")) for column in shown.columns))
    Console(width=None if sys.stdout.isatty() else 200).print(shown)
    if options.json:
        Path(options.json).write_text(json.dumps(rows, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
