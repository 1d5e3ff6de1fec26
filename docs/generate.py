"""What pages take from the code when they are built: options, commands, spaces, the reference.

A page says where with a line `<!-- generated: KIND ARGUMENT -->`.
"""

import inspect
import re
import sys
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # this checkout is documented, whichever is installed

import typer.main  # noqa: E402 (after the path is set)
from mkdocs.exceptions import PluginError  # noqa: E402

from raynas.cli import app  # noqa: E402
from raynas.options.option_model import expectation  # noqa: E402
from raynas.options.scheduler_options import SCHEDULERS  # noqa: E402
from raynas.options.supernet_options import METHODS  # noqa: E402
from raynas.space import bundled_spaces  # noqa: E402
from raynas.strategies import STRATEGIES, Strategy  # noqa: E402
from raynas.terminal.option_tables import option_parts  # noqa: E402

PLACE = re.compile(r"^<!-- generated: (\S+)(?: (.+?))? -->$", re.MULTILINE)
ARXIV = re.compile(r"(?<![\w/])arXiv:(\d{4}\.\d{5})")
BARE_LINK = re.compile(r"(?<![<(\[\w/])https?://[^\s),;]+[^\s),;.]")


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Fill the places of a page; MkDocs calls it."""

    def fill(place: re.Match[str]) -> str:
        kind, argument = place.groups()
        if kind not in KINDS:
            raise PluginError(f"{page.file.src_uri}: generated: expected one of {', '.join(KINDS)}")
        return KINDS[kind](*filter(None, [argument]))

    return PLACE.sub(fill, markdown)


def options(part: str) -> str:
    """Return the table of a part's options: "strategy evolution", "scheduler asha", "data"."""
    model, names = option_parts()[part]
    if names == ["duplicates"]:
        return "No options of its own."
    rows = []
    for name in names:
        field = model.model_fields[name]
        default = "none" if field.default is None else str(field.default)
        default = default.lower() if isinstance(field.default, bool) else default
        meaning = (field.description or "").removesuffix(".")
        if name != "duplicates" or not part.startswith("strategy "):
            rows.append((f"`{name}`", f"`{default}`", expectation(field), meaning))
    return table(("option", "default", "takes", "meaning"), rows)


def strategy(name: str) -> str:
    """Return what a strategy says of itself, and its options."""
    kind = STRATEGIES[name]
    notes = f"{words(kind)}\n\n{options(f'strategy {name}')}"
    if "suited_options" not in vars(kind):
        return notes
    suited = " ".join((inspect.getdoc(kind.suited_options) or "").split())
    return (
        f"{notes}\n\nWhat suits the number of trials is set, unless you set it: {lowered(suited)}"
    )


def strategies() -> str:
    """Return the table of all strategies."""
    rows = [
        (f"[`{name}`](#{name})", f"`{kind.__name__}`", linked(first_line(kind)))
        for name, kind in STRATEGIES.items()
    ]
    return table(("strategy", "class", "how it looks"), rows)


def methods() -> str:
    """Return the table of what each method of darts sets."""
    rows = [
        (f"`{name}`", ", ".join(f"`{option}={value}`" for option, value in own.items()))
        for name, own in METHODS.items()
    ]
    return table(("method", "sets"), [(name, own or "nothing") for name, own in rows])


def scheduler(name: str) -> str:
    """Return what a scheduler says of itself, and its options."""
    return f"{words(SCHEDULERS[name])}\n\n{options(f'scheduler {name}')}"


def spaces() -> str:
    """Return the table of the spaces that come with raynas."""
    return table(("space", "what it holds"), [(f"`{n}`", t) for n, t in bundled_spaces().items()])


def commands() -> str:
    """Return each command with its arguments and options."""
    group: Any = typer.main.get_command(app)
    return "\n\n".join(_command(name, one) for name, one in group.commands.items())


def _command(name: str, command: Any) -> str:
    told = inspect.cleandoc(command.help or "").split("\n\n")
    told = [" ".join(paragraph.split()) for paragraph in told]
    told = [re.sub(r"^Example: (.*)", r"Example: `\1`", paragraph) for paragraph in told]
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    usage = " ".join(
        ["raynas", name, "[OPTIONS]", *(p.metavar or p.name.upper() for p in arguments)]
    )
    rows = []
    for parameter in command.params:
        shown = "" if parameter.required else parameter.default
        if isinstance(getattr(parameter, "show_default", None), str):
            shown = parameter.show_default
        default = f"`{shown}`" if shown not in (None, "", False) else ""
        label = (
            " ".join(parameter.opts) if parameter.param_type_name == "option" else parameter.metavar
        )
        rows.append((f"`{label}`", default, (parameter.help or "").replace("\\[", "[")))
    body = table(("option", "default", "meaning"), rows)
    return "\n\n".join([f"## raynas {name}", f"`{usage}`", *told, body])


def searchers() -> str:
    """Return the table of the strategies' searcher classes."""
    rows = []
    for name, kind in STRATEGIES.items():
        home = f"raynas.strategies.{kind.__name__}"
        rows.append((f"`raynas.tune.{kind.__name__}`", f"`{name}`", f"[`{home}`][{home}]"))
    return table(("class", "strategy", "arguments as those of"), rows)


def reference(package: str) -> str:
    """Return the reference of everything that a package exports."""
    names = import_module(package).__all__
    return "\n\n".join(f"::: {package}.{name}" for name in names if not name.startswith("__"))


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Write a table in Markdown."""
    lines = [tuple(head)]
    lines.append(("---",) * len(lines[0]))
    lines += [tuple(str(cell).replace("|", "\\|") for cell in row) for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def words(kind: type[Any]) -> str:
    """Return a class' docstring with its papers as links."""
    return linked(inspect.getdoc(kind) or "")


def first_line(kind: type[Strategy]) -> str:
    """Return what a strategy does, in one line."""
    return (inspect.getdoc(kind) or "").partition("\n")[0]


def lowered(text: str) -> str:
    """Return a sentence as it stands after a colon."""
    return text[:1].lower() + text[1:]


def linked(text: str) -> str:
    """Make links of addresses and of arXiv's numbers."""
    text = BARE_LINK.sub(lambda link: f"<{link.group()}>", text)
    return ARXIV.sub(r"[arXiv:\1](https://arxiv.org/abs/\1)", text)


KINDS: dict[str, Callable[..., str]] = {
    "options": options,
    "strategy": strategy,
    "strategies": strategies,
    "methods": methods,
    "scheduler": scheduler,
    "spaces": spaces,
    "commands": commands,
    "searchers": searchers,
    "reference": reference,
}
