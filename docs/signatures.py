"""Lets the reference show what a function decorated with `takes` takes: the fields of its model."""

import inspect
from importlib import import_module
from typing import Any

import griffe

KINDS = {
    inspect.Parameter.POSITIONAL_ONLY: griffe.ParameterKind.positional_only,
    inspect.Parameter.POSITIONAL_OR_KEYWORD: griffe.ParameterKind.positional_or_keyword,
    inspect.Parameter.VAR_POSITIONAL: griffe.ParameterKind.var_positional,
    inspect.Parameter.KEYWORD_ONLY: griffe.ParameterKind.keyword_only,
    inspect.Parameter.VAR_KEYWORD: griffe.ParameterKind.var_keyword,
}


class Signatures(griffe.Extension):
    """Griffe reads the source alone; the keywords and their sentences are made on import."""

    def on_function(self, *, func: griffe.Function, **_: Any) -> None:
        """Take signature and docstring of a decorated function from the function itself."""
        if not any(str(d.value).startswith("takes(") for d in func.decorators):
            return
        found: Any = import_module(func.module.path)
        for name in func.path.removeprefix(f"{func.module.path}.").split("."):
            found = getattr(found, name)
        func.parameters = griffe.Parameters(
            *(
                griffe.Parameter(
                    p.name,
                    kind=KINDS[p.kind],
                    annotation=_text(p.annotation),
                    default=None if p.default is p.empty else repr(p.default),
                )
                for p in inspect.signature(found).parameters.values()
            )
        )
        if func.docstring:
            func.docstring.value = inspect.getdoc(found) or ""


def _text(annotation: Any) -> str | None:
    if annotation is inspect.Parameter.empty:
        return None
    return inspect.formatannotation(annotation).replace("typing.", "")
