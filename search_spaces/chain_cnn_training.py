"""The chains of `chain_cnn`, each with how it is trained: optimiser and learning rate.

The optimiser is Adam, RMSprop or SGD with momentum 0.9; the learning rate is one of seven on a
logarithmic grid from 1e-4 to 1e-1, two a decade. What a chain is made of, and that it can be built
for any image, is as in `chain_cnn`. About 2e11 architectures.
"""

from raynas.nets import build_chain_cnn as build
from raynas.space import Choice, Record, When, load_space

__all__ = ["build", "space"]

training = Record(
    optimizer=Choice(["adam", "rmsprop", "sgd"]),
    momentum=When("optimizer", ["sgd"], 0.9),
    learning_rate=Choice([1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1], ordered=True),
)

space = Record(load_space("chain_cnn").space.fields, training=training)
