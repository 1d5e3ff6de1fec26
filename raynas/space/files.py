"""Space files: one Python file with a docstring, `space = …` and `build(…)`, by name or by path."""

import ast
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from raynas.space.architecture import Architecture
from raynas.space.decision import Decision, Pick, Space
from raynas.space.infeasible import Infeasible
from raynas.space.walks import first_of, walk


@dataclass(frozen=True)
class LoadedSpace:
    """A space file that has been read: what may be built, and what builds it.

    `build(value, input_shape, num_outputs)` makes the network; `key`, where the file offers one,
    gives the string under which a benchmark table knows an architecture. `source` is the text of
    the file, enough to load it again anywhere (see `load_space_source`).
    """

    name: str
    doc: str
    space: Space
    build: Callable[[Any, tuple[int, ...], int], Any]
    source: str
    path: str
    key: Callable[[Architecture], str] | None = None
    namespace: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """All that the file defines."""

    @property
    def builds(self) -> bool:
        """Whether the file has a `build`."""
        return self.build is not _cannot_build


def _bundled_folder() -> Path:
    """Return the folder of our own spaces: inside an installed package, or beside it in a clone."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "search_spaces"
    return installed if installed.is_dir() else package.parent / "search_spaces"


def bundled_spaces() -> dict[str, str]:
    """Map the name of each space that comes with raynas to the first line of its docstring."""
    spaces = {}
    for path in sorted(_bundled_folder().glob("*.py")):
        doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        spaces[path.stem] = doc.partition("\n")[0]
    return spaces


def load_space(name: str, *, must_build: bool = True) -> LoadedSpace:
    """Load a space by its name, or from a user's own file ("my/space.py").

    Without `must_build` a file need not have a `build`: enough to look at the space.

    Raises:
        ValueError: there is no such space or file, or the file is broken; one line says where.
    """
    path = Path(name)
    if path.suffix != ".py":
        bundled = {file.stem: file for file in _bundled_folder().glob("*.py")}
        if name not in bundled:
            raise ValueError(
                f"unknown space {name!r}; expected one of {', '.join(sorted(bundled))}, "
                "or a Python file (my_space.py)"
            )
        path = bundled[name]
    try:
        path = path.expanduser()
        source = path.read_text(encoding="utf-8")
    except (OSError, ValueError, RuntimeError) as error:  # of text, of "~nobody"
        raise ValueError(f"space file {path} cannot be read: {error}") from error
    return load_space_source(source, path.stem, path, must_build=must_build)


def load_space_source(
    source: str, name: str, path: Path | None = None, *, must_build: bool = True
) -> LoadedSpace:
    """Load a space from the text of its file; `path` is where it came from, if it is there.

    Raises:
        ValueError: the text is broken: not Python, an exception, no `space` or `build`, or a space
            that cannot be walked; one line says where.
    """
    where = str(path or f"{name}.py")
    module = types.ModuleType(f"raynas_space_{name}")
    module.__file__ = where
    with _importing_from(path.resolve().parent if path else None, module):
        try:
            code = compile(source, where, "exec", dont_inherit=True)
            exec(code, module.__dict__)  # noqa: S102 (a space is code)
        except (Exception, SystemExit) as error:
            raise ValueError(f"space file {where}{_line(error, where)}: {_what(error)}") from error
    if not must_build:
        vars(module).setdefault("build", _cannot_build)
    for needed in ("space", "build"):
        if not callable(getattr(module, needed, None)):
            raise ValueError(
                f"space file {where}: `{needed}` is missing or cannot be called; a space file "
                "defines `space = …` and `build(value, input_shape, num_outputs)`"
            )
    try:
        first_of(module.space).id  # noqa: B018 (the id needs a JSON value)
    except Exception as error:
        raise ValueError(
            f"space file {where}{_line(error, where)}: walking `space` failed: {_what(error)}"
        ) from error
    _check_repeatable(module.space, where)
    if not callable(getattr(module, "key", len)):
        raise ValueError(
            f"space file {where}: `key` must be a function of an architecture, got {module.key!r}"
        )
    return LoadedSpace(
        name=name,
        doc=(module.__doc__ or "").strip(),
        space=module.space,
        build=module.build,
        source=source,
        path=where,
        key=getattr(module, "key", None),
        namespace=vars(module),
    )


def _cannot_build(value: Any, input_shape: tuple[int, ...], num_outputs: int) -> Any:
    raise ValueError("the space file has no `build(value, input_shape, num_outputs)`")


def _check_repeatable(space: Space, where: str) -> None:
    """Walk some random ways twice.

    Raises:
        ValueError: the second walk, with the same answers, asks something else.
    """
    for seed in range(5):
        rng = np.random.default_rng(seed)
        try:
            picks, first, value = _way(space, lambda d, rng=rng: int(rng.integers(len(d.options))))  # type: ignore[misc]  # mypy: default of a lambda
            answers = iter(picks.values())
            _, second, again = _way(space, lambda d, a=answers: next(a, 0) % len(d.options))  # type: ignore[misc]  # the same
        except ValueError as error:
            raise ValueError(f"space file {where}: walking `space` failed: {error}") from error
        if first != second or value != again:
            pairs = zip_longest(first, second)
            one, other = next(((a, b) for a, b in pairs if a != b), (None, None))
            at = (one or other or Decision("it", (None,))).path
            raise ValueError(
                f"space file {where}: `space` depends on more than the picks: at {at!r} it is not "
                "the same when it is walked again with the same answers; a space must be a "
                "function of its picker alone (no random numbers, no clock)"
            )


def _way(space: Space, pick: Pick) -> tuple[dict[str, int], list[Decision], Any]:
    """Walk; return the picks, the decisions, and what came of it: a value, or why it is not legal.

    Raises:
        ValueError: the space cannot be walked.
    """
    try:
        architecture, decisions = walk(space, pick)
    except Infeasible as error:
        return error.picks, error.decisions, str(error)
    return architecture.picks, decisions, architecture


@contextmanager
def _importing_from(folder: Path | None, module: types.ModuleType) -> Iterator[None]:
    """Let a space file import its neighbours and define dataclasses while it is executed.

    Afterwards the module is unknown to Python again, so that what it defines is pickled by value.
    """
    before, namesake = list(sys.path), sys.modules.get(module.__name__)
    if folder is not None:
        sys.path.insert(0, str(folder))
    sys.modules[module.__name__] = module
    try:
        yield
    finally:
        sys.path[:] = before
        del sys.modules[module.__name__]
        if namesake is not None:
            sys.modules[module.__name__] = namesake


def _what(error: BaseException) -> str:
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{type(error).__name__}: {text}".partition("\n")[0]


def _line(error: BaseException, where: str) -> str:
    """Return ", line 7": the last line of the space file that the error passed through."""
    if isinstance(error, SyntaxError) and error.filename == where:
        return f", line {error.lineno}"
    line, trace = "", error.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename == where:
            line = f", line {trace.tb_lineno}"
        trace = trace.tb_next
    return line
