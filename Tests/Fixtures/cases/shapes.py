"""Shape operations, gathers and scatters."""

import numpy as np
import torch

from .recorder import Family
from .sources import NUMPY, TORCH


def shapes():
    f = Family("shapes")
    for dtype in (np.float32, np.int16, np.bool_):

        def values(*shape):
            return f.integers(0, 2, *shape) == 1 if dtype == np.bool_ else f.integers(-99, 99, *shape).astype(dtype)

        for source, target in (
            ((2, 6), [3, 4]),
            ((12,), [2, -1, 3]),
            ((2, 3), [6]),
            ((1,), []),
            ((0, 3), [3, 0, 2]),
            ((), [1, 1]),
        ):
            x = values(*source)
            f.add("reshape", [x], [x.reshape(target)], NUMPY, shape=target)
        for source, order in (
            ((2, 3), [1, 0]),
            ((2, 3, 4), [2, 0, 1]),
            ((2, 3, 4), [0, -1, 1]),
            ((2, 1, 3, 2), [3, 1, 2, 0]),
            ((0, 3), [1, 0]),
        ):
            x = values(*source)
            f.add("transpose", [x], [x.transpose(order)], NUMPY, permutation=order)
        for source, target in (
            ((3,), [2, 3]),
            ((2, 1), [2, 4]),
            ((), [3, 2]),
            ((1, 3, 1), [2, 3, 4]),
            ((1,), [0]),
            ((2, 3), [2, 3]),
        ):
            x = values(*source)
            f.add("broadcast", [x], [np.broadcast_to(x, target)], NUMPY, shape=target)
        _slices(f, values)
        for source, pads in (
            ((3,), [[1, 2]]),
            ((2, 3), [[0, 1], [2, 0]]),
            ((2, 2, 2), [[1, 1], [0, 0], [0, 1]]),
            ((0, 2), [[1, 1], [0, 0]]),
        ):
            x = values(*source)
            for value in (0, 1):
                f.add(
                    "pad",
                    [x],
                    [np.pad(x, pads, constant_values=value)],
                    NUMPY,
                    padding=pads,
                    value=value,
                    mode="constant",
                )
            if 0 not in source:
                for mode in ("edge", "wrap"):
                    f.add("pad", [x], [np.pad(x, pads, mode=mode)], NUMPY, padding=pads, mode=mode)
        for source, pads in (((4,), [[1, 2]]), ((3, 4), [[2, 1], [3, 0]])):
            x = values(*source)
            f.add("pad", [x], [np.pad(x, pads, mode="reflect")], NUMPY, padding=pads, mode="reflect")
        for sources, axis in (
            (((2, 3), (4, 3)), 0),
            (((2, 3), (2, 1)), -1),
            (((2,), (0,), (3,)), 0),
            (((1, 2, 3), (1, 5, 3), (1, 1, 3)), 1),
        ):
            xs = [values(*s) for s in sources]
            f.add("concatenate", xs, [np.concatenate(xs, axis)], NUMPY, axis=axis)
        for source, axis, n in (
            ((3,), 0, 2),
            ((3,), 1, 2),
            ((2, 3), -1, 3),
            ((2, 3), 1, 2),
            ((), 0, 3),
            ((0, 2), -2, 2),
        ):
            xs = [values(*source) for _ in range(n)]
            f.add("stack", xs, [np.stack(xs, axis)], NUMPY, axis=axis)
        for source, axes in (((5,), [0]), ((2, 3), [1]), ((2, 3), [0, -1]), ((2, 3, 4), [-2]), ((0, 3), [1])):
            x = values(*source)
            f.add("reverse", [x], [np.flip(x, axes)], NUMPY, axes=axes)
            f.add("roll", [x], [np.roll(x, 1, axes)], NUMPY, axes=axes, shifts=[1] * len(axes))
            f.add("roll", [x], [np.roll(x, [-7] * len(axes), axes)], NUMPY, axes=axes, shifts=[-7] * len(axes))
        for source, counts in (((3,), [2]), ((2, 3), [2, 1]), ((2, 3), [3, 2]), ((1, 2), [0, 2])):
            x = values(*source)
            f.add("tile", [x], [np.tile(x, counts)], NUMPY, counts=counts)
        for source, n, axis in (((3,), 2, 0), ((2, 3), 3, -1), ((2, 3), 2, 0), ((2, 2), 0, 1)):
            x = values(*source)
            f.add("repeat", [x], [np.repeat(x, n, axis)], NUMPY, count=n, axis=axis)
        x = values(4, 5)
        for k in (-5, -1, 0, 2, 5):
            f.add("lowerTriangle", [x], [np.tril(x, k)], NUMPY, diagonal=k)
            f.add("upperTriangle", [x], [np.triu(x, k)], NUMPY, diagonal=k)
    return f


