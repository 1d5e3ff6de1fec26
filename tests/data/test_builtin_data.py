import hashlib

import numpy as np
import pytest

from raynas.data import BUILTIN, load_arrays, load_data
from raynas.options.data_options import DataOptions

SPLITS = ("train", "validation", "test")


@pytest.mark.parametrize("name", BUILTIN)
def test_contract_of_built_in_data(name):
    data = load_data(name)
    assert data.num_outputs == len(data.label_names) >= 2
    for split in SPLITS:
        inputs, labels = data.inputs[split], data.labels[split]
        assert inputs.shape == (len(labels), *data.input_shape)
        assert inputs.dtype == (np.uint8 if len(data.input_shape) == 3 else np.float32)
        assert labels.dtype == np.int64
        assert set(labels) == set(range(data.num_outputs))
    train = data.inputs["train"].astype(np.float64)
    axes = (0, 2, 3) if train.ndim == 4 else (0,)
    assert data.mean == pytest.approx(train.mean(axis=axes), rel=1e-5)
    assert data.std == pytest.approx(train.std(axis=axes), rel=1e-5)


def test_digits_are_divided_60_20_20():
    data = load_arrays("digits")
    assert [len(data.labels[split]) for split in SPLITS] == [1079, 359, 359]
    assert data.input_shape == (1, 8, 8)
    counts = {split: np.bincount(data.labels[split]) for split in SPLITS}
    for split, share in (("train", 0.6), ("validation", 0.2), ("test", 0.2)):
        assert counts[split] == pytest.approx(sum(counts.values()) * share, abs=1.01)


def test_synthetic_labels_say_whether_the_sum_is_over_five():
    data = load_arrays("synthetic", DataOptions(data_seed=3))
    assert sum(len(data.labels[split]) for split in SPLITS) == 2000
    for split in SPLITS:
        sums = data.inputs[split].sum(axis=1, dtype=np.float64)
        assert ((sums > 5) == data.labels[split]).all()


def test_no_row_is_in_two_splits():
    data = load_arrays("synthetic")
    rows = np.concatenate([data.inputs[split] for split in SPLITS])
    assert len(np.unique(rows, axis=0)) == 2000


def test_the_split_is_the_same_in_every_process_and_version():
    def fingerprint(seed):
        data = load_arrays("digits", DataOptions(data_seed=seed))
        rows = b"".join(data.inputs[split].tobytes() for split in SPLITS)
        return hashlib.sha256(rows).hexdigest()[:16]

    assert fingerprint(5) == "eadfd8b278bf9cdb"
    assert fingerprint(6) != "eadfd8b278bf9cdb"


def test_limit_keeps_the_share_of_each_class():
    data = load_arrays("digits", options=DataOptions(limit=500))
    assert [len(data.labels[split]) for split in SPLITS] == [300, 100, 100]
    assert np.bincount(data.labels["test"]) == pytest.approx(10, abs=1)


def test_fractions_are_of_all_rows():
    options = DataOptions(validation_fraction=0.1, test_fraction=0.3)
    data = load_arrays("synthetic", options=options)
    assert [len(data.labels[split]) for split in SPLITS] == [1200, 200, 600]


def test_fractions_must_leave_a_training_split():
    with pytest.raises(ValueError, match=r"must leave something to train on, got 0\.5 and 0\.5"):
        DataOptions(validation_fraction=0.5, test_fraction=0.5)


def test_an_unknown_name_says_what_is_legal():
    with pytest.raises(
        ValueError,
        match=r"unknown data set 'digit'; expected digits, synthetic, "
        r"a Parquet, CSV, TSV or \.npz file, a folder of these or with a folder of images a class",
    ):
        load_data("digit")
