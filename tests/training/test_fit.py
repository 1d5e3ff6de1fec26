import logging
import threading
import time

import pytest
import torch
from torch import nn

from raynas.nets import build_chain_cnn, build_mlp
from raynas.options.training_options import TrainingOptions
from raynas.training import CandidateError, evaluate_test, fit, load_candidate

CNN = {
    "features": [
        {"type": "conv", "filters": 16, "kernel": 3, "stride": 1, "activation": "relu"},
        {"type": "max_pool", "kernel": 3, "stride": 2},
        {"type": "conv", "filters": 32, "kernel": 3, "stride": 1, "activation": "relu"},
    ],
    "classifier": [],
}
MLP = {"layers": [{"type": "dense", "units": 16, "activation": "tanh"}]}
ONE = TrainingOptions(epochs=1)
METRICS = {
    "epoch", "train_loss", "val_loss", "val_accuracy", "val_f1", "params", "macs", "latency_ms",
    "train_seconds",
}  # fmt: skip


def test_digits_are_learned_in_a_few_epochs(train, digits):
    history = train(
        build_chain_cnn, CNN, digits, TrainingOptions(epochs=6, batch_size=32, learning_rate=1e-2)
    )
    last = history.metrics[-1]
    assert last["val_accuracy"] > 0.97
    assert last["val_f1"] == pytest.approx(last["val_accuracy"], abs=0.01)
    assert last["val_loss"] < 0.15
    tested = evaluate_test(build_chain_cnn, CNN, digits, ONE, history.checkpoint(6))
    assert set(tested) == {"test_loss", "test_accuracy", "test_f1"}
    assert tested["test_accuracy"] > 0.95


def test_synthetic_is_learned(train, synthetic):
    history = train(build_mlp, MLP, synthetic, TrainingOptions(learning_rate=1e-2))
    assert history.metrics[-1]["val_accuracy"] > 0.95


def test_metrics_are_plain_numbers(train, digits):
    (metrics,) = train(build_chain_cnn, CNN, digits, ONE).metrics
    assert set(metrics) == METRICS
    integers = {"epoch", "params", "macs"}
    for name, value in metrics.items():
        assert type(value) is (int if name in integers else float), name


def test_a_checkpoint_alone_makes_the_network_usable_on_stored_inputs(train, digits):
    history = train(build_chain_cnn, CNN, digits, TrainingOptions(epochs=3))
    candidate = load_candidate(build_chain_cnn, CNN, digits, ONE, history.checkpoint(3)).eval()
    assert candidate.mean.tolist() == pytest.approx(digits.mean)
    with torch.no_grad():
        outputs = candidate(torch.from_numpy(digits.inputs["validation"]))
    right = outputs.argmax(dim=1).numpy() == digits.labels["validation"]
    assert right.mean() == pytest.approx(history.metrics[-1]["val_accuracy"])
    loss = nn.functional.cross_entropy(outputs, torch.from_numpy(digits.labels["validation"]))
    assert float(loss) == pytest.approx(history.metrics[-1]["val_loss"], rel=1e-4)


def test_returning_true_stops_after_this_epoch(train, synthetic):
    history = train(build_mlp, MLP, synthetic, TrainingOptions(epochs=9), stop_after=2)
    assert [metrics["epoch"] for metrics in history.metrics] == [1, 2]


def test_train_seconds_are_all_that_the_training_has_cost(synthetic):
    seconds = []

    def on_epoch(curve, save):
        seconds.append(curve[-1]["train_seconds"])
        time.sleep(0.2)
        return False

    started = time.perf_counter()
    fit(build_mlp, MLP, synthetic, TrainingOptions(epochs=3), seed=0, on_epoch=on_epoch)
    assert seconds[0] + 0.2 < seconds[1] < seconds[2] - 0.2
    assert seconds[2] < time.perf_counter() - started - 0.2


def test_the_architecture_decides_its_own_training(train, synthetic):
    value = {**MLP, "training": {"optimizer": "sgd", "learning_rate": 0.25, "schedule": "constant"}}
    history = train(build_mlp, value, synthetic, ONE)
    (group,) = history.state(1)["optimizer_states"][0]["param_groups"]
    assert (group["lr"], group["momentum"]) == (0.25, 0.9)


