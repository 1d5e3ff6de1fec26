"""Folders of photos, a folder a class, as people have them."""

import shutil

import numpy as np
import pytest
from PIL import Image

from raynas.data import load_arrays
from raynas.options.data_options import DataOptions

SPLITS = ("train", "validation", "test")
RNG = np.random.default_rng(0)


def photos(folder, count=10, classes=("cat", "dog"), size=(6, 4), suffix=".png"):
    """Images, each of one grey value that is even for the first class and odd for the second."""
    for number, kind in enumerate(classes):
        (folder / kind).mkdir(parents=True)
        for i in range(count):
            value = 2 * i + number
            Image.new("RGB", size, (value, value, value)).save(folder / kind / f"{i}{suffix}")
    return folder


def sizes(data):
    return [len(data.labels[split]) for split in SPLITS]


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".JPEG", ".webp", ".tif", ".bmp", ".gif"])
def test_a_folder_a_class(tmp_path, suffix):
    data = load_arrays(str(photos(tmp_path / "pets", suffix=suffix)))
    assert (data.label_names, data.input_shape) == (("cat", "dog"), (3, 4, 6))
    assert sizes(data) == [12, 4, 4]
    assert "20 images (3×4×6) in 2 classes" in data.summary()
    if suffix in (".png", ".bmp"):
        for split in SPLITS:
            assert (data.inputs[split][:, 0, 0, 0] % 2 == data.labels[split]).all()


def test_folders_of_splits_are_kept(tmp_path):
    for split, count in (("train", 10), ("val", 3), ("Test", 2)):
        photos(tmp_path / split, count)
    data = load_arrays(str(tmp_path))
    assert sizes(data) == [20, 6, 4]
    assert data.label_names == ("cat", "dog")


def test_what_splits_are_lacking_is_taken_of_train(tmp_path):
    photos(tmp_path / "train", 20)
    photos(tmp_path / "test", 5)
    assert sizes(load_arrays(str(tmp_path))) == [32, 8, 10]


def test_classes_may_be_called_as_splits(tmp_path):
    data = load_arrays(str(photos(tmp_path, classes=("car", "train"))))
    assert data.label_names == ("car", "train")


def test_folders_within_a_class_belong_to_it(tmp_path):
    photos(tmp_path)
    shutil.copytree(tmp_path / "dog", tmp_path / "dog" / "more")
    shutil.copy(tmp_path / "cat" / "0.png", tmp_path / "cover.png")
    (tmp_path / "dog" / ".hidden.png").write_bytes(b"no image")
    (tmp_path / "notes.txt").write_text("about")
    data = load_arrays(str(tmp_path))
    assert sum(sizes(data)) == 30
    assert "left out: 1 images in no folder of a class (cover.png)" in data.summary()


def test_sizes_may_differ_and_image_size_chooses(tmp_path):
    photos(tmp_path / "a")
    photos(tmp_path / "b", size=(10, 10))
    for kind in ("cat", "dog"):
        shutil.move(tmp_path / "b" / kind, tmp_path / "a" / kind / "large")
    data = load_arrays(str(tmp_path / "a"))
    assert data.input_shape == (3, 7, 7)
    assert data.preparation.resized
    assert "images resized to 7x7 pixels" in data.summary()
    assert load_arrays(str(tmp_path / "a"), DataOptions(image_size=5)).input_shape == (3, 5, 5)


def test_limit_and_data_seed_choose_images(tmp_path):
    photos(tmp_path, 30)
    assert sizes(load_arrays(str(tmp_path), DataOptions(limit=20))) == [12, 4, 4]
    one, other = (load_arrays(str(tmp_path), DataOptions(data_seed=seed)) for seed in (0, 1))
    assert one.fingerprint() != other.fingerprint()


def broken(folder):
    (folder / "cat" / "3.png").write_bytes(b"no image")


def cut(folder):
    pixels = RNG.integers(0, 256, (40, 40, 3), dtype=np.uint8)
    path = folder / "dog" / "3.png"
    Image.fromarray(pixels).resize((6, 4)).save(path)
    path.write_bytes(path.read_bytes()[:-60])


def empty(folder):
    (folder / "dog" / "5.png").write_bytes(b"")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (broken, "cat/3.png: not an image that Pillow can read"),
        (cut, "dog/3.png: the image is broken: "),
        (empty, "dog/5.png: not an image that Pillow can read"),
    ],
)
def test_a_photo_that_cannot_be_read_is_named(tmp_path, spoil, message):
    spoil(photos(tmp_path))
    with pytest.raises(ValueError, match=message) as error:
        load_arrays(str(tmp_path))
    assert "\n" not in str(error.value)


def one_class(folder):
    shutil.rmtree(folder / "cat")


def flat(folder):
    for kind in ("cat", "dog"):
        for file in (folder / kind).iterdir():
            file.rename(folder / f"{kind}-{file.name}")


def half_divided(folder):
    photos(folder / "train")


def no_train(folder):
    for kind in ("cat", "dog"):
        (folder / "test").mkdir(exist_ok=True)
        shutil.move(folder / kind, folder / "test" / kind)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (one_class, "needs at least two different labels, got only dog"),
        (flat, "has 20 images in no folder of a class; expected a folder a class with its images"),
        (half_divided, "where some folders are named after a split, all must be .*; cat, dog is"),
        (no_train, "has no folder train but test; expected a folder a class"),
    ],
)
def test_folders_that_cannot_be_used_say_why(tmp_path, change, message):
    change(photos(tmp_path))
    with pytest.raises(ValueError, match=message) as error:
        load_arrays(str(tmp_path))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("option", [{"label": "x"}, {"drop": "x"}, {"image": "x"}])
def test_options_of_tables_change_nothing(tmp_path, option):
    data = load_arrays(str(photos(tmp_path)), DataOptions(**option))
    assert "has folders of images and no columns" in data.intake.idle[next(iter(option))]
