"""Reductions, running reductions, sorting and casts."""

import ml_dtypes
import numpy as np
import torch

from .recorder import Family
from .sources import N, NUMPY, T, TORCH

BF16 = ml_dtypes.bfloat16
TYPES = (
    np.bool_,
    np.int8,
    np.int16,
    np.int32,
    np.int64,
    np.uint8,
    np.uint16,
    np.uint32,
    np.uint64,
    np.float16,
    np.float32,
    np.float64,
)
_cases = [
    ((6,), None),
    ((6,), [0]),
    ((3, 4), None),
    ((3, 4), [0]),
    ((3, 4), [-1]),
    ((2, 3, 4), [0, 2]),
    ((2, 3, 4), [1]),
    ((2, 3, 4), [-1, -3]),
    ((1, 5), [0]),
    ((), None),
    ((2, 0, 3), [0]),
    ((3, 4, 1, 2), [1, 3]),
]


def _axis(axes):
    return None if axes is None else tuple(axes)


def reductions():
    f = Family("reductions")
    kinds = {"sum": np.sum, "product": np.prod, "max": np.max, "min": np.min, "mean": np.mean}
    for name, function in kinds.items():
        for i, (shape, axes) in enumerate(_cases):
            dtype, keep = (np.float32, np.float64)[i % 2], i % 3 == 0
            x = f.normal(*shape, dtype=dtype)
            out = function(x.astype(np.float64), axis=_axis(axes), keepdims=keep)
            f.add(name, [x], [np.asarray(out, dtype)], NUMPY, loosen=4, axes=axes, keepingAxes=keep)
    for name in ("variance", "standardDeviation"):
        function = np.var if name == "variance" else np.std
        for i, (shape, axes) in enumerate(_cases[:8]):
            for correction in (0, 1):
                x = f.normal(*shape)
                out = function(x.astype(np.float64), axis=_axis(axes), keepdims=i % 2 == 0, ddof=correction)
                f.add(
                    name,
                    [x],
                    [np.asarray(out, np.float32)],
                    NUMPY,
                    loosen=8,
                    axes=axes,
                    keepingAxes=i % 2 == 0,
                    correction=correction,
                )
    x = (f.normal(50) + 1e4).astype(np.float32)
    f.add(
        "variance",
        [x],
        [np.float32(np.var(x.astype(np.float64)))],
        NUMPY,
        loosen=500,
        axes=None,
        keepingAxes=False,
        correction=0,
    )
    for name, identity in (("sum", np.sum), ("product", np.prod)):
        for shape, axes in (((0,), None), ((0, 3), [0]), ((2, 0), [-1])):
            x = np.zeros(shape, np.float32)
            f.add(name, [x], [identity(x, axis=_axis(axes))], NUMPY, axes=axes, keepingAxes=False)
        for dtype in (np.int8, np.int32, np.int64, np.uint8, np.uint16):
            x = f.random.integers(np.iinfo(dtype).min, np.iinfo(dtype).max, (3, 5), dtype=dtype)
            for axes in (None, [0], [-1]):
                f.add(
                    name,
                    [x],
                    [np.asarray(identity(x, axis=_axis(axes), dtype=dtype))],
                    NUMPY,
                    axes=axes,
                    keepingAxes=False,
                )
    f.add(
        "mean",
        [np.zeros((0, 2), np.float32)],
        [np.full(2, np.nan, np.float32)],
        NUMPY,
        axes=[0],
        keepingAxes=False,
        special=True,
    )
    _special(f)
    return f


def _special(f):
    for name, function in (("max", np.max), ("min", np.min)):
        for dtype in (np.int8, np.uint8, np.int64, np.uint64):
            x = f.random.integers(np.iinfo(dtype).min, np.iinfo(dtype).max, (3, 5), dtype=dtype)
            f.add(name, [x], [function(x, axis=1)], NUMPY, axes=[1], keepingAxes=False)
        x = np.array([[1, np.nan, 3], [np.inf, -np.inf, 0], [-1, -2, -3]], np.float32)
        f.add(name, [x], [function(x, axis=1)], NUMPY, axes=[1], keepingAxes=False, special=True)
    x = np.array([[1, np.nan, 3], [np.inf, -np.inf, 0], [np.inf, 1, 2]], np.float32)
    f.add("sum", [x], [np.sum(x, axis=1)], NUMPY, axes=[1], keepingAxes=False, special=True)
    for name, function in (("any", np.any), ("all", np.all)):
        for shape, axes in (
            ((6,), None),
            ((3, 4), [0]),
            ((3, 4), [-1]),
            ((2, 3, 2), [0, 2]),
            ((0, 3), [0]),
            ((0,), None),
        ):
            for keep in (False, True):
                x = f.random.random(shape) < 0.6
                f.add(
                    name,
                    [x],
                    [np.asarray(function(x, axis=_axis(axes), keepdims=keep))],
                    NUMPY,
                    axes=axes,
                    keepingAxes=keep,
                )
    for name, function in (("argMax", np.argmax), ("argMin", np.argmin)):
        for shape, axis in (((6,), 0), ((3, 4), 0), ((3, 4), -1), ((2, 3, 4), 1), ((2, 3, 4), -3)):
            for dtype in (np.float32, np.int32):
                x = f.integers(0, 4, *shape).astype(dtype)
                f.add(name, [x], [function(x, axis=axis)], NUMPY, axis=axis, ties="first")
        x = np.array([[1, np.nan, 3, np.nan], [np.inf, -np.inf, np.inf, -np.inf]], np.float32)
        f.add(name, [x], [function(x, axis=1)], NUMPY, axis=1, special=True)


