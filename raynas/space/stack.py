"""Layers one after the other, each of which may read any earlier ones: skip connections."""

from typing import Any

from raynas.space.checks import shown
from raynas.space.decision import JSON, Decision, Pick
from raynas.space.nodes import Node, Record, Repeat, as_node, join


class Stack(Node):
    """A `Repeat` of records that each get a field "inputs": the earlier layers that they read.

    Every earlier layer is read or not, independently; layer 3 asks "…/3/inputs/0" to
    "…/3/inputs/2", each a pointer with the options [] and [index]. A layer may read none.
    """

    def __init__(self, item: Any, minimum: int, maximum: int) -> None:
        """Stack `minimum` to `maximum` layers like `item`, a `Record` or a dict.

        Raises:
            ValueError: `item` is no record, or has "inputs" itself; not 0 <= minimum <= maximum.
        """
        node = as_node(item)
        if not isinstance(node, Record) or "inputs" in node.fields:
            raise ValueError(f'Stack: item must be a Record without "inputs", got {shown(item)}')
        self.item = node
        self.lengths = Repeat(node, minimum, maximum).lengths

    def __call__(self, pick: Pick, path: str = "") -> JSON:
        """Ask for the length, then walk each layer: what it is, then what it reads."""
        length = self.lengths[0]
        if len(self.lengths) > 1:
            asked = Decision(join(path, "length"), self.lengths, ordered=True, growing=True)
            length = self.lengths[pick(asked)]
        layers = []
        for i in range(length):
            layer = self.item(pick, join(path, i))
            layer["inputs"] = [
                j for j in range(i) if pick(_skip(join(join(path, i), f"inputs/{j}"), j))
            ]
            layers.append(layer)
        return layers

    def size(self) -> int:
        """Sum over the lengths: the item's size to the length, times two for every pair."""
        one = self.item.size()
        return sum(int(one**n * 2 ** (n * (n - 1) // 2)) for n in self.lengths)


def _skip(path: str, place: int) -> Decision:
    return Decision(path, ([], [place]), pointer=True)
