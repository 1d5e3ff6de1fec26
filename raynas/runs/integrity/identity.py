"""What a run was started with, kept beside its rows: a resume with something else is refused."""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from raynas.options.option_model import Options
from raynas.runs.record import read_head
from raynas.runs.run_config import RunConfig
from raynas.runs.run_folder import has_changed
from raynas.runs.storage import Folder
from raynas.runs.user_code import MODULES, SPACE

CHANGEABLE = (
    "trials", "minutes", "concurrency", "cpus_per_trial", "gpus_per_trial", "workers_per_trial",
    "keep", "logger", "trial_minutes",
)  # fmt: skip
"""The options that may be changed between a run's start and its end."""
_PLACE = ("storage",)
"""Says where a run was made; it may have been moved since."""


def identity_of(
    config: RunConfig,
    fingerprint: str,
    source: str,
    modules: bytes,
    to_be_sized: Sequence[str] = (),
) -> dict[str, Any]:
    """Return what decides the results of a run, as JSON data: its options, data and code.

    Those that are `to_be_sized` are not known yet.
    """
    free = {*CHANGEABLE, *_PLACE, "options"} & type(config).model_fields.keys()
    known = {name: v for name, v in _options(config).items() if name not in to_be_sized}
    return {
        "options": _plain({**config.model_dump(exclude=free), **known}),
        "data_fingerprint": fingerprint,
        SPACE: sha256(source.encode()).hexdigest(),
        MODULES: sha256(modules).hexdigest() if modules else "",
    }


def check_identity(
    folder: Folder, config: RunConfig, fingerprint: str, source: str, modules: bytes
) -> None:
    """Check that a run is still made of what it was started with; one of raynas before 0.2 passes.

    `fingerprint` is what its run.yaml says.

    Raises:
        ValueError: something differs; the line says what it was, and what may be changed.
    """
    head = read_head(folder)
    if head is None:
        return
    was, now = head.identity, identity_of(config, fingerprint, source, modules)
    for name in (SPACE, MODULES):
        if was.get(name, now[name]) != now[name]:
            raise ValueError(
                f"{folder.uri_of(name)} has changed since the run was started, and results of both "
                "would not be comparable; put it back, or start another run"
            )
    changed = head.changed(now["options"])
    if (old := was.get("data_fingerprint", "")) != fingerprint:
        changed.append(f"data_fingerprint ({old} → {fingerprint})")
    if changed:
        raise ValueError(
            f"{has_changed(folder, changed)}; what may be changed: "
            f"{', '.join(n for n in CHANGEABLE if n in type(config).model_fields)}"
        )


def _options(config: RunConfig) -> dict[str, Any]:
    """Return the options of the run's parts, those that are not given as well."""
    every = config.read_options()
    return {name: every[name] for name in config.legal_options if name in every}


def _plain(values: Mapping[str, Any]) -> Any:
    """Return values as they come back from JSON."""
    return json.loads(json.dumps(values, default=_as_json))


def _as_json(value: object) -> Any:
    return value.model_dump() if isinstance(value, Options) else str(value)
