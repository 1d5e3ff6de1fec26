"""The user's own LightningDataModule as a data set."""

import importlib
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from raynas.data.intake import Intake
from raynas.data.source import first_line
from raynas.options.data_options import DataOptions
from raynas.preparation import Preparation

_LOADERS = ("train_dataloader", "val_dataloader", "test_dataloader")


@dataclass(frozen=True)
class UserData:
    """A user's data module by its name, checked once; each worker makes it once, by name."""

    name: str
    input_shape: tuple[int, ...]
    label_names: Sequence[str]
    mean: None = None
    std: None = None
    intake: Intake = field(default_factory=Intake, compare=False)
    preparation: Preparation = field(default_factory=Preparation)

    @property
    def num_outputs(self) -> int:
        """How many classes there are."""
        return len(self.label_names)

    def summary(self) -> str:
        """Say what is known of the data."""
        shape = "×".join(map(str, self.input_shape))
        words = self.intake.words()
        return (
            f"your data module: inputs of {shape} in {self.num_outputs} classes"
            f"{'; ' if words else ''}{words}"
        )

    def fingerprint(self) -> str:
        """Nothing: only the module knows what it reads."""
        return ""

    def instance(self) -> Any:
        """Return the data module, which each process makes once."""
        return _make(self.name)


def load_user_data(name: str) -> UserData:
    """Check the user's LightningDataModule "package.module:Class", which is made without arguments.

    It says how many classes there are with `num_outputs` or `num_classes`, or names them with
    `label_names`. Its `input_shape` is read off the first training batch unless it says so itself.

    Raises:
        ValueError: it cannot be imported or made, is no data module, or does not say the classes.
    """
    module = _make(name)
    count = getattr(module, "num_outputs", None) or getattr(module, "num_classes", None)
    label_names = getattr(module, "label_names", None)
    if label_names is None:
        if not isinstance(count, int) or count < 2:
            raise ValueError(
                f"{name} must say how many classes there are: an attribute num_outputs (or "
                f"num_classes, or label_names) with at least 2, got {count!r}"
            )
        label_names = range(count)
    elif count is not None and count != len(label_names):
        raise ValueError(f"{name} says {count} classes but has {len(label_names)} label_names")
    input_shape = getattr(module, "input_shape", None) or _first_shape(module, name)
    names = tuple(str(label) for label in label_names)
    return UserData(name, tuple(input_shape), names, intake=_intake(module, name))


def set_batch_size(module: Any, size: int) -> None:
    """Set `batch_size` wherever a user's data module keeps it: itself, or in its `hparams`."""
    for holder in _holders(module):
        if isinstance(holder, MutableMapping):
            holder["batch_size"] = size
        else:
            holder.batch_size = size


def _holders(module: Any) -> Iterator[Any]:
    """Yield the module, its `hparams` and the groups in them, of those that have a batch_size."""
    hparams = getattr(module, "hparams", None)
    groups = hparams if isinstance(hparams, Mapping) else getattr(hparams, "__dict__", {})
    for one in (module, hparams, *groups.values()):
        if isinstance(one, MutableMapping):
            if "batch_size" in one:
                yield one
        elif not isinstance(one, type) and hasattr(one, "batch_size"):
            attribute = getattr(type(one), "batch_size", None)
            if not isinstance(attribute, property) or attribute.fset is not None:
                yield one


def _intake(module: Any, name: str) -> Intake:
    """Say which options a user's data module takes no notice of."""
    idle = dict.fromkeys(
        DataOptions.model_fields, f"{name} is a data module, which reads and divides its data"
    )
    if any(True for _ in _holders(module)):
        return Intake(idle=idle)
    why = f"{name} has no batch_size, neither as an attribute nor in its hparams"
    return Intake(
        changed=["it has no batch_size: its loaders decide"],
        idle={**idle, "batch_size": why, "supernet_batch_size": why},
    )


@lru_cache
def _make(name: str) -> Any:
    module_name, _, class_name = name.partition(":")
    try:
        module = importlib.import_module(module_name)
    except Exception as error:
        raise ValueError(
            f"{name}: module {module_name!r} cannot be imported: {first_line(error)}"
        ) from error
    member = getattr(module, class_name, None)
    missing = [loader for loader in _LOADERS if not _defines(member, loader)]
    if not isinstance(member, type) or missing:
        raise ValueError(
            f"{name}: expected a LightningDataModule named {class_name!r} in {module_name} that "
            f"defines {', '.join(missing or _LOADERS)}, got {member!r}"
        )
    try:
        return member()
    except Exception as error:
        raise ValueError(
            f"{name}: {class_name}() failed: {type(error).__name__}: {first_line(error)}"
        ) from error


def _defines(member: Any, method: str) -> bool:
    """Whether a class, or one of its bases that is not Lightning's, has a method."""
    bases = (base for base in getattr(member, "__mro__", ()) if not _is_lightnings(base))
    return any(method in vars(base) for base in bases)


def _is_lightnings(kind: type) -> bool:
    return kind.__module__.partition(".")[0] in ("lightning", "pytorch_lightning")


def _first_shape(module: Any, name: str) -> tuple[int, ...]:
    try:
        module.prepare_data()
        module.setup("fit")
        inputs = next(iter(module.train_dataloader()))[0]
        return tuple(inputs.shape[1:])
    except Exception as error:
        raise ValueError(
            f"{name}: it has no input_shape, and reading it off the first training batch "
            f"(inputs, labels) failed: {type(error).__name__}: {first_line(error)}"
        ) from error