def learning_rates(history):
    return [
        history.state(metrics["epoch"])["optimizer_states"][0]["param_groups"][0]["lr"]
        for metrics in history.metrics
    ]


def test_learning_rate_schedules(train, synthetic):
    cosine = train(build_mlp, MLP, synthetic, TrainingOptions(epochs=4, learning_rate=0.1))
    expected = [0.085355, 0.05, 0.014645, 0.0]
    assert learning_rates(cosine) == pytest.approx(expected, abs=1e-6)
    config = TrainingOptions(epochs=2, learning_rate=0.1, schedule="constant")
    assert learning_rates(train(build_mlp, MLP, synthetic, config, folder="c")) == [0.1, 0.1]


def build_nan(value, input_shape, num_outputs):
    """Build a net whose outputs become NaN after `value` steps of training, or in evaluation."""

    class Failing(nn.Linear):
        steps = 0

        def forward(self, inputs):
            self.steps += self.training
            failing = value == "validation" if not self.training else self.steps > value
            return super().forward(inputs) * (torch.nan if failing else 1)

    if value == "validation":

        class FailingInEvaluation(nn.Linear):
            def forward(self, inputs):
                return super().forward(inputs) * (1 if self.training else torch.inf)

        return FailingInEvaluation(input_shape[0], num_outputs)
    return Failing(input_shape[0], num_outputs)


@pytest.mark.parametrize(
    ("value", "message", "finished"),
    [
        (7, "training loss is nan in epoch 3", 2),
        ("validation", "validation loss is nan in epoch 1", 0),
    ],
)
def test_a_loss_that_is_not_finite_fails_the_candidate(synthetic, value, message, finished):
    seen = []
    config = TrainingOptions(epochs=5, batch_size=400)
    with pytest.raises(CandidateError, match=f"^{message}$"):
        fit(
            build_nan,
            value,
            synthetic,
            config,
            seed=0,
            on_epoch=lambda curve, save: seen.append(curve),
        )
    assert len(seen) == finished


def test_what_cannot_be_built_is_a_value_error(synthetic):
    with pytest.raises(ValueError, match="chain_cnn needs images"):
        fit(build_chain_cnn, CNN, synthetic, ONE, seed=0, on_epoch=lambda curve, save: False)


def test_training_works_in_a_thread_and_says_nothing(synthetic, capfd, caplog):
    done = []

    def run():
        fit(build_mlp, MLP, synthetic, ONE, seed=0, on_epoch=lambda curve, save: done.append(curve))

    with caplog.at_level(logging.INFO):
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    assert len(done) == 1
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


@pytest.mark.parametrize("precision", ["bf16-mixed", "16-mixed"])
def test_lower_precision_trains_on_a_cpu_too(train, digits, precision):
    config = TrainingOptions(epochs=3, learning_rate=3e-3, precision=precision)
    history = train(build_chain_cnn, CNN, digits, config, accelerator="cpu")
    assert history.metrics[-1]["val_accuracy"] > 0.9


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_training_on_a_gpu_learns_the_digits(train, digits):
    config = TrainingOptions(epochs=5, learning_rate=3e-3, precision="16-mixed", gradient_clip=1.0)
    history = train(build_chain_cnn, CNN, digits, config, accelerator="gpu", stop_after=2)
    resumed = train(
        build_chain_cnn, CNN, digits, config, accelerator="gpu", checkpoint=history.checkpoint(2)
    )
    assert resumed.metrics[-1]["val_accuracy"] > 0.97
    tested = evaluate_test(build_chain_cnn, CNN, digits, config, resumed.checkpoint(5))
    assert tested["test_accuracy"] > 0.95


class Weighted(nn.Module):
    """Multiplies by a matrix in a way that no formula for MACs sees."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(outputs, inputs))

    def forward(self, inputs):
        return (inputs[:, None] * self.weight).sum(-1)


def test_the_first_epoch_says_which_layers_the_macs_leave_out(train, synthetic):
    def build(value, input_shape, num_outputs):
        return Weighted(*input_shape, num_outputs)

    first, second = train(build, {}, synthetic, TrainingOptions(epochs=2)).metrics
    assert first["macs"] == 0
    assert first["warning"] == "the MACs leave out what has no formula: Weighted"
    assert "warning" not in second
