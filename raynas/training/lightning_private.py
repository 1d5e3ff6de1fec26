"""What raynas uses of Lightning that Lightning documents nowhere; no other module may.

These are the names and words of what it says at every start, which is no news to whoever runs a
thousand trainings. Instead: an option of the Trainer that says nothing, when there is one.
tests/test_private_names.py fails where Lightning has moved one.
"""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

CHATTER = ("pytorch_lightning.utilities.rank_zero", "lightning_fabric.utilities.rank_zero")
"""Who tells which devices there are, gives tips and says why a training stopped."""

KNOWN_WARNINGS = (
    r"GPU available but not used",  # the user chose the CPU
    r"`isinstance\(treespec, LeafSpec\)` is deprecated",  # Lightning 2.6 with PyTorch 2.13
    r"The '\w+_dataloader' does not have many workers",  # a user's data module, on purpose
    r"The number of training batches \(\d+\) is smaller than the logging interval",
    r"You passed `(Trainer|Fabric)\(accelerator='cpu', precision='16-mixed'\)`",  # takes bf16
)


@contextmanager
def quiet_lightning() -> Iterator[None]:
    """Silence what Lightning says at every start, and nothing else."""
    loggers = [logging.getLogger(name) for name in CHATTER]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        for message in KNOWN_WARNINGS:
            warnings.filterwarnings("ignore", message)
        for logger in loggers:
            logger.setLevel(logging.WARNING)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
