"""Small directed acyclic graphs, written down in the same way whatever their order was."""

from collections import Counter, defaultdict

from raynas.space.decision import JSON

Vertex = tuple[str, tuple[int, ...]]
"""A label, and the vertices that it reads, sorted (one may come more than once)."""


def canonical_graph(graph: list[Vertex]) -> list[list[JSON]]:
    """List the vertices as [label, what they read], the same for isomorphic graphs only.

    Vertices are told apart by what they are, read and are read by, again and again; where that
    leaves some alike, each of them in turn is put first and the smallest list counts. Vertices
    that can be swapped without a change to the graph need no such trial.
    """
    readers: list[list[int]] = [[] for _ in graph]
    for v, (_, sources) in enumerate(graph):
        for source in sources:
            readers[source].append(v)
    labels = sorted({label for label, _ in graph})
    return _smallest(graph, readers, [labels.index(label) for label, _ in graph])


def _smallest(
    graph: list[Vertex], readers: list[list[int]], colours: list[int]
) -> list[list[JSON]]:
    """Return the smallest listing of the graph among those that respect the colours."""
    colours = _refined(graph, readers, colours)
    alike = _first_alike(colours)
    if not alike:
        return _listed(graph, colours)
    twins = {(graph[v], tuple(readers[v])): v for v in alike}
    listings = []
    for v in twins.values():
        marked = [2 * colour + 1 for colour in colours]
        marked[v] -= 1
        listings.append(_smallest(graph, readers, marked))
    return min(listings)


def _refined(graph: list[Vertex], readers: list[list[int]], colours: list[int]) -> list[int]:
    """Tell vertices apart by their neighbours' colours until that tells no more apart."""
    while True:
        looks = [
            (
                colours[v],
                sorted(colours[s] for s in graph[v][1]),
                sorted(colours[r] for r in readers[v]),
            )
            for v in range(len(graph))
        ]
        distinct: list[object] = []
        for look in sorted(looks):
            if not distinct or distinct[-1] != look:
                distinct.append(look)
        if len(distinct) == len(set(colours)):
            return [distinct.index(look) for look in looks]
        colours = [distinct.index(look) for look in looks]


def _first_alike(colours: list[int]) -> list[int]:
    """Return the vertices of the first colour that more than one has."""
    counts = Counter(colours)
    members: dict[int, list[int]] = defaultdict(list)
    for v, colour in enumerate(colours):
        if counts[colour] > 1:
            members[colour].append(v)
    return members[min(members)] if members else []


def _listed(graph: list[Vertex], colours: list[int]) -> list[list[JSON]]:
    """Write the graph down in the order of its colours, which are all different."""
    order = sorted(range(len(graph)), key=colours.__getitem__)
    place = {v: i for i, v in enumerate(order)}
    return [[graph[v][0], sorted(place[s] for s in graph[v][1])] for v in order]
