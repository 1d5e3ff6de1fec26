"""Every layer of torch.nn that has weights, against a count by hand."""

import pytest
import torch
from layer_cases import CASES, Case, Net
from torch import nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from raynas.nets import build_mlp, count_macs, measure_macs, uncounted_warning
from raynas.nets.macs import FORMULAS

pytestmark = [
    pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN"),
    pytest.mark.filterwarnings("ignore:TF32 acceleration on top of oneDNN"),
    pytest.mark.filterwarnings("ignore:.*(torch.jit.script|nn.Container|NLLLoss2d).* deprecated"),
]


def each_case() -> list:
    return [
        pytest.param(case, id=f"{kind.__name__}-{place}")
        for kind, cases in CASES.items()
        for place, case in enumerate(cases)
    ]


@pytest.mark.parametrize("case", each_case())
def test_a_layer_by_hand(case):
    assert measure_macs(Net(case), case.shape) == (case.macs, ())
    assert count_macs(Net(case, times=3), case.shape) == 3 * case.macs


@pytest.mark.parametrize("case", each_case())
def test_the_count_is_that_of_the_layer_whatever_kernels_there_are(case):
    with torch.backends.mkldnn.flags(enabled=False):
        assert count_macs(Net(case), case.shape) == case.macs


ARGUMENTS = ((), (2,), (2, 2), (2, 2, 2), (2, [1]))


def test_every_layer_of_torch_with_weights_is_in_the_table():
    """What is not there has no weights: it is made, in one of the usual ways, and looked at."""
    kinds = {m for m in vars(nn).values() if isinstance(m, type) and issubclass(m, nn.Module)}
    unmade = []
    for kind in sorted(kinds - set(CASES), key=lambda kind: kind.__name__):
        if kind.__name__.startswith("Lazy"):
            continue  # becomes one of the others
        for arguments in ARGUMENTS:
            try:
                layer = kind(*arguments)
            except (TypeError, ValueError, AssertionError):
                continue
            assert not list(layer.parameters()), f"{kind.__name__} has weights"
            break
        else:
            unmade.append(kind.__name__)
    assert unmade == ["RNNBase", "RNNCellBase"]  # of which the others are made


@pytest.mark.parametrize(
    ("use", "shape", "macs"),
    [
        (lambda w, x: x @ w[0], (6, 4), 6 * 4),
        (lambda w, x: torch.addmv(x[0, :, 0], x[0], w[0]), (6, 4), 6 * 4),
        (lambda w, x: torch.dot(x[0], w[0])[None], (4,), 4),
        (lambda w, x: torch.vdot(x[0], w[0])[None], (4,), 4),
        (lambda w, x: torch.einsum("bsd,btd->bst", x, x), (6, 4), 6 * 6 * 4),
        (lambda w, x: functional.bilinear(x, x[..., :3], w[:, None, :3].expand(4, 4, 3)), (4,),
         4 * 4 * 3),
        (lambda w, x: torch.addbmm(w, x.transpose(1, 2), x), (6, 4), 6 * 4 * 4),
        (lambda w, x: torch.conv_tbc(x.transpose(0, 1), w[None].expand(3, 4, 4), w[0], 1), (6, 4),
         6 * 3 * 4 * 4),
        (lambda w, x: functional.scaled_dot_product_attention(*[x[:, None]] * 3), (6, 8),
         2 * 6 * 6 * 8),
        (lambda w, x: functional.scaled_dot_product_attention(*[x[:, None]] * 3, is_causal=True),
         (6, 8), 2 * 6 * 6 * 8),
        (lambda w, x: functional.scaled_dot_product_attention(
            x[:, None], x[:, None, :5], x[:, None, :5, :3]), (6, 8), 6 * 5 * (8 + 3)),
    ],
)  # fmt: skip
def test_products_without_a_layer(use, shape, macs):
    net = Net(Case(nn.Linear(4, 4), shape, macs, lambda layer, x: use(layer.weight, x)))
    assert measure_macs(net, shape) == (macs, ())


def test_a_shared_layer_counts_each_time():
    layer = nn.Linear(8, 8)
    assert count_macs(nn.Sequential(layer, layer), (8,)) == 128


def test_a_scripted_layer_counts():
    assert count_macs(torch.jit.script(nn.Conv2d(3, 4, 3)), (3, 5, 5)) == 9 * 27 * 4


def test_counting_leaves_the_fast_path_of_attention_as_it_is():
    for enabled in (False, True):
        torch.backends.mha.set_fastpath_enabled(enabled)
        count_macs(build_mlp({"layers": []}, (10,), 2), (10,))
        assert torch.backends.mha.get_fastpath_enabled() == enabled


class Weighted(nn.Module):
    """Multiplies by a matrix in a way that no formula sees."""

    def __init__(self, layer: nn.Module | None = None) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(4, 4))
        self.layer = layer

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        mixed = (inputs[..., None] * self.weight).sum(-1)
        return self.layer(mixed) if self.layer else mixed


def test_a_layer_whose_weights_no_formula_sees_is_named():
    count = measure_macs(nn.Sequential(nn.Linear(4, 4), Weighted(), nn.ReLU()), (4,))
    assert count == (16, ("1 (Weighted)",))
    assert uncounted_warning(count) == "the MACs leave out what has no formula: 1 (Weighted)"
    assert measure_macs(Weighted(), (4,)) == (0, ("Weighted",))
    many = measure_macs(nn.Sequential(*(Weighted() for _ in range(5))), (4,))
    assert uncounted_warning(many).endswith(": 0 (Weighted), 1 (Weighted), 2 (Weighted) and 2 more")


def test_what_counts_in_itself_or_takes_no_part_is_not_named():
    unused = nn.ModuleDict({"used": nn.Linear(4, 4), "unused": Weighted()})
    net = Net(Case(unused, (4,), 16, lambda layers, x: layers["used"](x)))
    assert measure_macs(net, (4,)) == (16, ())
    assert uncounted_warning(measure_macs(net, (4,))) is None
    assert measure_macs(Weighted(nn.Linear(4, 4)), (4,)) == (16, ())


@pytest.mark.parametrize("two_ways", [False, True])
def test_the_recurrent_kernel_of_a_gpu(two_ways):
    """Only the shapes are needed: tensors without values stand for those of a GPU."""
    ways, steps, batch, size = 1 + two_ways, 10, 3, 32
    layers = [
        torch.empty(4 * size, width, device="meta")
        for inputs in (16, ways * size)
        for _ in range(ways)
        for width in (inputs, size)
    ]
    bias = torch.empty(4 * size, device="meta")
    weights = [part for pair in zip(layers[::2], layers[1::2], strict=True)
               for part in (*pair, bias, bias)]  # fmt: skip
    inputs = torch.empty(steps, batch, 16, device="meta")
    state = torch.empty(2 * ways, batch, size, device="meta")
    with FlopCounterMode(display=False, custom_mapping=FORMULAS) as counter:
        torch.ops.aten._cudnn_rnn(
            inputs, weights, 4, None, state, state, 2, size, 0, 2, False, 0.0, False, two_ways,
            [], None,
        )  # fmt: skip
    by_hand = ways * 4 * (16 * size + size * size) + ways * 4 * (ways * size + size) * size
    assert counter.get_total_flops() == 2 * steps * batch * by_hand
