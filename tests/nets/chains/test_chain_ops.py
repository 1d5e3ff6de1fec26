import pytest
import torch
from torch import nn

from raynas.nets import ACTIVATIONS, OPS, build_op

EXAMPLES = {
    "conv": ({"filters": 4, "kernel": 3, "stride": 2, "activation": "relu"}, (3, 5, 8), (4, 3, 4)),
    "max_pool": ({"kernel": 5, "stride": 2}, (3, 5, 8), (3, 3, 4)),
    "dense": ({"units": 6, "activation": "relu"}, (7,), (6,)),
}


def build(name, **changes):
    node, shape, expected = EXAMPLES[name]
    module, promised = build_op({"type": name, **node, **changes}, shape)
    return module, shape, promised, expected


def check_gradients(module, shape):
    torch.manual_seed(0)
    inputs = torch.randn(4, *shape, requires_grad=True)
    outputs = module(inputs)
    assert torch.isfinite(outputs).all()
    (outputs * torch.randn_like(outputs)).sum().backward()
    for tensor in (inputs, *module.parameters()):
        assert tensor.grad is not None
        assert torch.isfinite(tensor.grad).all()
        assert tensor.grad.abs().sum() > 0
    return outputs


def test_every_op_has_an_example_here():
    assert set(EXAMPLES) == set(OPS)


@pytest.mark.parametrize("name", OPS)
def test_op_gives_the_shape_it_promises_and_every_parameter_a_gradient(name):
    module, shape, promised, expected = build(name)
    outputs = check_gradients(module, shape)
    assert promised == expected
    assert outputs.shape == (4, *expected)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("name", ["conv", "dense"])
def test_each_activation_works_in_each_op_that_has_one(name, activation):
    module, shape, _, _ = build(name, activation=activation)
    check_gradients(module, shape)


@pytest.mark.parametrize(
    ("activation", "expected"),
    [
        ("relu", [0.0, 0.0, 2.0]),
        ("tanh", [-0.7616, 0.0, 0.9640]),
        ("sigmoid", [0.2689, 0.5, 0.8808]),
        ("gelu", [-0.1587, 0.0, 1.9545]),
        ("linear", [-1.0, 0.0, 2.0]),
    ],
)
def test_activations_are_what_their_names_say(activation, expected):
    outputs = ACTIVATIONS[activation]()(torch.tensor([-1.0, 0.0, 2.0]))
    assert outputs.tolist() == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("name", ["conv", "max_pool"])
def test_maps_never_shrink_to_nothing(name, kernel, stride):
    node = {"type": name, **EXAMPLES[name][0], "kernel": kernel, "stride": stride}
    for size in range(1, 12):
        module, (_, height, width) = build_op(node, (2, size, 1))
        assert module(torch.randn(2, 2, size, 1)).shape[2:] == (height, width)
        assert height >= 1
        assert width == 1


def test_conv_trains_on_one_sample_with_a_1x1_map():
    module, _ = build_op({"type": "conv", **EXAMPLES["conv"][0]}, (3, 1, 1))
    norm = next(part for part in module.modules() if isinstance(part, nn.BatchNorm2d))
    module.train()
    before = norm.running_mean.clone()
    outputs = module(torch.randn(1, 3, 1, 1))
    assert torch.isfinite(outputs).all()
    assert torch.equal(norm.running_mean, before)
    module(torch.randn(2, 3, 1, 1))
    assert not torch.equal(norm.running_mean, before)


@pytest.mark.parametrize(
    ("node", "shape", "message"),
    [
        ({"type": "lstm"}, (3,), "a/0/type: expected one of conv, max_pool, dense, got 'lstm'"),
        ({"type": "dense", "units": 3}, (3,), "a/0: a dense needs the option 'activation'"),
        (
            {"type": "dense", "units": 3, "activation": "Relu"},
            (3,),
            "a/0: activation: expected one of relu, tanh, sigmoid, gelu, linear, got 'Relu'",
        ),
        ({"type": "max_pool", "kernel": 3, "stride": 1}, (3,), "a/0: max_pool takes samples of"),
        ({"type": "dense", "units": 3, "activation": "relu"}, (3, 1, 1), "a/0: dense takes"),
    ],
)
def test_what_cannot_be_built_says_where_and_what_is_legal(node, shape, message):
    with pytest.raises(ValueError, match=message):
        build_op(node, shape, "a/0")
