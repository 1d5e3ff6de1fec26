"""Every kind of data set passes the contract that others may subclass."""

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from raynas.data import BUILTIN, load_data
from raynas.options.data_options import DataOptions
from raynas.testing import DataContract


class Ours(DataContract):
    """A data set that comes with raynas."""

    name: str

    def make(self, data_seed):
        return load_data(self.name, DataOptions(data_seed=data_seed))


for _name in BUILTIN:
    globals()[f"Test_{_name}"] = type(
        f"Test_{_name}", (Ours,), {"name": _name, "__module__": __name__}
    )


class TestParquet(DataContract):
    @pytest.fixture(autouse=True)
    def table(self, tmp_path: Path) -> None:
        self.path = str(tmp_path / "table.parquet")
        rng = np.random.default_rng(0)
        x, y = rng.random((2, 300))
        species = np.where(x > y, "up", "down")
        pq.write_table(pa.table({"x": x, "y": 100 * y, "kind": species}), self.path)

    def make(self, data_seed):
        return load_data(self.path, DataOptions(label="kind", data_seed=data_seed))


OWN = """
import torch
from pytorch_lightning import LightningDataModule
from torch.utils.data import DataLoader, TensorDataset

class Own(LightningDataModule):
    num_classes = 2
    batch_size = 16

    def setup(self, stage):
        inputs = torch.rand(300, 3, generator=torch.Generator().manual_seed(0))
        self.rows = TensorDataset(inputs, (inputs.sum(1) > 1.5).long())

    def part(self, start, end, **how):
        rows = torch.utils.data.Subset(self.rows, range(start, end))
        return DataLoader(rows, self.batch_size, **how)

    def train_dataloader(self):
        return self.part(0, 200, shuffle=True)

    def val_dataloader(self):
        return self.part(200, 250)

    def test_dataloader(self):
        return self.part(250, 300)
"""


class TestOwnDataModule(DataContract):
    seeded = False

    @pytest.fixture(autouse=True)
    def module(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "own_module_of_the_contract.py").write_text(OWN)
        monkeypatch.syspath_prepend(str(tmp_path))
        sys.modules.pop("own_module_of_the_contract", None)

    def make(self, data_seed):
        return load_data("own_module_of_the_contract:Own")
