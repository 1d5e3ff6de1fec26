"""NumPy's files: .npz, and folders of .npy."""

import numpy as np
import pytest

from raynas.data import load_arrays
from raynas.options.data_options import DataOptions

SPLITS = ("train", "validation", "test")
RNG = np.random.default_rng(0)
X = RNG.random((60, 3)).astype(np.float32)
Y = np.arange(60) % 2
PIXELS = RNG.integers(0, 256, (60, 5, 4, 3), dtype=np.uint8)


def load(tmp_path, options=None, **arrays):
    np.savez(tmp_path / "t.npz", **arrays)
    return load_arrays(str(tmp_path / "t.npz"), options)


def sizes(data):
    return [len(data.labels[split]) for split in SPLITS]


@pytest.mark.parametrize(
    "names",
    [("x", "y"), ("X", "Y"), ("data", "target"), ("images", "labels"), ("x_train", "y_train")],
)
def test_inputs_and_labels_are_told_by_their_names(tmp_path, names):
    data = load(tmp_path, **dict(zip(names, (X, Y), strict=True)))
    assert (data.input_shape, data.label_names) == ((3,), ("0", "1"))
    assert sizes(data) == [36, 12, 12]
    rows = {tuple(row): label for row, label in zip(X.tolist(), Y, strict=True)}
    for split in SPLITS:
        assert [rows[tuple(row)] for row in data.inputs[split].tolist()] == [*data.labels[split]]


@pytest.mark.parametrize("form", ["{what}_{split}", "{split}_{what}", "{what}-{split}"])
def test_splits_are_told_by_names(tmp_path, form):
    arrays = {}
    for split, count in (("train", 60), ("val", 10), ("test", 20)):
        arrays[form.format(what="x", split=split)] = X[:count]
        arrays[form.format(what="y", split=split)] = Y[:count]
    assert sizes(load(tmp_path, **arrays)) == [60, 10, 20]


def test_files_of_arrays_go_together(tmp_path):
    for part in ("train", "test"):
        np.savez(tmp_path / f"{part}.npz", x=X, y=Y)
    assert sizes(load_arrays(str(tmp_path))) == [48, 12, 60]
    other = tmp_path / "npy"
    other.mkdir()
    np.save(other / "x_train.npy", X)
    np.save(other / "y_train.npy", Y)
    assert sizes(load_arrays(str(other))) == [36, 12, 12]


@pytest.mark.parametrize(
    ("pixels", "shape", "dtype"),
    [
        (PIXELS, (3, 5, 4), np.uint8),
        (PIXELS.transpose(0, 3, 1, 2), (3, 5, 4), np.uint8),
        (PIXELS[:, :4], (3, 4, 4), np.uint8),
        (PIXELS[..., 0], (1, 5, 4), np.uint8),
        (PIXELS[..., :1], (1, 5, 4), np.uint8),
        (PIXELS.astype(np.int64), (3, 5, 4), np.uint8),
        (PIXELS / 255, (3, 5, 4), np.float32),
        (PIXELS.astype(np.int64) * 100, (3, 5, 4), np.float32),
        (PIXELS > 100, (3, 5, 4), np.uint8),
    ],
)
def test_images(tmp_path, pixels, shape, dtype):
    data = load(tmp_path, x=pixels, y=Y)
    assert data.input_shape == shape
    assert data.inputs["train"].dtype == dtype
    last = pixels.shape[-1] in (1, 3) and pixels.ndim == 4
    assert ("channels brought from the last place" in data.summary()) == last


def test_labels_of_several_kinds(tmp_path):
    assert load(tmp_path, x=X, y=np.array(["no", "yes"])[Y]).label_names == ("no", "yes")
    assert load(tmp_path, x=X, y=Y[:, None]).label_names == ("0", "1")
    assert load(tmp_path, x=X, y=Y.astype(float)).label_names == ("0", "1")
    assert load(tmp_path, x=X, y=Y == 1).label_names == ("False", "True")


def test_missing_numbers_are_filled_in(tmp_path):
    holes = X.copy()
    holes[::7, 1] = np.nan
    data = load(tmp_path, x=holes, y=Y)
    assert data.preparation.inputs == ["0", "1", "1 is missing", "2"]
    assert load(tmp_path, DataOptions(drop="1"), x=holes, y=Y).input_shape == (2,)


def test_an_array_of_another_name_is_left_out(tmp_path):
    assert "left out: array ids" in load(tmp_path, x=X, y=Y, ids=np.arange(60)).summary()


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": X}, "has one array, 'x', and no labels; expected x and y, or x_train, y_train, "),
        ({"a": X, "b": Y}, "has the arrays a, b; expected x and y"),
        ({"x": X, "y": Y, "x_test": X}, "has the arrays x, y, x_test; expected x and y"),
        ({"x": X, "data": X, "y": Y}, "has inputs of train twice, one is 'data'"),
        ({"x": X, "y": Y[:-1]}, "as many labels, got inputs of .60, 3. and labels of .59,."),
        ({"x": X[:, 0], "y": Y}, "expected inputs of shape .samples, features., .*got inputs of "),
        ({"x": X, "y": np.eye(2)[Y]}, "expected one label a sample, .*got shape .60, 2.; of one-hot"
         " labels y.argmax.axis=1., several labels a sample are not supported"),
        ({"x": X, "y": RNG.random(60)}, "this looks like regression, which is not supported; "
         "expected classes: texts, whole numbers, or true and false"),
        ({"x": X, "y": np.array([None, 1] * 30, object)}, "it holds Python objects"),
        ({"x": X + 1j, "y": Y}, "the inputs: expected an array of numbers, got one of complex"),
        ({"x": np.where(X > 0.9, np.inf, X), "y": Y}, "column '0' of train has inf in row"),
        ({"x": np.full((60, 2, 2), np.nan), "y": Y}, "image 0 has pixels that are no finite"),
        ({"x_train": PIXELS, "y_train": Y, "x_test": PIXELS[:, :, 1:], "y_test": Y},
         "expected images of one shape in all splits, got train .3, 5, 4., test .3, 5, 3."),
    ],
)  # fmt: skip
def test_arrays_that_cannot_be_used_say_why(tmp_path, arrays, message):
    with pytest.raises(ValueError, match=message) as error:
        load(tmp_path, **arrays)
    assert "\n" not in str(error.value)


def test_a_lone_array_has_no_labels(tmp_path):
    np.save(tmp_path / "x.npy", X)
    with pytest.raises(ValueError, match=r"x\.npy has one array, 'x', and no labels; expected x"):
        load_arrays(str(tmp_path / "x.npy"))
