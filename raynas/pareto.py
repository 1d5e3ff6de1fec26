"""Several objectives at once: dominance, sorting into fronts, crowding, hypervolume.

All functions take points as an array of shape (points, objectives), every objective to be
*minimised*: negate what is better when larger. NaN is not allowed, infinity is.
"""

from bisect import bisect_left
from functools import partial

import numpy as np
import numpy.typing as npt

Points = npt.ArrayLike
Floats = npt.NDArray[np.float64]


def dominates(one: npt.ArrayLike, other: npt.ArrayLike) -> bool:
    """Whether a point is nowhere worse than another one, and somewhere better."""
    a, b = _points(np.stack([np.asarray(one), np.asarray(other)]))
    return bool((a <= b).all() and (a < b).any())


def front(points: Points) -> npt.NDArray[np.int64]:
    """Return the indices, ascending, of the points that no other point dominates.

    Equal points do not dominate each other: each of them is in the front.
    """
    checked = _points(points)
    places: list[int] = []
    for place in _lexical(checked):
        if not _any_dominates(checked[places], checked[place]):
            places.append(int(place))
    return np.sort(np.array(places, dtype=np.int64))


def ranks(points: Points) -> npt.NDArray[np.int64]:
    """Return the number of the front that each point is in (non-dominated sorting), from 0.

    Front 0 is what nothing dominates, front 1 what only points of front 0 dominate, and so on. In
    lexical order a point can only be dominated by earlier ones, so each goes into the first front
    with no member that dominates it, found by bisection (efficient non-dominated sort, Zhang 2015,
    https://doi.org/10.1109/TEVC.2014.2308305).
    """
    checked = _points(points)
    rank = np.zeros(len(checked), dtype=np.int64)
    fronts: list[list[int]] = []
    for place in _lexical(checked):
        number = bisect_left(fronts, True, key=partial(_has_room, checked, checked[place]))
        if number == len(fronts):
            fronts.append([])
        fronts[number].append(int(place))
        rank[place] = number
    return rank


def crowding_distance(points: Points) -> Floats:
    """Return how far the neighbours of each point of one front are (Deb 2002, NSGA-II).

    That is the sum over the objectives of the distance between the next lower and the next higher
    point, divided by the objective's range; infinity at either end of an objective. An objective in
    which all points are equal counts for nothing. https://doi.org/10.1109/4235.996017
    """
    checked = _points(points)
    distance = np.zeros(len(checked))
    for values in checked.T:
        order = np.argsort(values, kind="stable")
        spread = values[order[-1]] - values[order[0]] if len(order) else 0.0
        if spread == 0:
            continue
        distance[order[[0, -1]]] = np.inf
        distance[order[1:-1]] += (values[order[2:]] - values[order[:-2]]) / spread
    return distance


def hypervolume(points: Points, reference: npt.ArrayLike) -> float:
    """Return the volume that is dominated by the points and dominates the `reference`.

    Points that are not better than the reference in each objective add nothing; without any it is
    0. Exact for any number of objectives, by slicing along the last one; fast for two and three.
    """
    checked = _points(points)
    limit = np.asarray(reference, dtype=np.float64)
    if len(checked) and limit.shape != checked.shape[1:]:
        raise ValueError(
            f"reference: expected one value an objective, shape {checked.shape[1:]}, "
            f"got shape {limit.shape}"
        )
    better = checked[(checked < limit).all(axis=1)] if len(checked) else checked
    return _volume(better, limit)


def _volume(points: Floats, limit: Floats) -> float:
    if not len(points):
        return 0.0
    if len(limit) == 1:
        return float(limit[0] - points[:, 0].min())
    if len(limit) == 2:
        return _area(points, limit)
    total = 0.0
    order = points[np.argsort(points[:, -1])]
    edges = [*order[1:, -1], limit[-1]]
    for count, edge in enumerate(edges, start=1):
        thickness = edge - order[count - 1, -1]
        if thickness > 0:
            total += thickness * _volume(order[:count, :-1], limit[:-1])
    return float(total)


def _area(points: Floats, limit: Floats) -> float:
    ordered = points[np.lexsort((points[:, 1], points[:, 0]))]
    lowest = np.minimum.accumulate(ordered[:, 1])
    right = np.append(ordered[1:, 0], limit[0])
    return float(((right - ordered[:, 0]) * (limit[1] - lowest)).sum())


def _lexical(points: Floats) -> npt.NDArray[np.int64]:
    """Sort by the first objective, equal ones by the second, and so on."""
    return np.lexsort(points.T[::-1])


def _has_room(points: Floats, point: Floats, members: list[int]) -> bool:
    return not _any_dominates(points[members], point)


def _any_dominates(members: Floats, point: Floats) -> bool:
    return bool(((members <= point).all(axis=1) & (members < point).any(axis=1)).any())


def _points(points: Points) -> Floats:
    """Return the points as an array.

    Raises:
        ValueError: it is not of shape (points, objectives), or holds NaN.
    """
    array = np.asarray(points, dtype=np.float64)
    if array.size == 0 and array.ndim < 2:
        return np.zeros((0, 1))
    if array.ndim != 2:
        raise ValueError(f"points: expected shape (points, objectives), got shape {array.shape}")
    if np.isnan(array).any():
        raise ValueError("points: expected numbers, got NaN; leave out what has failed")
    return array
