"""With one option forced for each mixture the supernet is the discrete net, to rounding."""

import numpy as np
import pytest
import torch
from supernet_cases import CLASSES, IMAGE, SMALL, batch, build, randomise
from torch import nn

from raynas.nets import WiredCell
from raynas.nets.chains.relaxed_chain import RelaxedChain
from raynas.space import Architecture, sample
from raynas.space.relaxation import taken


def give(module, **values):
    """Copy the first entries of tensors into a module's own, smaller ones."""
    for name, value in values.items():
        own = getattr(module, name)
        own.data.copy_(value[tuple(slice(n) for n in own.shape)])


def share_cells(supernet, net, architecture):
    shared = dict(supernet.net.named_modules())
    chosen = taken(supernet.space.space, architecture.picks)
    state = supernet.net.state_dict()
    net.load_state_dict({k: v for k, v in state.items() if k in net.state_dict()}, strict=False)
    for name, cell in net.named_modules():
        if isinstance(cell, WiredCell):
            for i, node in enumerate(cell.wires):
                mixed = [op for edge, op in shared[name].ops.items() if edge.startswith(f"{i}/")]
                mixed = [op for op in mixed if chosen[op.path] is not None]
                for edge, _ in node:
                    op = mixed[int(edge.rpartition("/")[2])]
                    term = op.terms[op.options[chosen[op.path]]]
                    cell.ops[edge].load_state_dict(term.op.state_dict(), strict=False)


def share_features(chain, net, nodes):
    size = IMAGE[1:]
    for i, node in enumerate(nodes):
        if node["type"] == "conv":
            relaxed = chain.layers[i].layers[0]
            give(net[i][0], weight=relaxed.kernels[str(node["kernel"])].weight)
            norm = relaxed.norms[f"{size[0]}x{size[1]} by {node['stride']}"]
            give(net[i][1], running_mean=norm.running_mean, running_var=norm.running_var)
        size = tuple(-(-n // node["stride"]) for n in size)
    return f"{size[0]}x{size[1]}"


def share_classifier(classifier, net, source):
    *hidden, last = [module for module in net.modules() if isinstance(module, nn.Linear)]
    for linear, relaxed in zip(hidden, classifier.layers, strict=False):
        own = relaxed.linears[source]
        give(linear, weight=own.weight, bias=own.bias)
        source = "layer"
    own = classifier.head if hidden else classifier.direct[source]
    give(last, weight=own.weight, bias=own.bias)


def discrete_net(supernet, architecture):
    """Build an architecture's own net and give it the supernet's weights."""
    net = supernet.space.build(architecture.value, IMAGE, CLASSES).double()
    relaxed = supernet.net
    if isinstance(relaxed, RelaxedChain):
        source = share_features(relaxed, net, architecture.value["features"])
        share_classifier(relaxed.classifier, net, source)
    elif "layers/length" in supernet.alphas:
        share_classifier(relaxed[-1], net, "inputs")
    else:
        share_cells(supernet, net, architecture)
    return net


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", SMALL)
def test_it_is_the_discrete_net(name, training):
    supernet = build(name).double()
    randomise(supernet)
    rng = np.random.default_rng(0)
    inputs = batch()[0].double()
    supernet(inputs)
    supernet.train(training)
    for _ in range(3 if name == "darts_cell" else 8):
        architecture = sample(supernet.space.space, rng)
        net = discrete_net(supernet, architecture).train(training)
        with supernet.forced(architecture.picks), torch.no_grad():
            torch.testing.assert_close(supernet(inputs), net(inputs), rtol=1e-9, atol=1e-9)


def test_a_cell_of_nothing_is_zero_in_both():
    supernet = build("nasbench201").double()
    architecture = Architecture({}, dict.fromkeys(supernet.alphas, 0))
    with supernet.forced(architecture.picks):
        outputs = supernet(batch()[0].double())
    torch.testing.assert_close(outputs, outputs[:1].expand_as(outputs))
