"""The command lines of the documentation: checked by the real `raynas`, or run with less work."""

from typing import Any

import pytest
import typer.main
from blocks import ROOT

from raynas.cli import app
from raynas.cli.arguments import parse_set, read_call
from raynas.options.command_options import (
    ExportCall,
    ReplayCall,
    ReportCall,
    ResumeCall,
    RetrainCall,
)
from raynas.runs.run_config import make_config

GROUP: Any = typer.main.get_command(app)
CALLS = {
    "resume": ResumeCall, "retrain": RetrainCall, "export": ExportCall, "report": ReportCall,
    "replay": ReplayCall,
}  # fmt: skip
"""The commands whose options are a model; `search` has `make_config`, others no values to check."""

LESS: dict[str, list[str]] = {
    "search": ["--trials=2", "--epochs=1"],
    "retrain": ["--epochs=1", "--seeds=1"],
    "replay": ["--trials=20", "--seeds=2"],
}
"""What takes the place of what a command that is run says, so that it takes seconds."""

OTHERS = ("pip", "git", "tensorboard", "mlflow", "pre-commit", "mkdocs", "ray", "python")
"""Programs that are not ours; what `ray job submit … -- raynas …` runs is checked, too."""


def check(words: list[str]) -> None:
    """Check one command without running it: names of options, their values, paths of scripts."""
    if words[0] == "raynas":
        check_raynas(words[1:])
    elif words[0].startswith("./"):
        assert (ROOT / words[0]).is_file(), f"{words[0]} is not there"
        if words[0] == "./scripts/search.sh":
            check_raynas(["search", *words[1:]])
    else:
        assert words[0] in OTHERS, f"{words[0]}: a program that no test knows"
        if words[0] == "ray":
            check(words[words.index("--") + 1 :])
        if words[:2] == ["python", "-m"] and words[2] == "raynas":
            check_raynas(words[3:])
        elif words[0] == "python" and words[1].endswith(".py"):
            _check_script(words[1], words[2:])


def check_raynas(arguments: list[str]) -> None:
    """Let Typer read the arguments, and the models their values."""
    if arguments[:1] in ([], ["--help"], ["--version"]):
        return
    name, *rest = arguments
    assert name in GROUP.commands, f"raynas {name}: there is no such command"
    context = GROUP.commands[name].make_context(name, list(rest))
    given = {
        key: value for key, value in context.params.items() if value not in (None, False, (), [])
    }
    given = {
        key: value[0] if isinstance(value, list | tuple) and key not in SEVERAL else value
        for key, value in given.items()
    }
    if name == "search":
        options = parse_set(list(given.pop("options", ())))
        known = {key: value for key, value in given.items() if key not in NOT_OF_THE_RUN}
        known = {key: list(v) if isinstance(v, tuple) else v for key, v in known.items()}
        make_config(**known, options=options)
    elif name in CALLS:
        own = {key: value for key, value in given.items() if key in CALLS[name].model_fields}
        read_call(CALLS[name], {k: list(v) if isinstance(v, tuple) else v for k, v in own.items()})


SEVERAL = ("options", "logger", "compare")
"""Options that may be repeated."""
NOT_OF_THE_RUN = ("address", "config", "verbose")


def _check_script(path: str, arguments: list[str]) -> None:
    script = ROOT / path
    assert script.is_file(), f"{path} is not there"
    source = script.read_text(encoding="utf-8")
    for option in (word.partition("=")[0] for word in arguments if word.startswith("--")):
        assert f'"{option}"' in source, f"{path} has no option {option}"


def run(words: list[str]) -> None:
    """Run a `raynas` command in this process, with less work than it says."""
    assert words[0] == "raynas", f"{' '.join(words)}: mark its block, only raynas is run here"
    _, name, *rest = words
    if name == "resume" and "--trials" in rest:
        rest[rest.index("--trials") + 1] = str(TRIALS + 1)
    less = LESS.get(name, [])
    for flag in (pair.partition("=")[0] for pair in less):  # an option is given once
        if flag in rest:
            del rest[rest.index(flag) : rest.index(flag) + 2]
    with pytest.raises(SystemExit) as ended:
        app([name, *rest, *less])
    assert not ended.value.code, " ".join(words)


TRIALS = 2
"""How many trials the run has that pages speak of as runs/NAME."""
