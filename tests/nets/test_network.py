"""A network that is ready to use: raw inputs in, names of classes out."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from raynas.nets import Network


class Brightest(nn.Module):
    """Answers with the mean of each of the first three pixels of the first row, over channels."""

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return inputs[:, :, 0, :3].mean(dim=1)


def network(channels: int) -> Network:
    net = Network(Brightest(), (channels, 4, 5), ["left", "middle", "right"])
    net.load_weights({"mean": torch.full((channels,), 9.0), "std": torch.full((channels,), 2.0)})
    return net.eval()


def image(channels: int, brightest: int) -> np.ndarray:
    pixels = np.arange(channels * 20, dtype=np.uint8).reshape(channels, 4, 5)
    pixels[:, 0, brightest] += 100
    return pixels


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_an_image_is_named_in_whatever_form_it_comes(channels):
    net = network(channels)
    for number, name in enumerate(net.label_names):
        first = image(channels, number)
        last = first.transpose(1, 2, 0)
        pillow = Image.fromarray(last[:, :, 0] if channels == 1 else last)
        forms = [first, last, torch.from_numpy(first), first.tolist(), first / 1.0, pillow]
        for form in [*forms, *([first[0]] if channels == 1 else [])]:
            assert net.predict(form) == name
        batches = [np.stack([first, image(channels, 0)]), torch.from_numpy(np.stack([first] * 2))]
        for batch in [*batches, batches[0].transpose(0, 2, 3, 1)]:
            assert net.predict(batch)[0] == name
        assert net.predict(batches[0]) == [name, "left"]


def test_colours_are_brought_to_what_the_net_takes():
    pillow = Image.fromarray(image(3, 2).transpose(1, 2, 0))
    assert network(1).predict(pillow) == "right"
    assert network(4).predict(pillow) == "right"


@pytest.mark.parametrize(
    ("mode", "size", "said"),
    [
        ("RGB", (28, 20), r"expected an image of 5x4 pixels, got 28x20.*image.resize\(\(5, 4\)\)"),
        ("I", (5, 4), "8 bits a channel, got one of mode I"),
        ("F", (5, 4), "8 bits a channel, got one of mode F"),
    ],
)
def test_an_image_that_is_no_sample_is_refused(mode, size, said):
    with pytest.raises(ValueError, match=said):
        network(3).predict(Image.new(mode, size))


def test_inputs_are_normalised():
    inputs = torch.from_numpy(image(3, 1))[None]
    assert torch.equal(network(3)(inputs), Brightest()((inputs.float() - 9) / 2))


def test_rows_of_numbers():
    net = Network(nn.Identity(), (2,), ["a", "b"]).eval()
    assert net.predict([0.1, 0.2]) == "b"
    assert net.predict(np.array([[3, 2], [2, 3]])) == ["a", "b"]


@pytest.mark.parametrize("shape", [(4, 4), (5, 4), (3, 4, 5, 1), (20,), (2, 4, 5), ()])
def test_another_shape_is_refused(shape):
    with pytest.raises(ValueError, match=r"expected one sample of shape \(3, 4, 5\).*got shape"):
        network(3).predict(np.zeros(shape))
