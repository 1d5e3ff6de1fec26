"""Where samples come from: sources, readers, splits and batches."""

from raynas.data.array_data import ArrayData, ArrayDataModule
from raynas.data.batches import Batches, ShuffledBatches
from raynas.data.builtin import BUILTIN
from raynas.data.load_data import is_user_data, load_arrays, load_data
from raynas.data.sharing import check_shares
from raynas.data.source import DataSource, stored_batches
from raynas.data.user_module import UserData

__all__ = [
    "BUILTIN",
    "ArrayData",
    "ArrayDataModule",
    "Batches",
    "DataSource",
    "ShuffledBatches",
    "UserData",
    "check_shares",
    "is_user_data",
    "load_arrays",
    "load_data",
    "stored_batches",
]
