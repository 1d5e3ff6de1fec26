import copy
import time

import torch

from raynas.nets import (
    build_chain_cnn,
    build_mlp,
    count_macs,
    count_parameters,
    measure_alone,
    measure_latency,
)

CNN = {
    "features": [
        {"type": "conv", "filters": 16, "kernel": 3, "stride": 2, "activation": "relu"},
        {"type": "max_pool", "kernel": 3, "stride": 1},
        {"type": "conv", "filters": 8, "kernel": 5, "stride": 1, "activation": "linear"},
    ],
    "classifier": [{"type": "dense", "units": 12, "activation": "relu"}],
}


def test_mlp_by_hand():
    value = {"layers": [{"type": "dense", "units": 20, "activation": "relu"}]}
    net = build_mlp(value, (10,), 2)
    assert count_parameters(net) == 10 * 20 + 20 + 20 * 2 + 2
    assert count_macs(net, (10,)) == 10 * 20 + 20 * 2


def test_cnn_by_hand():
    net = build_chain_cnn(CNN, (3, 8, 8), 10)
    weights = 3 * 16 * 9, 16 * 8 * 25, 8 * 4 * 4 * 12, 12 * 10
    assert count_parameters(net) == sum(weights) + 2 * 16 + 2 * 8 + 12 + 10
    per_weight = 4 * 4, 4 * 4, 1, 1
    assert count_macs(net, (3, 8, 8)) == sum(
        weight * times for weight, times in zip(weights, per_weight, strict=True)
    )


def test_frozen_parameters_do_not_count():
    net = build_mlp({"layers": []}, (10,), 2)
    net.requires_grad_(False)
    assert count_parameters(net) == 0
    assert count_macs(net, (10,)) == 20


def test_counting_leaves_modes_statistics_and_random_numbers_alone():
    net = build_chain_cnn(CNN, (3, 8, 8), 10).train()
    net[1].eval()
    modes = [module.training for module in net.modules()]
    state = copy.deepcopy(net.state_dict())
    generator = torch.get_rng_state()
    count_macs(net, (3, 8, 8))
    assert [module.training for module in net.modules()] == modes
    assert all(torch.equal(value, state[name]) for name, value in net.state_dict().items())
    assert torch.equal(torch.get_rng_state(), generator)
    assert all(parameter.grad is None for parameter in net.parameters())


def test_latency_is_the_time_of_one_input_and_changes_nothing():
    class Slow(torch.nn.BatchNorm1d):
        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            time.sleep(0.02)
            return super().forward(inputs)

    net = Slow(3).train()
    before = copy.deepcopy(net.state_dict())
    assert 20 <= measure_latency(net, (3,)) < 200
    assert net.training
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())
    quick = build_mlp({"layers": []}, (10,), 2)
    assert 0 < measure_latency(quick, (10,)) < 20


def test_a_latency_alone_has_its_spread():
    class Uneven(torch.nn.Module):
        calls = 0

        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            self.calls += 1
            time.sleep(0.03 if self.calls % 3 else 0.005)
            return inputs

    latency = measure_alone(Uneven(), (3,))
    assert 5 <= latency.low < 25 < latency.median <= latency.high < 200