def cumulative():
    f = Family("cumulative")
    kinds = {
        "cumulativeSum": np.cumsum,
        "cumulativeProduct": np.cumprod,
        "cumulativeMax": np.maximum.accumulate,
        "cumulativeMin": np.minimum.accumulate,
    }
    for name, function in kinds.items():
        for shape, axis in (((7,), 0), ((3, 5), 0), ((3, 5), -1), ((2, 3, 4), 1), ((0, 3), 0), ((1, 1), 1)):
            for dtype in (np.float32, np.float64, np.int32):
                x = (f.normal(*shape) * 2).astype(dtype)
                wide = x.astype(np.float64) if dtype == np.float32 else x
                f.add(name, [x], [function(wide, axis=axis).astype(dtype)], NUMPY, loosen=6, axis=axis, reversed=False)
            x = f.normal(*shape)
            out = np.flip(function(np.flip(x, axis).astype(np.float64), axis=axis), axis)
            f.add(name, [x], [out.astype(np.float32)], NUMPY, loosen=6, axis=axis, reversed=True)
        x = np.array([1, 2, np.nan, 4, np.inf], np.float32)
        f.add(name, [x], [function(x)], NUMPY, axis=0, reversed=False, special=True)
    x = f.integers(-128, 128, 9, dtype=np.int8)
    f.add("cumulativeSum", [x], [np.cumsum(x, dtype=np.int8)], NUMPY, axis=0, reversed=False)
    return f


def sorting():
    f = Family("sorting")
    inputs = [
        (f.normal(7), 0),
        (f.normal(3, 5), -1),
        (f.normal(4, 3), 0),
        (f.integers(0, 4, 12).astype(np.float32), 0),
        (f.integers(-3, 3, 2, 6, dtype=np.int32), 1),
        (f.integers(0, 9, 3, 4, dtype=np.uint8), -2),
        (np.array([3, np.nan, 1, np.inf, -np.inf, np.nan, 0], np.float32), 0),
        (np.zeros((0, 3), np.float32), 0),
        (f.normal(2, 3, 4, dtype=np.float64), 1),
        (np.array([np.nan, np.nan], np.float64), 0),
    ]
    for x, axis in inputs:
        for descending in (False, True):
            values, order = torch.sort(torch.from_numpy(x.copy()), dim=axis, descending=descending, stable=True)
            if not descending:
                np.testing.assert_array_equal(order.numpy(), np.argsort(x, axis=axis, kind="stable"))
            notes = dict(axis=axis, isDescending=descending, nan="greater than every number")
            f.add("sort", [x], [values.numpy()], TORCH, **notes)
            f.add("argSort", [x], [order.numpy()], TORCH, stable=True, **notes)
    for count, shape in ((1, (6,)), (3, (4, 7)), (5, (2, 5))):
        x = f.normal(*shape)
        values, order = torch.topk(torch.from_numpy(x), count, dim=-1)
        f.add("topK", [x], [values.numpy(), order.numpy()], TORCH, axis=-1, count=count)
    return f


def casts():
    """Only what C leaves defined: integers wrap, floats truncate within range, anything but zero is true."""
    f = Family("casts")
    for source in TYPES:
        for target in TYPES:
            x = _castable(np.dtype(source), np.dtype(target))
            with np.errstate(over="ignore"):
                f.add("cast", [x], [x.astype(target)], NUMPY, to=np.dtype(target).name)
    x = np.array(
        [0, -0.0, 1, 1.00390625, 1.01171875, 3.4e38, 1e-40, np.inf, -np.inf, np.nan, 65504, 3.14159], np.float32
    )
    f.add("cast", [x], [_bf16(torch.from_numpy(x).bfloat16())], TORCH, to="bfloat16")
    for y in (
        np.array([1e300, 0.1, -2.5]),
        np.array([1, 257, -129, 32767], np.int16),
        np.array([16777217, -1, 0], np.int32),
        np.array([True, False]),
        np.array([0.1, 65504, 6e-8], np.float16),
    ):
        f.add("cast", [y], [_bf16(torch.from_numpy(y).to(torch.bfloat16))], TORCH, to="bfloat16")
    b = torch.tensor([0.0, -1.5, 3.14, 100.0, 0.001], dtype=torch.bfloat16)
    for target in (torch.bool, torch.int8, torch.int32, torch.int64, torch.float16, torch.float32, torch.float64):
        f.add("cast", [_bf16(b)], [b.to(target).numpy()], TORCH, to=str(target).removeprefix("torch."))
    return f


def _bf16(t):
    return t.view(torch.int16).numpy().view(BF16)


def _castable(source, target):
    if source.kind == "b":
        return np.array([True, False, True])
    if source.kind in "iu":
        i = np.iinfo(source)
        values = np.array([i.min, i.max, 0, 1, 2, i.max // 2 + 1, i.max - 1], source)
        return values
    values = [0.0, -0.0, 0.5, 1, 1.5, 2.99, 100.7]
    if target.kind in "if":
        values += [-0.9, -1, -1.5, -100.2]
    if target.kind in "bf":
        values += [np.nan, np.inf, -np.inf, -7]
    if target.kind == "f":
        values += [1 + 2.0**-11, 1 + 2.0**-24, 6e-8, 65519.9 if source.itemsize > 2 else 65504]
        if source.itemsize == 8:
            values += [1e39, -1e39, 1e-46, 70000]
    return np.array(values, source)
