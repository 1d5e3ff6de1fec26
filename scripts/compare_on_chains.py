"""Compare strategies on chains of layers by a made-up score: where growing should help.

The space is chain_cnn. The score is made up, in percent, from what one expects of such networks: a
layer helps less the deeper the network is already; it helps more with more filters, and with what
suits its place (large kernels early, many filters late, a pooling after a convolution); linear
convolutions after another do little; a map should shrink about fourfold, no more; one dense layer
helps, a second hardly. To this comes noise, fixed by the architecture, of half a percent. Nothing
is trained, so this says how strategies use such a structure, and nothing about data.

    python scripts/compare_on_chains.py [--strategies random,evolution,pnas] [--trials 100]
                                        [--seeds 20] [--json FILE]
"""

import argparse
import json
import math
import sys
from itertools import accumulate
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from raynas.simulation.simulated_workers import simulate
from raynas.space import Architecture, load_space
from raynas.strategies import STRATEGIES

NOISE = 0.5


def score(architecture: Architecture) -> float:
    """Score a chain of chain_cnn."""
    gain, shrunk, before = 0.0, 0.0, None
    for depth, layer in enumerate(architecture.value["features"]):
        if layer["type"] == "conv":
            worth = 1 + 0.25 * math.log2(layer["filters"] / 16) * (0.5 + 0.3 * depth)
            worth += 0.2 * (layer["kernel"] == 5) * (1 - depth)
            worth *= {"relu": 1.0, "tanh": 0.8, "linear": 0.4}[layer["activation"]]
        else:
            worth = 0.6 if before == "conv" else -0.3
        gain += worth * 0.75**depth
        shrunk += math.log2(layer["stride"])
        before = layer["type"]
    for depth, layer in enumerate(architecture.value["classifier"]):
        worth = {"relu": 0.4, "tanh": 0.3, "linear": 0.1}[layer["activation"]]
        gain += (worth + 0.05 * math.log2(layer["units"] / 32)) * 0.2**depth
    gain -= 0.25 * abs(shrunk - 2)
    noise = np.random.default_rng(int(architecture.id, 16)).normal() * NOISE
    return float(98 - 60 * math.exp(-0.7 * gain) + noise)


def best_so_far(name: str, trials: int, seed: int) -> list[float]:
    """Search once, one worker."""
    options = STRATEGIES[name].suited_options(trials)
    strategy = STRATEGIES[name](load_space("chain_cnn").space, seed=seed, **options)
    done = simulate(strategy, lambda architecture: (score(architecture), 1.0), trials)
    return list(accumulate((one.score or 0.0 for one in done), max))


def main() -> None:
    """Run what is asked for and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--strategies", default="random,evolution,pnas", help="with commas between")
    parser.add_argument("--trials", type=int, default=100, help="evaluations a seed")
    parser.add_argument("--seeds", type=int, default=20, help="how many searches each")
    parser.add_argument("--json", type=Path, help="write the figures to this file, too")
    options = parser.parse_args()
    names = options.strategies.split(",")
    unknown = [name for name in names if name not in STRATEGIES]
    if unknown:
        parser.error(f"unknown strategy {unknown[0]!r}; expected some of {', '.join(STRATEGIES)}")
    if options.trials < 1 or options.seeds < 2:
        parser.error("expected --trials from 1 and --seeds from 2")
    points = sorted({point for point in (25, 50) if point < options.trials} | {options.trials})
    shown = Table("strategy", "seeds", *(f"best at {point}" for point in points), "worst seed")
    rows: list[dict[str, Any]] = []
    for name in names:
        curves = [best_so_far(name, options.trials, seed) for seed in range(options.seeds)]
        final = [curve[-1] for curve in curves]
        row: dict[str, Any] = {"strategy": name, "seeds": options.seeds, "final": final}
        for point in points:
            values = [curve[point - 1] for curve in curves]
            row[f"best at {point}"] = f"{mean(values):.2f}±{stdev(values):.2f}"
        row["worst seed"] = f"{min(final):.2f}"
        rows.append(row)
        shown.add_row(*(str(row[str(column.header)]) for column in shown.columns))
    Console(width=None if sys.stdout.isatty() else 100).print(shown)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
