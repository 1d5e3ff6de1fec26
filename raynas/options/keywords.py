"""Functions that take a model of options as keywords."""

import inspect
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, cast, overload

from pydantic.fields import FieldInfo

from raynas.options.option_model import Options

P = ParamSpec("P")
Model = TypeVar("Model", bound=Options)
First = TypeVar("First")
Second = TypeVar("Second")
Result = TypeVar("Result")

_INDENT = "    "


class takes(Generic[P, Model]):  # noqa: N801 (a decorator)
    """Lets a function whose last argument is a model be called with its fields as keywords.

        @takes(EvolutionOptions)
        def __init__(self, space: Space, options: EvolutionOptions) -> None: …

        RegularizedEvolution(space, population=20)

    Type checkers and editors see the fields with their types, `help` their defaults and sentences,
    too. A wrong one raises ValueError, in one line, before the function is called.
    """

    def __init__(self, model: Callable[P, Model], *, also_by_place: Sequence[str] = ()) -> None:
        """Take the model, a class, and the fields that may be given by their place as well."""
        self._model = cast(type[Options], model)
        self._placed = tuple(also_by_place)

    @overload
    def __call__(self, function: Callable[[Model], Result]) -> Callable[P, Result]: ...
    @overload
    def __call__(
        self, function: Callable[[First, Model], Result]
    ) -> Callable[Concatenate[First, P], Result]: ...
    @overload
    def __call__(
        self, function: Callable[[First, Second, Model], Result]
    ) -> Callable[Concatenate[First, Second, P], Result]: ...
    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Decorate a function of the model, or of one or two arguments before it."""
        known = inspect.signature(function)
        *leading, _ = known.parameters.values()

        @wraps(function)
        def call(*args: Any, **values: Any) -> Any:
            named = {p.name: values.pop(p.name) for p in leading[len(args) :] if p.name in values}
            bound = known.bind_partial(*args[: len(leading)], **named)
            missing = [p.name for p in leading if p.name not in bound.arguments]
            placed = dict(zip(self._placed, args[len(leading) :], strict=False))
            if missing or len(args) > len(leading) + len(placed) or placed.keys() & values.keys():
                what = f"needs {missing[0]}" if missing else "takes each option once, by its name"
                raise TypeError(f"{function.__qualname__} {what}")
            return function(
                *bound.args, *bound.kwargs.values(), self._model.checked(placed | values)
            )

        fields = self._model.model_fields
        named = [*self._placed, *(name for name in fields if name not in self._placed)]
        keywords = [_parameter(name, fields[name], name in self._placed) for name in named]
        call.__signature__ = known.replace(parameters=[*leading, *keywords])  # type: ignore[attr-defined]  # inspect looks there
        call.__doc__ = _with_options(inspect.getdoc(function) or "", self._model)
        return call


def _parameter(name: str, field: FieldInfo, placed: bool) -> inspect.Parameter:
    default = inspect.Parameter.empty if field.is_required() else field.get_default()
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD if placed else inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(name, kind, default=default, annotation=field.annotation)


def _with_options(text: str, model: type[Options]) -> str:
    """Add the options to a docstring, as its section "Args"."""
    lines = [f"{_INDENT}{name}: {field.description}" for name, field in model.model_fields.items()]
    before, raises, after = text.partition("Raises:")
    return "\n".join([before.rstrip(), "", "Args:", *lines, "", raises + after]).strip()
