"""Search spaces, for a person: the list, and one of them described."""

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from raynas.nets import build_net, count_parameters, measure_macs, uncounted_warning
from raynas.options.training_options import TrainingOptions
from raynas.runs.wording import counted
from raynas.space import (
    Encoder,
    Infeasible,
    LoadedSpace,
    Space,
    bundled_spaces,
    describe,
    load_space,
    sample,
    size,
    walk,
)
from raynas.space.encoding import discover

SHAPES: dict[str, tuple[int, ...]] = {
    "digits (8×8 images)": (1, 8, 8),
    "32×32 colour images": (3, 32, 32),
    "10 numbers": (10,),
}
"""Inputs for which the cost of samples is shown."""
SAMPLES = 3
DRAWS = 200
"""Random draws by which it is told how much of a space is not legal."""
CLASSES = 10


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
        ValueError: there is no such space, its file is broken, or what it builds fits none of
            `SHAPES`.
    """
    loaded = load_space(name, must_build=False)
    console.print(f"[bold]{escape(loaded.name)}[/bold]  {escape(loaded.path)}")
    console.print(escape(loaded.doc))
    count = size(loaded.space)
    if count == 1:
        console.print("\n[bold]1[/bold] architecture: nothing is open, so nothing can be searched")
    else:
        many = "more than a million" if count is None else f"[bold]{_exactly(count)}[/bold]"
        console.print(f"\n{many} architectures")
    if words := _infeasible(loaded.space, seed):
        console.print(escape(words))
    decisions = discover(loaded.space)
    console.print(f"{len(decisions)} decisions, {len(Encoder(loaded.space))} columns when encoded:")
    table = Table.grid(padding=(0, 2))
    for decision in decisions[:12]:
        kind = "ordered" if decision.ordered else "pointer" if decision.pointer else ""
        table.add_row("  " + escape(decision.path), _options(decision.options), kind)
    console.print(table)
    if len(decisions) > 12:
        console.print(f"  … and {len(decisions) - 12} more of the same kinds")
    _print_samples(loaded, min(SAMPLES, count or SAMPLES), seed, console)


def _infeasible(space: Space, seed: int) -> str:
    """Say how many of some random draws are not legal, "" where all are."""
    rng, reasons = np.random.default_rng(seed), []
    for _ in range(DRAWS):
        try:
            walk(space, lambda decision: int(rng.integers(len(decision.options))))
        except Infeasible as error:
            reasons.append(str(error))
    if not reasons:
        return ""
    return f"{len(reasons)} of {DRAWS} random draws are not legal, the first because: {reasons[0]}"


def _exactly(count: int) -> str:
    return f"{count:,}" if count < 10**50 else counted(count)


def _print_samples(loaded: LoadedSpace, count: int, seed: int, console: Console) -> None:
    """Print random architectures and what they cost on each kind of input that they take.

    Raises:
        ValueError: no net can be built, or a `training` record is wrong.
    """
    shapes = SHAPES if loaded.builds else {}
    rng = np.random.default_rng(seed)
    many = f"{count} random architectures (seed {seed})" if count > 1 else "It"
    console.print(f"\n{many}{f', for {CLASSES} classes' if loaded.builds else ''}:")
    failures: dict[str, str] = {}
    shown: set[str] = set()
    warnings: dict[str, None] = {}
    while len(shown) < count:
        architecture = sample(loaded.space, rng)
        if architecture.id in shown:
            continue
        shown.add(architecture.id)
        console.print(f"  {escape(describe(architecture.value))}")
        TrainingOptions().overridden_by(architecture.value)
        for what, shape in shapes.items():
            try:
                net = build_net(loaded.build, architecture.value, shape, CLASSES)
                params, macs = count_parameters(net), measure_macs(net, shape)
            except (Exception, SystemExit) as error:
                failures.setdefault(what, _reason(error))
                continue
            console.print(f"    [dim]{what}: {params:,} parameters, {macs.macs:,} MACs[/dim]")
            if warning := uncounted_warning(macs):
                warnings[warning] = None
    if not loaded.builds:
        console.print(
            "[yellow]the file has no `build(value, input_shape, num_outputs)`: to be searched it "
            "needs one[/yellow]"
        )
    for warning in warnings:
        console.print(f"  [yellow]{escape(warning)}[/yellow]")
    if loaded.builds and len(failures) == len(SHAPES):
        reason = next(iter(failures.values()))
        raise ValueError(f"space {loaded.name!r} builds no net: {reason}")
    for what, reason in failures.items():
        console.print(f"  [dim]not for {what}: {escape(reason)}[/dim]")


def _reason(error: BaseException) -> str:
    text = str(error).partition("\n")[0]
    return text if isinstance(error, ValueError) else f"build raised {type(error).__name__}: {text}"


def _options(options: tuple[object, ...]) -> str:
    if len(options) <= 8:
        return escape(", ".join(map(str, options)))
    return escape(f"{options[0]}, {options[1]}, …, {options[-1]} ({len(options)} options)")
