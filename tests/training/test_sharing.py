"""Workers of one trial share a user's training data."""

import pytest
import torch
from pytorch_lightning import LightningDataModule
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from raynas.training.data_module import divide


class Own(LightningDataModule):
    def __init__(self, loader):
        super().__init__()
        self.loader = loader

    def train_dataloader(self):
        return self.loader

    def val_dataloader(self):
        return self.loader


def loader(**options) -> DataLoader:
    return DataLoader(TensorDataset(torch.arange(24)), batch_size=4, **options)


@pytest.mark.parametrize("shuffle", [False, True])
def test_each_sample_goes_to_one_worker_in_another_order_each_epoch(shuffle):
    epochs = []
    for epoch in (0, 1):
        shares = []
        for rank in (0, 1, 2):
            module = Own(loader(shuffle=shuffle))
            divide(module, rank, 3)
            own = module.train_dataloader()
            own.sampler.set_epoch(epoch)
            shares.append([int(x) for (batch,) in own for x in batch])
            assert len(module.val_dataloader()) == 6
        assert [len(share) for share in shares] == [8, 8, 8]
        assert sorted(x for share in shares for x in share) == list(range(24))
        epochs.append(shares)
    assert (epochs[0] != epochs[1]) == shuffle


def test_a_loader_that_cannot_be_shared():
    class Stream(IterableDataset):
        def __iter__(self):
            return iter(range(3))

    for wrong in (DataLoader(Stream()), [1, 2]):
        module = Own(wrong)
        divide(module, 0, 2)
        with pytest.raises(ValueError, match="several workers can share train_dataloader"):
            module.train_dataloader()
