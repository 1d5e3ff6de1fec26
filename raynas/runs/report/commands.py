"""What to type next: go on, use the network, retrain and export it, repeat, read the record."""

from dataclasses import dataclass
from shlex import quote

from raynas.runs.report.facts import Facts


@dataclass(frozen=True)
class Command:
    """One thing to do, and the line that does it."""

    why: str
    text: str


def commands(facts: Facts) -> list[Command]:
    """List them in the order in which a person needs them."""
    raynas, folder = facts.command, quote(facts.uri)
    total = facts.config.trials
    found = []
    if facts.state == "interrupted":
        found.append(Command("Go on where it was interrupted", f"{raynas} resume {folder}"))
    if facts.best:
        load = f"import raynas\n\nnet = raynas.load({facts.uri!r})  # a torch.nn.Module"
        found += [
            Command("Use the best network in Python", load),
            Command("Train the best architecture in full", f"{raynas} retrain {folder}"),
            Command("Export it, to run without raynas", f"{raynas} export {folder}"),
        ]
    else:
        found.append(Command("Look at it while it runs", f"{raynas} status {folder} --watch"))
    found += [
        Command(f"Go on to {2 * total:,} trials", f"{raynas} resume {folder} --trials {2 * total}"),
        Command(
            "Repeat it, with the same seed",
            f"{raynas} search --config {quote(facts.uri + '/run.yaml')} "
            f"--name {quote(facts.config.name + '-again')}",
        ),
        Command("Write this page anew", f"{raynas} report {folder}"),
        Command(
            "Read the record",
            f"import pandas\n\ntrials = pandas.read_parquet({facts.uri + '/trials'!r})",
        ),
    ]
    return found
