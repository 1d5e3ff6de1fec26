"""What every model of options shares: how it is checked, and how it says what is legal.

An option is written once, as a field of a model: name, type, default, range and sentence. Command
line, Python signatures, run.yaml, `--help`, `raynas options` and the reference are made from it.
"""

import numbers
import os
import reprlib
import types
from collections.abc import Mapping
from typing import Any, Literal, Self, Union, get_args, get_origin

import annotated_types as limits
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.fields import FieldInfo

NUMBERS = {int: "an integer", float: "a number"}
LARGEST = 2**63 - 1
FAR = 1_000_000
"""Upper limits from here on only catch slips of the hand."""
_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 100
OTHERS = {bool: "true or false", str: "a text", dict: "options by name", list: "a list"}


class Options(BaseModel):
    """Base of all models of options: unknown names, NaN and infinity are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @classmethod
    def checked(cls, values: Mapping[str, Any]) -> Self:
        """Make one of values as a person gives them.

        Raises:
            ValueError: a name is unknown or a value not legal; one line says what is.
        """
        for name in values:
            one_of("option", name, cls.model_fields)
        try:
            return cls(**values)
        except ValidationError as error:
            raise ValueError(one_line(error, cls)) from error

    @model_validator(mode="after")
    def _within_64_bits(self) -> Self:
        """Refuse integers that neither Parquet nor a generator of random numbers can hold."""
        for name in type(self).model_fields:
            value = getattr(self, name)
            if _is_large(value):
                wanted = expectation(type(self).model_fields[name])
                raise ValueError(
                    f"{name}: expected {wanted}, at most {LARGEST:,}, got {_shown(value)}"
                )
        return self

    @model_validator(mode="before")
    @classmethod
    def _as_given(cls, values: Any) -> Any:
        """Take paths for texts and NumPy's integers for integers, but no truth for a number."""
        return {name: _plain(value, cls.model_fields.get(name)) for name, value in values.items()}


def _plain(value: Any, field: FieldInfo | None) -> Any:
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, bool):
        kinds = set(kinds_of(field)) if field else set()
        return str(value).lower() if kinds & NUMBERS.keys() and bool not in kinds else value
    return int(value) if isinstance(value, numbers.Integral) else value


def one_of(what: str, name: str, legal: Any) -> None:
    """Check a name.

    Raises:
        ValueError: it is not one of the legal ones.
    """
    if name not in legal:
        raise ValueError(f"unknown {what} {name!r}; expected one of {', '.join(legal)}")


def like(model: type[BaseModel], name: str, description: str | None = None, **changes: Any) -> Any:
    """Return the field of this name of another model, with another default or sentence."""
    field = model.model_fields[name]
    facts: dict[str, Any] = {"description": description or field.description}
    if not field.is_required():
        facts["default"] = field.default
    for limit in field.metadata:
        facts |= {
            k: v for k in ("ge", "gt", "le", "lt") if (v := getattr(limit, k, None)) is not None
        }
    return Field(**{**facts, **changes})


def one_line(error: ValidationError, model: type[BaseModel]) -> str:
    """Say what is wrong with the first wrong value, and what would be right."""
    first = error.errors()[0]
    if first["type"] == "value_error":
        return str(first["msg"]).removeprefix("Value error, ")
    name = str(first["loc"][0])
    if name not in model.model_fields:
        return f"unknown option {name!r}; expected one of {', '.join(model.model_fields)}"
    far = first["type"] == "less_than_equal"
    wanted = f"{name}: expected {expectation(model.model_fields[name], far=far)}"
    return wanted if first["type"] == "missing" else f"{wanted}, got {_shown(first['input'])}"


def _shown(value: Any) -> str:
    """Write a value as it was given, in one line; a number from the command line without quotes."""
    try:
        if isinstance(value, str) or _is_large(value):
            return f"{float(value):.3g}" if _is_large(value) else f"{float(value):g}"
    except (ValueError, OverflowError):
        pass  # a text, or a number of hundreds of digits
    try:
        return " ".join(_SHORT.repr(value).split())
    except ValueError:
        return "an integer of thousands of digits"


def _is_large(value: Any) -> bool:
    return isinstance(value, int) and not -LARGEST - 1 <= value <= LARGEST


def kinds_of(field: FieldInfo) -> list[Any]:
    """Return the types that a value may have, None left out."""
    kind = field.annotation
    kinds = get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)
    return [one for one in kinds if one is not type(None)]


def expectation(field: FieldInfo, *, far: bool = False) -> str:
    """Say in words what a field takes: "an integer from 1", "one of adam, sgd".

    Limits that nobody meets by chance are told only if wanted, as `far` ones.
    """
    words = [_words(kind, field, far) for kind in kinds_of(field)]
    if type(None) in get_args(field.annotation):
        words.append("none")
    return " or ".join(words)


def _words(kind: Any, field: FieldInfo, far: bool) -> str:
    if get_origin(kind) is Literal:
        return choices(kind)
    if kind in NUMBERS:
        return f"{NUMBERS[kind]}{_range(field, far)}"
    origin = get_origin(kind) or kind
    if origin is list and get_origin(get_args(kind)[0]) is Literal:
        return f"some of {', '.join(get_args(get_args(kind)[0]))}"
    return OTHERS.get(origin, str(kind))


def choices(kind: Any) -> str:
    """Say which values a `Literal` has."""
    options = [str(option) for option in get_args(kind)]
    return " or ".join(options) if len(options) < 3 else f"one of {', '.join(options)}"


def _range(field: FieldInfo, far: bool) -> str:
    words = ""
    for limit in field.metadata:
        match limit:
            case limits.Ge():
                words += f" from {limit.ge:,}"
            case limits.Gt():
                words += f" above {limit.gt:,}"
            case limits.Le() if far or float(str(limit.le)) < FAR:
                words += f" to {limit.le:,}"
            case limits.Lt():
                words += f" {'to ' if words else ''}below {limit.lt:,}"
    return words
