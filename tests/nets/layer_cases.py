"""Every layer of torch.nn that has weights, with its multiply-accumulates by hand."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

T, N, H = 10, 16, 32
S, D, F = 12, 32, 64
M = 7  # steps of a decoder's memory


def attention(steps: int, memory: int, width: int = D) -> int:
    """Projections of queries, keys, values and results, and the two products between them."""
    return 2 * steps * width**2 + 2 * memory * width**2 + 2 * steps * memory * width


ENCODER = attention(S, S) + 2 * S * D * F
DECODER = attention(S, S) + attention(S, M) + 2 * S * D * F


@dataclass
class Case:
    layer: nn.Module
    shape: tuple[int, ...]
    macs: int
    call: Callable[[nn.Module, torch.Tensor], torch.Tensor] = lambda layer, x: layer(x)


def first(layer, x):
    return layer(x)[0]


def late(layer, x):
    return layer(x.transpose(0, 1))[0]


def rows(layer, x):
    return layer((10 * x).long())


def itself(layer, x):
    return layer(x, x, x, need_weights=False)[0]


def decoded(layer, x):
    return layer(x, x[:, :M])


def log_softmax(layer, x):
    return layer.log_prob(x)


def recurrent(kind: type[nn.Module], gates: int) -> list[Case]:
    one = T * gates * (N * H + H * H)
    deep = one + T * gates * 2 * H * H
    back = 2 * one + 2 * T * gates * (2 * H * H + H * H)
    return [
        Case(kind(N, H, batch_first=True), (T, N), one, first),
        Case(kind(N, H, bias=False, batch_first=True), (T, N), one, first),
        Case(kind(N, H), (T, N), one, late),
        Case(kind(N, H, num_layers=2, batch_first=True), (T, N), deep, first),
        Case(kind(N, H, 2, batch_first=True, bidirectional=True), (T, N), back, first),
    ]


def transposed(kind: type[nn.Module], dims: int) -> list[Case]:
    size, places = (5,) * dims, 5**dims
    return [
        Case(kind(8, 4, 2, 2), (8, *size), places * 8 * 4 * 2**dims),
        Case(kind(8, 4, 2, 2, groups=2), (8, *size), places * 8 * 2 * 2**dims),
        Case(kind(8, 4, 3, 2, 1, output_padding=1), (8, *size), places * 8 * 4 * 3**dims),
    ]


def convolved(kind: type[nn.Module], dims: int) -> list[Case]:
    size = (9,) * dims
    return [
        Case(kind(4, 6, 3), (4, *size), 7**dims * 3**dims * 4 * 6),
        Case(kind(4, 6, 3, padding="same", bias=False), (4, *size), 9**dims * 3**dims * 4 * 6),
        Case(kind(4, 6, 3, padding=2, dilation=2), (4, *size), 9**dims * 3**dims * 4 * 6),
        Case(kind(4, 6, 3, 2, 1, groups=2), (4, *size), 5**dims * 3**dims * 2 * 6),
        Case(kind(4, 8, 3, padding=1, groups=4), (4, *size), 9**dims * 3**dims * 8),
        Case(
            kind(4, 6, 3, padding=1, padding_mode="circular"),
            (4, *size),
            9**dims * 3**dims * 4 * 6,
        ),
    ]


def head(**options) -> nn.MultiheadAttention:
    return nn.MultiheadAttention(D, 4, batch_first=True, **options)


PROJECTED = T * 4 * (N * H + 8 * H) + T * H * 8
OTHER_WIDTHS = 2 * S * D * D + S * 8 * D + S * 8 * D + 2 * S * S * D
CASES: dict[type[nn.Module], list[Case]] = {
    nn.Linear: [
        Case(nn.Linear(64, 32, bias=False), (64,), 64 * 32),
        Case(nn.Linear(64, 32), (7, 64), 7 * 64 * 32),
    ],
    nn.Bilinear: [
        Case(nn.Bilinear(8, 8, 5), (8,), 8 * 8 * 5, lambda m, x: m(x, x)),
        Case(nn.Bilinear(8, 8, 5, bias=False), (3, 8), 3 * 8 * 8 * 5, lambda m, x: m(x, x)),
    ],
    nn.Conv1d: convolved(nn.Conv1d, 1),
    nn.Conv2d: [
        *convolved(nn.Conv2d, 2),
        Case(nn.Conv2d(16, 16, 3, 2, 1, groups=16), (16, 9, 9), 5 * 5 * 9 * 16),
        Case(nn.Conv2d(3, 8, (3, 1), padding=(1, 0)), (3, 10, 7), 70 * 9 * 8),
    ],
    nn.Conv3d: convolved(nn.Conv3d, 3),
    nn.ConvTranspose1d: transposed(nn.ConvTranspose1d, 1),
    nn.ConvTranspose2d: transposed(nn.ConvTranspose2d, 2),
    nn.ConvTranspose3d: transposed(nn.ConvTranspose3d, 3),
    nn.RNN: recurrent(nn.RNN, 1),
    nn.GRU: recurrent(nn.GRU, 3),
    nn.LSTM: [
        *recurrent(nn.LSTM, 4),
        Case(nn.LSTM(N, H, proj_size=8, batch_first=True), (T, N), PROJECTED, first),
    ],
    nn.RNNCell: [Case(nn.RNNCell(N, H), (N,), N * H + H * H)],
    nn.GRUCell: [Case(nn.GRUCell(N, H), (N,), 3 * (N * H + H * H))],
    nn.LSTMCell: [Case(nn.LSTMCell(N, H), (N,), 4 * (N * H + H * H), first)],
    nn.MultiheadAttention: [
        Case(head(), (S, D), attention(S, S), itself),
        Case(head(), (S, D), attention(S, S), lambda m, x: m(x, x, x)[0]),
        Case(head(bias=False), (S, D), attention(S, S), itself),
        Case(head(), (S, D), attention(S, M), lambda m, x: m(x, x[:, :M], x[:, :M])[0]),
        Case(
            head(kdim=8, vdim=8),
            (S, D),
            OTHER_WIDTHS,
            lambda m, x: m(x, x[..., :8], x[..., :8], need_weights=False)[0],
        ),
        Case(
            head(),
            (S, D),
            attention(S, S),
            lambda m, x: m(x, x, x, attn_mask=torch.ones(S, S).triu(1).bool())[0],
        ),
        Case(
            nn.MultiheadAttention(D, 4),
            (S, D),
            attention(S, S),
            lambda m, x: m(*[x.transpose(0, 1)] * 3)[0],
        ),
    ],
    nn.TransformerEncoderLayer: [
        Case(nn.TransformerEncoderLayer(D, 4, F, batch_first=True), (S, D), ENCODER),
        Case(
            nn.TransformerEncoderLayer(
                D, 4, F, batch_first=True, norm_first=True, activation="gelu"
            ),
            (S, D),
            ENCODER,
        ),
        Case(
            nn.TransformerEncoderLayer(D, 4, F), (S, D), ENCODER, lambda m, x: m(x.transpose(0, 1))
        ),
    ],
    nn.TransformerEncoder: [
        Case(
            nn.TransformerEncoder(nn.TransformerEncoderLayer(D, 4, F, batch_first=True), 2),
            (S, D),
            2 * ENCODER,
        ),
        Case(
            nn.TransformerEncoder(nn.TransformerEncoderLayer(D, 4, F, batch_first=True), 2),
            (S, D),
            2 * ENCODER,
            lambda m, x: m(x, src_key_padding_mask=torch.zeros(len(x), S).bool()),
        ),
    ],
    nn.TransformerDecoderLayer: [
        Case(nn.TransformerDecoderLayer(D, 4, F, batch_first=True), (S, D), DECODER, decoded)
    ],
    nn.TransformerDecoder: [
        Case(
            nn.TransformerDecoder(nn.TransformerDecoderLayer(D, 4, F, batch_first=True), 3),
            (S, D),
            3 * DECODER,
            decoded,
        )
    ],
    nn.Transformer: [
        Case(
            nn.Transformer(D, 4, 1, 2, F, batch_first=True),
            (S, D),
            attention(M, M) + 2 * M * D * F + 2 * DECODER,
            lambda m, x: m(x[:, :M], x),
        )
    ],
    nn.AdaptiveLogSoftmaxWithLoss: [
        Case(
            nn.AdaptiveLogSoftmaxWithLoss(16, 20, [10], div_value=2.0),
            (16,),
            16 * 11 + 16 * 8 + 8 * 10,
            log_softmax,
        )
    ],
    nn.Embedding: [Case(nn.Embedding(10, 8), (5,), 0, rows)],
    nn.EmbeddingBag: [Case(nn.EmbeddingBag(10, 8), (5,), 0, rows)],
    nn.BatchNorm1d: [Case(nn.BatchNorm1d(4), (4, 9), 0)],
    nn.BatchNorm2d: [Case(nn.BatchNorm2d(4), (4, 9, 9), 0)],
    nn.BatchNorm3d: [Case(nn.BatchNorm3d(4), (4, 9, 9, 9), 0)],
    nn.SyncBatchNorm: [Case(nn.SyncBatchNorm(4), (4, 9), 0)],
    nn.InstanceNorm1d: [Case(nn.InstanceNorm1d(4, affine=True), (4, 9), 0)],
    nn.InstanceNorm2d: [Case(nn.InstanceNorm2d(4, affine=True), (4, 9, 9), 0)],
    nn.InstanceNorm3d: [Case(nn.InstanceNorm3d(4, affine=True), (4, 9, 9, 9), 0)],
    nn.GroupNorm: [Case(nn.GroupNorm(2, 4), (4, 9), 0)],
    nn.LayerNorm: [Case(nn.LayerNorm((4, 9)), (4, 9), 0)],
    nn.RMSNorm: [Case(nn.RMSNorm((4, 9)), (4, 9), 0)],
    nn.PReLU: [Case(nn.PReLU(4), (4, 9), 0)],
}
if hasattr(nn, "LinearCrossEntropyLoss"):  # since PyTorch 2.13
    CASES[nn.LinearCrossEntropyLoss] = [
        Case(
            nn.LinearCrossEntropyLoss(8, 4),
            (8,),
            8 * 4,
            lambda m, x: m(x, torch.zeros(len(x)).long()),
        )
    ]


class Net(nn.Module):
    """A layer in a net, that is called as the case says with `times` copies of the sample."""

    def __init__(self, case: Case, times: int = 1) -> None:
        super().__init__()
        self.layer, self.use, self.times = case.layer, case.call, times

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.use(self.layer, inputs.repeat_interleave(self.times, dim=0))
