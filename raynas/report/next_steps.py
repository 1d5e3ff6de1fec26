"""What to type next: go on, use the network, retrain and export it, repeat, read the record."""

from dataclasses import dataclass
from shlex import quote

from raynas.report.facts.facts import Facts
from raynas.runs.storage import inside
from raynas.runs.wording import more_of


@dataclass(frozen=True)
class Command:
    """One thing to do, and the line that does it."""

    why: str
    text: str


def commands(facts: Facts) -> list[Command]:
    """List them in the order in which a person needs them."""
    raynas, folder = facts.command, quote(facts.uri)
    again = " ".join(f"--compare {quote(other.uri)}" for other in facts.others)
    lines = []
    if facts.state == "interrupted":
        lines.append(Command("Go on where it was interrupted", f"{raynas} resume {folder}"))
    if facts.best:
        load = f"import raynas\n\nnet = raynas.load({facts.uri!r})  # a torch.nn.Module"
        lines.append(Command("Use the best network in Python", load))
        if not facts.origin:
            full = f"{raynas} retrain {folder}"
            lines.append(Command("Train the best architecture in full", full))
        lines.append(Command("Export it, to run without raynas", f"{raynas} export {folder}"))
    else:
        lines.append(Command("Look at it while it runs", f"{raynas} status {folder} --watch"))
    return [
        *lines,
        *(_more_seeds(facts) if facts.origin else _more_search(facts)),
        Command("Write this page anew", f"{raynas} report {folder} {again}".rstrip()),
        Command(
            "Read the record",
            f"import pandas\n\ntrials = pandas.read_parquet({inside(facts.uri, 'trials')!r})",
        ),
    ]


def _more_search(facts: Facts) -> list[Command]:
    raynas, folder, (more, option) = facts.command, quote(facts.uri), more_of(facts.config)
    name = quote(facts.config.name + "-again")
    same = f"{raynas} search --config {quote(inside(facts.uri, 'run.yaml'))} --name {name}"
    return [
        Command(f"Go on to {more}", f"{raynas} resume {folder} {option}"),
        Command("Repeat it, with the same seed", same),
    ]


def _more_seeds(facts: Facts) -> list[Command]:
    more = len(facts.trials) + 2
    text = f"{facts.command} resume {quote(facts.uri)} --trials {more}"
    return [Command(f"Train more seeds, up to {more}", text)]
