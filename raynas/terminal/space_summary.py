"""Search spaces, for a person: the list, and one of them described."""

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from raynas.nets import count_macs, count_parameters
from raynas.space import Encoder, bundled_spaces, describe, load_space, sample, size
from raynas.space.encoding import discover

SHAPES: dict[str, tuple[int, ...]] = {
    "digits (8×8 images)": (1, 8, 8),
    "32×32 colour images": (3, 32, 32),
    "10 numbers": (10,),
}
"""Inputs for which the cost of samples is shown."""
SAMPLES = 3


def list_spaces(console: Console) -> None:
    """Print the spaces that come with raynas."""
    table = Table.grid(padding=(0, 2))
    for name, line in bundled_spaces().items():
        table.add_row(f"[bold]{name}[/bold]", escape(line))
    console.print(table)
    console.print("Describe one: raynas spaces NAME   Your own: raynas spaces my_space.py")


def describe_space(name: str, seed: int, console: Console) -> None:
    """Print a space's text, size, decisions, and samples with their cost.

    Raises:
        ValueError: there is no such space, or its file is broken.
    """
    loaded = load_space(name)
    console.print(f"[bold]{escape(loaded.name)}[/bold]  {escape(loaded.path)}")
    console.print(escape(loaded.doc))
    count = size(loaded.space)
    console.print(
        f"\n[bold]{count:,}[/bold] architectures"
        if count is not None
        else "\nmore than a million architectures"
    )
    decisions = discover(loaded.space)
    console.print(f"{len(decisions)} decisions, {len(Encoder(loaded.space))} columns when encoded:")
    table = Table.grid(padding=(0, 2))
    for decision in decisions[:12]:
        kind = "ordered" if decision.ordered else "pointer" if decision.pointer else ""
        table.add_row("  " + escape(decision.path), _options(decision.options), kind)
    console.print(table)
    if len(decisions) > 12:
        console.print(f"  … and {len(decisions) - 12} more of the same kinds")
    rng = np.random.default_rng(seed)
    console.print(f"\n{SAMPLES} random architectures (seed {seed}), for 10 classes:")
    for _ in range(SAMPLES):
        architecture = sample(loaded.space, rng)
        console.print(f"  {escape(describe(architecture.value))}")
        for what, shape in SHAPES.items():
            try:
                net = loaded.build(architecture.value, shape, 10)
                params, macs = count_parameters(net), count_macs(net, shape)
            except Exception:  # noqa: S112 (a user's build, or its net, need not take each shape)
                continue
            console.print(f"    [dim]{what}: {params:,} parameters, {macs:,} MACs[/dim]")


def _options(options: tuple[object, ...]) -> str:
    if len(options) <= 8:
        return escape(", ".join(map(str, options)))
    return escape(f"{options[0]}, {options[1]}, …, {options[-1]} ({len(options)} options)")
