"""One look at what the loaders of a user's data module give, before anything is trained."""

import time
from collections.abc import Sized
from typing import Any

import torch
from torch import Tensor

from raynas.data import ArrayData, DataSource, UserData
from raynas.data.source import first_line
from raynas.training.data_module import data_module, stored_batches


def check_batches(data: DataSource, batch_size: int) -> None:
    """Look at one batch of each loader of a user's data module; other data has been looked at.

    A size of batches that does not reach the training loader is a warning of the data's intake.

    Raises:
        ValueError: a loader fails, has no batch, or one that a candidate cannot learn from.
    """
    if not isinstance(data, UserData):
        return
    module: Any = data_module(data, batch_size, seed=0)
    for stage, loaders in (("fit", ("train", "val")), ("test", ("test",))):
        try:
            module.prepare_data()
            module.setup(stage)
        except Exception as error:
            raise _failed(data, f"setup({stage!r})", error) from error
        for loader in loaders:
            _check_loader(data, module, f"{loader}_dataloader", batch_size)


COUNTS_FOR_S = 5.0
"""How long the labels of a user's validation loader are counted; it may be endless."""


def count_validation_labels(
    data: DataSource, batch_size: int, seconds: float = COUNTS_FOR_S
) -> list[int] | None:
    """Count the validation samples of each class; None where that takes longer than `seconds`.

    Raises:
        ValueError: a user's data module fails, or gives no samples or a label that is none.
    """
    if isinstance(data, ArrayData):
        labels = torch.from_numpy(data.labels["validation"])
        return torch.bincount(labels, minlength=data.num_outputs).tolist()
    counts = torch.zeros(data.num_outputs, dtype=torch.int64)
    end = time.monotonic() + seconds
    try:
        for _, batch in stored_batches(data, "validation", batch_size=batch_size):
            if time.monotonic() > end:
                return None
            counts += torch.bincount(batch, minlength=len(counts))
    except Exception as error:
        raise ValueError(
            f"{data.name}: counting the labels of val_dataloader() failed: "
            f"{type(error).__name__}: {first_line(error)}"
        ) from error
    if not counts.sum():
        raise ValueError(f"{data.name}: val_dataloader() has no samples")
    return counts.tolist()


def _check_loader(data: UserData, module: Any, name: str, batch_size: int) -> None:
    what = f"{name}()"
    try:
        loader = getattr(module, name)()
        several = isinstance(loader, list | tuple | dict)
        empty = isinstance(loader, Sized) and len(loader) == 0
        batch: Any = None if several or empty else next(iter(loader), None)
    except Exception as error:
        raise _failed(data, what, error) from error
    if several:
        raise _wrong(data, f"{what} must return one loader, it returns {len(loader)}")
    if batch is None:
        raise _wrong(data, f"{what} has no batch with batch_size {batch_size}")
    _check_batch(data, what, batch)
    size = getattr(loader, "batch_size", None)
    idle = name != "train_dataloader" or "batch_size" in data.intake.idle
    if not idle and isinstance(size, int) and size != batch_size:
        data.intake.warnings.append(
            f"{what} of {data.name} has batches of {size} when batch_size is {batch_size}: it does "
            "not read batch_size of the module or its hparams when it makes its loader"
        )


def _check_batch(data: UserData, what: str, batch: Any) -> None:
    pair = isinstance(batch, list | tuple) and len(batch) == 2
    if not pair or not all(isinstance(part, Tensor) for part in batch):
        raise _wrong(
            data, f"{what} must give pairs of tensors (inputs, labels), got {_kind(batch)}"
        )
    inputs, labels = batch
    if tuple(inputs.shape[1:]) != data.input_shape or not inputs.is_floating_point():
        raise _wrong(
            data,
            f"inputs of {what} must be floats of shape (samples, "
            f"{', '.join(map(str, data.input_shape))}), got {inputs.dtype} of "
            f"{tuple(inputs.shape)}",
        )
    last = data.num_outputs - 1
    expected = f"labels of {what} must be integers 0..{last}, one for each sample"
    if labels.dtype is not torch.int64 or labels.shape != inputs.shape[:1]:
        raise _wrong(data, f"{expected} (int64), got {labels.dtype} of shape {tuple(labels.shape)}")
    least, most = int(labels.min()), int(labels.max())
    if least < 0 or most > last:
        raise _wrong(data, f"{expected}; the first batch has {least}..{most}")


def _kind(batch: Any) -> str:
    if isinstance(batch, list | tuple):
        return f"a {type(batch).__name__} of " + ", ".join(type(part).__name__ for part in batch)
    return f"a {type(batch).__name__}"


def _wrong(data: UserData, problem: str) -> ValueError:
    return ValueError(f"{data.name}: {problem}")


def _failed(data: UserData, what: str, error: Exception) -> ValueError:
    return _wrong(data, f"{what} failed: {type(error).__name__}: {first_line(error)}")
