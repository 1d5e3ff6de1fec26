"""Where samples come from: sources, readers, splits and batches."""

from raynas.data.array_data import ArrayData
from raynas.data.batches import Batches, ShuffledBatches
from raynas.data.builtin import BUILTIN
from raynas.data.intake import Intake, printable
from raynas.data.load_data import is_user_data, load_arrays, load_data, located
from raynas.data.source import DataSource
from raynas.data.user_module import UserData, set_batch_size

__all__ = [
    "BUILTIN",
    "ArrayData",
    "Batches",
    "DataSource",
    "Intake",
    "ShuffledBatches",
    "UserData",
    "is_user_data",
    "load_arrays",
    "load_data",
    "located",
    "printable",
    "set_batch_size",
]
