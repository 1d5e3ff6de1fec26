import io

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from raynas.data import load_arrays
from raynas.nets import Network
from raynas.options.data_options import DataOptions

SPLITS = ("train", "validation", "test")


def encode(pixels, mode="L", kind="PNG"):
    buffer = io.BytesIO()
    Image.fromarray(np.asarray(pixels, dtype=np.uint8), mode="L").convert(mode).save(buffer, kind)
    return buffer.getvalue()


def image(value, mode="L", size=(4, 6)):
    """An image of one grey value, `size` high and wide."""
    return encode(np.full(size, value), mode)


def write(path, images, as_struct=False, **columns):
    cells = [{"bytes": data, "path": None} for data in images] if as_struct else images
    labels = np.arange(len(images)) % 2
    pd.DataFrame(
        {"id": np.arange(len(images)), **columns, "picture": cells, "label": labels}
    ).to_parquet(path)
    return str(path)


@pytest.mark.parametrize("as_struct", [True, False])
def test_images_are_found_and_decoded(tmp_path, as_struct):
    name = write(tmp_path / "t.parquet", [image(i) for i in range(40)], as_struct)
    data = load_arrays(name)
    assert data.input_shape == (1, 4, 6)
    for split in SPLITS:
        inputs = data.inputs[split]
        assert inputs.dtype == np.uint8
        assert (inputs[:, 0, 0, 0] % 2 == data.labels[split]).all()
        assert (inputs == inputs[:, :1, :1, :1]).all()


def test_pixels_keep_their_places(tmp_path):
    pixels = np.arange(24).reshape(4, 6) * 10
    data = load_arrays(write(tmp_path / "t.parquet", [encode(pixels)] * 10))
    assert (data.inputs["train"][0, 0] == pixels).all()


@pytest.mark.parametrize(
    ("modes", "channels"),
    [
        (["L", "1"], 1),
        (["L", "RGB"], 3),
        (["P", "L"], 3),
        (["RGB", "RGBA"], 4),
        (["LA", "RGB"], 4),
    ],
)
def test_one_format_holds_all_that_the_images_have(tmp_path, modes, channels):
    images = [image(255, modes[i % 2]) for i in range(20)]
    data = load_arrays(write(tmp_path / "t.parquet", images))
    assert data.input_shape == (channels, 4, 6)
    assert (data.inputs["train"] == 255).all()
    assert (data.std == 1).all()


def test_the_image_column_can_be_named(tmp_path):
    other = [image(200, size=(2, 2))] * 20
    name = write(tmp_path / "t.parquet", [image(100)] * 20, other=other)
    assert load_arrays(name).input_shape == (1, 2, 2)
    assert load_arrays(name, options=DataOptions(image="picture")).input_shape == (1, 4, 6)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (b"no image", "row 17: not an image that Pillow can read"),
        (encode(np.zeros((4, 6)), "F", "TIFF"),
         "row 17: expected an image with 8 bits a channel, or 16 in grey, got one of mode F"),
        (encode(np.arange(24).reshape(4, 6))[:-20], "row 17: the image is broken"),
        (None, "image column 'picture' of train has no value in row 17"),
    ],
    ids=["no image", "floats", "truncated", "null"],
)  # fmt: skip
def test_an_unusable_image_is_named_by_its_row(tmp_path, bad, message):
    images = [image(i) for i in range(40)]
    images[17] = bad
    with pytest.raises(ValueError, match=message) as error:
        load_arrays(write(tmp_path / "t.parquet", images))
    assert "\n" not in str(error.value)


def test_a_named_column_without_images(tmp_path):
    name = write(tmp_path / "t.parquet", [image(1)] * 20)
    with pytest.raises(
        ValueError,
        match=r"image column 'id' of train is missing or holds no encoded "
        r"images; the columns are id \(int64\), picture \(binary\), label \(int64\)",
    ):
        load_arrays(name, options=DataOptions(image="id"))


TURNS = {
    1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270,
}  # fmt: skip
"""How a picture is stored for each EXIF orientation, so that a viewer shows it upright."""


