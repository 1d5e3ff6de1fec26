import dataclasses
import pickle
import warnings

import numpy as np
import pytest
import torch

from raynas.data import Batches, ShuffledBatches, load_arrays
from raynas.training.data_module import data_module


@pytest.fixture(scope="module")
def digits():
    return load_arrays("digits")


def read_only(data):
    """As Ray's object store gives it: arrays that are views of memory that nobody may write."""
    buffers = []
    packed = pickle.dumps(data, protocol=5, buffer_callback=buffers.append)
    frozen = [bytes(buffer.raw()) for buffer in buffers]
    return pickle.loads(packed, buffers=frozen), frozen


def test_shared_read_only_arrays_are_neither_copied_nor_warned_about(digits):
    shared, frozen = read_only(digits)
    assert not shared.inputs["train"].flags.writeable
    memory = [np.frombuffer(buffer, dtype=np.uint8) for buffer in frozen]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        module = data_module(shared, batch_size=64, seed=0)
        for loader in (module.train_dataloader(), module.val_dataloader()):
            next(iter(loader))[0].zero_()
    for split, inputs in module.data.inputs.items():
        assert any(np.shares_memory(inputs, part) for part in memory)
        assert (inputs == digits.inputs[split]).all()


def test_data_cannot_be_exchanged(digits):
    with pytest.raises(dataclasses.FrozenInstanceError):
        digits.name = "other"


def test_stored_batches_come_in_order_and_complete(digits):
    loader = data_module(digits, batch_size=25, seed=0).val_dataloader()
    batches = list(loader)
    assert len(batches) == len(loader) == 4
    assert (
        torch.cat([labels for _, labels in batches]).numpy() == digits.labels["validation"]
    ).all()
    assert batches[0][0].dtype == torch.uint8


def rows_of(batches, epoch):
    batches.set_epoch(epoch)
    return [row for inputs, _ in batches for row in inputs[:, 0].tolist()]


def numbered(size, batch_size, seed=0, **worker):
    inputs = np.arange(size, dtype=np.float32)[:, None]
    return ShuffledBatches(inputs, np.zeros(size, dtype=np.int64), batch_size, seed, **worker)


def test_the_training_order_depends_on_seed_and_epoch_only():
    batches = numbered(20, 8)
    first, second = rows_of(batches, 0), rows_of(batches, 1)
    assert first != second
    assert sorted(first) == sorted(second) == list(range(20))
    assert rows_of(numbered(20, 8), 1) == second
    assert rows_of(numbered(20, 8, seed=1), 1) != second
    assert rows_of(numbered(20, 8, seed=1), 0) != second


@pytest.mark.parametrize(
    ("size", "batch_size", "sizes"),
    [
        (9, 4, [4, 4]),  # one sample would be left over
        (10, 4, [4, 4, 2]),
        (8, 4, [4, 4]),
        (3, 1, [1, 1, 1]),
        (1, 4, [1]),
        (3, 4, [3]),
    ],
)
def test_no_last_training_batch_of_one_sample(size, batch_size, sizes):
    batches = numbered(size, batch_size)
    assert [len(labels) for _, labels in batches] == sizes
    assert len(batches) == len(sizes)


def test_evaluation_batches_leave_nothing_out():
    inputs = np.zeros((9, 2), dtype=np.float32)
    batches = Batches(inputs, np.zeros(9, dtype=np.int64), 4)
    assert [len(labels) for _, labels in batches] == [4, 4, 1]
    assert len(batches) == 3


def test_several_workers_share_an_epoch_in_equal_parts():
    parts = [rows_of(numbered(21, 4, rank=rank, workers=2), 3) for rank in (0, 1)]
    assert len(parts[0]) == len(parts[1]) == 10
    assert not set(parts[0]) & set(parts[1])
