"""Every kind of data set passes the contract that others may subclass."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

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


def flowers() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    x, y = rng.random((2, 300))
    return pd.DataFrame({"x": x, "y": 100 * y, "kind": np.where(x > y, "up", "down")})


def mixed() -> pd.DataFrame:
    """A table with texts, dates and missing values."""
    frame = flowers()
    numbers = np.arange(len(frame))
    frame["city"] = np.array(["Rome", "Oslo", None])[numbers % 3]
    frame["when"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(31 * numbers, unit="h")
    frame.loc[::10, "y"] = None
    return frame


def parquet(folder: Path) -> tuple[Path, dict[str, Any]]:
    flowers().to_parquet(folder / "t.parquet")
    return folder / "t.parquet", {"label": "kind"}


def mixed_parquet(folder: Path) -> tuple[Path, dict[str, Any]]:
    mixed().to_parquet(folder / "t.parquet")
    return folder / "t.parquet", {"label": "kind"}


def csv(folder: Path) -> tuple[Path, dict[str, Any]]:
    mixed().to_csv(folder / "t.csv", index=False)
    return folder / "t.csv", {"label": "kind"}


def npz(folder: Path) -> tuple[Path, dict[str, Any]]:
    frame = flowers()
    np.savez(folder / "t.npz", x=frame[["x", "y"]], y=frame["kind"].to_numpy(str))
    return folder / "t.npz", {}


def pixels(folder: Path) -> tuple[Path, dict[str, Any]]:
    images = np.random.default_rng(0).random((300, 4, 4, 3))
    np.savez(folder / "t.npz", images=images, labels=np.arange(300) % 3)
    return folder / "t.npz", {}


def photos(folder: Path) -> tuple[Path, dict[str, Any]]:
    """Images of two sizes."""
    rng = np.random.default_rng(0)
    for i in range(90):
        place = folder / "photos" / ("cat", "dog")[i % 2]
        place.mkdir(parents=True, exist_ok=True)
        image = rng.integers(0, 256, (8, 8 + i % 2, 3), dtype=np.uint8)
        Image.fromarray(image).save(place / f"{i}.png")
    return folder / "photos", {}


WRITTEN: dict[str, Callable[[Path], tuple[Path, dict[str, Any]]]] = {
    "parquet": parquet,
    "mixed_parquet": mixed_parquet,
    "csv": csv,
    "npz": npz,
    "pixels": pixels,
    "photos": photos,
}
"""What is written into a folder: a data set of each kind of source, and the options it needs."""


class Written(DataContract):
    """A data set in files."""

    source: str

    @pytest.fixture(autouse=True)
    def files(self, tmp_path: Path) -> None:
        self.path, self.options = WRITTEN[self.source](tmp_path)

    def make(self, data_seed):
        return load_data(str(self.path), DataOptions(data_seed=data_seed, **self.options))


for _name in WRITTEN:
    globals()[f"Test_{_name}"] = type(
        f"Test_{_name}", (Written,), {"source": _name, "__module__": __name__}
    )


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