def photo(orientation, kind="PNG", exif=None):
    """Return a picture, bright in its upper left, as a camera stores it."""
    pixels = np.zeros((8, 16), np.uint8)
    pixels[:4, :8] = 200
    picture, turn = Image.fromarray(pixels), TURNS[orientation]
    if exif is None:
        tags = Image.Exif()
        tags[0x0112] = orientation
        exif = tags.tobytes()
    buffer = io.BytesIO()
    how = {"quality": 100} if kind == "JPEG" else {"lossless": True} if kind == "WEBP" else {}
    (picture.transpose(turn) if turn is not None else picture).save(buffer, kind, exif=exif, **how)
    return buffer.getvalue(), pixels


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_pictures_are_read_as_a_viewer_shows_them(tmp_path, kind):
    encoded, pixels = zip(*(photo(orientation, kind) for orientation in TURNS), strict=True)
    data = load_arrays(write(tmp_path / "t.parquet", list(encoded) * 5))
    assert data.input_shape[1:] == (8, 16)
    for split in SPLITS:
        assert np.abs(data.inputs[split][:, 0].astype(int) - pixels[0]).max() < 12
    if kind != "TIFF":  # of which Pillow turns the pixels itself
        assert "35 images turned upright by their EXIF orientation" in data.summary()


def test_the_size_is_that_of_the_upright_picture(tmp_path):
    for kind in ("JPEG", "TIFF"):
        images = [photo(6, kind)[0]] * 20 + [photo(1, kind)[0]] * 20
        data = load_arrays(write(tmp_path / "t.parquet", images))
        assert data.input_shape[1:] == (8, 16)
        assert not data.preparation.resized


def test_other_sizes_are_resized_and_that_is_said(tmp_path):
    images = [image(40, size=(30, 50))] * 20 + [image(200, size=(70, 40))] * 20
    name = write(tmp_path / "t.parquet", images)
    data = load_arrays(name)
    assert data.input_shape == (1, 35, 35)  # the median of 30 and 40
    assert data.preparation.resized
    assert "images resized to 35x35 pixels from 50x30 (" in data.summary()
    assert ") and 1 other sizes: another size by --set image_size=N" in data.summary()
    assert sorted(np.unique(data.inputs["train"])) == [40, 200]
    assert load_arrays(name, DataOptions(image_size=12)).input_shape == (1, 12, 12)


def test_large_images_are_made_small_unless_told_otherwise(tmp_path):
    name = write(tmp_path / "t.parquet", [image(40, size=(300, 400))] * 10)
    assert load_arrays(name).input_shape == (1, 64, 64)
    assert load_arrays(name, DataOptions(image_size=100)).input_shape == (1, 100, 100)


def test_an_image_of_another_size_in_another_part(tmp_path):
    write(tmp_path / "train.parquet", [image(1)] * 20)
    write(tmp_path / "test.parquet", [image(1)] * 3 + [image(1, size=(4, 5))])
    with pytest.raises(
        ValueError,
        match=r"of test, row 3: all images must have the size of those that are trained on, 6x4, "
        r"got 5x4: resize them all with --set image_size=N",
    ):
        load_arrays(str(tmp_path))


def test_sixteen_bits_become_eight(tmp_path):
    values = np.arange(24, dtype=np.uint16).reshape(4, 6) * 2000
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, "PNG")
    data = load_arrays(write(tmp_path / "t.parquet", [buffer.getvalue()] * 10))
    assert (data.inputs["train"][0, 0] == values >> 8).all()
    assert "converted to L" in data.summary()


def test_predict_resizes_as_the_data_was(tmp_path):
    encoded = [image(40, size=(30, 50)), encode(np.arange(2000).reshape(40, 50) // 8)] * 10
    data = load_arrays(write(tmp_path / "t.parquet", encoded), DataOptions(image_size=8))
    seen = []

    class Watching(torch.nn.Module):
        def forward(self, inputs):
            seen.append(inputs.numpy())
            return torch.zeros(len(inputs), 2)

    network = Network(Watching(), (1, 8, 8), ("a", "b"), data.preparation).eval()
    network.predict(Image.open(io.BytesIO(encoded[1])))
    assert any((seen[0][0] == inputs).all() for inputs in data.inputs["train"])


def test_exif_that_cannot_be_read_turns_nothing(tmp_path):
    for broken in (b"Exif\0\0garbage", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff", b"Exif\0\0II*\0"):
        encoded, pixels = photo(1, "JPEG", broken)
        data = load_arrays(write(tmp_path / "t.parquet", [encoded] * 10))
        assert np.abs(data.inputs["train"][0, 0].astype(int) - pixels).max() < 12


def test_what_is_left_out_and_converted_is_said(tmp_path):
    images = [image(1, "L"), image(2, "RGB")] * 10
    summary = load_arrays(write(tmp_path / "t.parquet", images)).summary()
    assert "learning from picture; left out: id (int64); " in summary
    assert "images of mode L, RGB converted to RGB" in summary