def _slices(f, values):
    specs = [
        ((10,), [[2, 8, 1]]),
        ((10,), [[0, 10, 3]]),
        ((10,), [[1, 9, 2]]),
        ((10,), [[9, None, -1]]),
        ((10,), [[8, 1, -3]]),
        ((4, 5), [[1, 3, 1], [0, 5, 2]]),
        ((4, 5), [[3, None, -2], [1, 4, 1]]),
        ((3, 4, 5), [[0, 3, 2], [1, 2, 1], [4, 0, -2]]),
        ((5,), [[2, 2, 1]]),
        ((0, 3), [[0, 0, 1], [0, 3, 2]]),
    ]
    for shape, spec in specs:
        x = values(*shape)
        f.add(
            "slice",
            [x],
            [x[tuple(slice(*s) for s in spec)]],
            NUMPY,
            ranges=spec,
            meaning="[start, end, step] an axis; end excluded, null: past the first element backwards",
        )


_kinds = {"set": None, "add": np.add, "min": np.minimum, "max": np.maximum, "multiply": np.multiply}


def indexing():
    f = Family("indexing")
    for index_type in (np.int32, np.int64, np.uint8):
        for source, axis, index in (
            ((5,), 0, (3,)),
            ((5, 3), 0, (4,)),
            ((3, 5), -1, (2, 2)),
            ((2, 4, 3), 1, (3,)),
            ((4, 2), 0, ()),
            ((4, 2), 0, (0,)),
            ((2, 3, 2), -3, (2, 1, 2)),
        ):
            x, i = f.normal(*source), np.asarray(f.integers(0, source[axis], *index), index_type)
            f.add("gather", [x, i], [np.take(x, i, axis)], NUMPY, axis=axis)
    for source, index, axis in (
        ((5,), (3,), 0),
        ((3, 4), (3, 2), 1),
        ((3, 4), (6, 4), 0),
        ((2, 3, 4), (2, 3, 1), -1),
        ((2, 3, 4), (2, 5, 4), -2),
    ):
        x, i = f.normal(*source), f.integers(0, source[axis], *index)
        f.add("takeAlong", [x, i], [np.take_along_axis(x, i, axis)], NUMPY, axis=axis)
    for source, batch, depth in (
        ((4, 5), (3,), 2),
        ((4, 5), (3,), 1),
        ((2, 3, 4), (2, 2), 2),
        ((2, 3, 4), (), 3),
        ((6,), (2, 3), 1),
        ((2, 3, 4), (5,), 3),
    ):
        x = f.normal(*source)
        i = np.stack([f.integers(0, source[d], *batch) for d in range(depth)], -1)
        f.add("gatherND", [x, i], [x[tuple(i[..., d] for d in range(depth))]], NUMPY, batchDimensions=0)
    for kind, ufunc in _kinds.items():
        _scatters(f, kind, ufunc)
    return f


def _scatters(f, kind, ufunc):
    for dtype in (np.float32, np.int32):

        def values(*s):
            return (f.normal(*s) * 5).astype(dtype)

        def indices(limit, n):
            return f.random.permutation(limit)[:n] if kind == "set" else f.integers(0, limit, n)

        for shape, axis, n in (((6,), 0, 4), ((5, 3), 0, 3), ((3, 5), -1, 4), ((2, 6, 2), 1, 5), ((4, 2), 0, 0)):
            x, i = values(*shape), indices(shape[axis], n)
            moved = list(shape)
            moved[axis] = n
            updates, out = values(*moved), x.copy()
            view, rows = np.moveaxis(out, axis, 0), np.moveaxis(updates, axis, 0)
            for j in range(n):
                view[i[j]] = rows[j] if ufunc is None else ufunc(view[i[j]], rows[j])
            f.add("scatter", [x, i, updates], [out], NUMPY, kind=kind, axis=axis, loosen=4)
        for shape, depth, n in (((4, 5), 2, 6), ((4, 5), 1, 3), ((2, 3, 4), 2, 4), ((2, 3, 4), 3, 9)):
            x = values(*shape)
            flat = indices(int(np.prod(shape[:depth])), n)
            i = np.stack(np.unravel_index(flat, shape[:depth]), -1)
            updates, out = values(n, *shape[depth:]), x.copy()
            for j in range(n):
                at = tuple(i[j])
                out[at] = updates[j] if ufunc is None else ufunc(out[at], updates[j])
            f.add("scatterND", [x, i, updates], [out], NUMPY, kind=kind, loosen=4)
        names = {"add": "sum", "min": "amin", "max": "amax", "multiply": "prod"}
        if kind != "set":
            for shape, index, axis in (((5,), (7,), 0), ((3, 4), (3, 6), 1), ((4, 3), (2, 3), 0)):
                x, i = values(*shape), f.integers(0, shape[axis], *index)
                u = values(*index)
                out = torch.from_numpy(x.copy()).scatter_reduce(
                    axis, torch.from_numpy(i), torch.from_numpy(u), names[kind]
                )
                f.add("scatterAlong", [x, i, u], [out.numpy()], TORCH, kind=kind, axis=axis, loosen=4)
