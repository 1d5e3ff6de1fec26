"""What data is tested with: tables that are written and loaded, a user's data module as text."""

import pyarrow as pa
import pyarrow.parquet as pq

from raynas.data import load_arrays
from raynas.options.data_options import DataOptions


def load(tmp_path, columns, **options):
    """Write columns, or a table, and load them."""
    table = columns if isinstance(columns, pa.Table) else pa.table(columns)
    pq.write_table(table, tmp_path / "t.parquet")
    return load_arrays(str(tmp_path / "t.parquet"), DataOptions(**options))


HEAD = """
import torch
from pytorch_lightning import LightningDataModule
from torch.utils.data import DataLoader, TensorDataset

class Own({base}):
    made = 0
    batch_size = 16
    {attributes}

    def __init__(self):
        super().__init__()
        Own.made += 1

    def prepare_data(self):
        pass

    def setup(self, stage):
        inputs = torch.rand(120, 3, generator=torch.Generator().manual_seed(0))
        self.rows = TensorDataset(inputs, (inputs.sum(1) > 1.5).long())

    def train_dataloader(self):
        return DataLoader(self.rows, self.batch_size, shuffle=True)

    def val_dataloader(self):
        return DataLoader(self.rows, self.batch_size)

    test_dataloader = val_dataloader
"""
