"""Matrix products, einsum, convolutions and pooling (images [batch, height, width, channels])."""

import jax
import jax.numpy as jnp
import numpy as np
import torch
import torch.nn.functional as F
from jax import lax

from .recorder import Family
from .sources import JAX, N, NUMPY, T, TORCH

_matmul = [
    ((2, 3), (3, 4)),
    ((1, 1), (1, 1)),
    ((5,), (5,)),
    ((3,), (3, 2)),
    ((2, 3), (3,)),
    ((2, 3, 4), (4, 5)),
    ((2, 3, 4), (2, 4, 5)),
    ((2, 1, 3, 4), (5, 4, 2)),
    ((1, 3, 4), (6, 4, 1)),
    ((0, 3), (3, 2)),
    ((2, 0), (0, 3)),
    ((3, 7), (7, 0)),
    ((4,), (2, 4, 3)),
    ((2, 3, 4), (4,)),
    ((7, 13), (13, 5)),
    ((17, 3), (3, 1)),
    ((2, 0, 3), (3, 4)),
]
_einsum = [
    ("ij,jk->ik", (2, 3), (3, 4)),
    ("ij,kj->ik", (2, 3), (4, 3)),
    ("ji,jk->ik", (3, 2), (3, 4)),
    ("ij,jk", (2, 3), (3, 4)),
    ("bij,bjk->bik", (2, 3, 4), (2, 4, 5)),
    ("bhqd,bhkd->bhqk", (2, 2, 3, 4), (2, 2, 5, 4)),
    ("bhqk,bkhd->bqhd", (2, 2, 3, 5), (2, 5, 2, 4)),
    ("i,j->ij", (3,), (4,)),
    ("i,i->", (5,), (5,)),
    ("ij,ij->", (2, 3), (2, 3)),
    ("ij,ij->ij", (2, 3), (2, 3)),
    ("ij,j->i", (2, 3), (3,)),
    ("i,ij->j", (2,), (2, 3)),
    ("ij->ji", (2, 3)),
    ("ij->", (2, 3)),
    ("ij->i", (2, 3)),
    ("ij->j", (2, 3)),
    ("ii->", (3, 3)),
    ("ii->i", (3, 3)),
    ("ijk->kij", (2, 3, 4)),
    ("bii->b", (2, 3, 3)),
    ("ij,jk,kl->il", (2, 3), (3, 4), (4, 2)),
    ("i,j,k->ijk", (2,), (3,), (2,)),
    ("bn,anm,bm->ba", (2, 3), (4, 3, 5), (2, 5)),
    ("...ij,...jk->...ik", (2, 3, 4), (2, 4, 5)),
    ("...ij,jk->...ik", (2, 2, 3), (3, 4)),
    ("...i,...i->...", (2, 3, 4), (2, 3, 4)),
    ("ij,k->ijk", (2, 3), (4,)),
    ("abc,cd->abd", (2, 3, 4), (4, 5)),
    ("abcd,cdef->abef", (2, 2, 3, 2), (3, 2, 2, 2)),
    ("ab,ac->bc", (5, 2), (5, 3)),
    ("abc->ac", (2, 3, 4)),
    ("abc,abd->acd", (2, 3, 4), (2, 3, 2)),
    ("i,->i", (3,), ()),
    ("ij,jk->", (2, 3), (3, 4)),
    ("ij,jk->k", (2, 3), (3, 4)),
    ("bij,j->bi", (2, 3, 4), (4,)),
    ("ij,ji->", (3, 4), (4, 3)),
    ("ij,jk->ik", (0, 3), (3, 4)),
    ("ij,jk->ik", (2, 0), (0, 4)),
    ("bld,hde->bhle", (2, 3, 4), (2, 4, 3)),
    ("ii,ij->j", (3, 3), (3, 2)),
]


def contractions():
    f = Family("contractions")
    for left, right in _matmul:
        for dtype in (np.float32, np.float64, np.int32):
            a, b = (f.normal(*left) * 3).astype(dtype), (f.normal(*right) * 3).astype(dtype)
            out = np.matmul(a, b) if dtype == np.int32 else np.matmul(a.astype(np.float64), b.astype(np.float64))
            f.add("matmul", [a, b], [np.asarray(out, dtype)], NUMPY, loosen=8)
    a = np.array([[2**30, 2**30], [3, -5]], np.int32)
    f.add("matmul", [a, a], [np.matmul(a, a)], NUMPY, wraps=True)
    a, b = np.array([[np.inf, 0], [1, np.nan]], np.float32), np.array([[0, 1], [1, 2]], np.float32)
    f.add("matmul", [a, b], [np.matmul(a, b)], NUMPY, special=True)
    for equation, *shapes in _einsum:
        for dtype in (np.float32, np.float64):
            xs = [f.normal(*s, dtype=dtype) for s in shapes]
            xs = [np.asarray(x, dtype) for x in xs]
            out = np.einsum(equation, *(x.astype(np.float64) for x in xs))
            f.add("einsum", xs, [np.asarray(out, dtype)], NUMPY, loosen=8, equation=equation)
    return f


# input, filter, stride, dilation, padding, groups, input dilation
_convolutions = [
    ((2, 7, 2), (3, 2, 3), [1], [1], "valid", 1, [1]),
    ((1, 8, 2), (3, 2, 4), [2], [1], "same", 1, [1]),
    ((1, 9, 4), (2, 2, 4), [1], [3], [[2, 0]], 2, [1]),
    ((2, 5, 3), (1, 3, 2), [1], [1], "same", 1, [1]),
    ((1, 5, 5, 1), (3, 3, 1, 2), [1, 1], [1, 1], "valid", 1, [1, 1]),
    ((2, 6, 5, 2), (3, 3, 2, 3), [1, 1], [1, 1], "same", 1, [1, 1]),
    ((1, 7, 8, 2), (3, 3, 2, 2), [2, 2], [1, 1], "same", 1, [1, 1]),
    ((1, 6, 6, 2), (2, 2, 2, 2), [2, 2], [1, 1], "same", 1, [1, 1]),
    ((1, 7, 7, 1), (4, 2, 1, 2), [3, 2], [1, 1], "same", 1, [1, 1]),
    ((1, 5, 6, 2), (1, 1, 2, 4), [1, 1], [1, 1], "valid", 1, [1, 1]),
    ((1, 5, 6, 2), (1, 1, 2, 3), [2, 2], [1, 1], "valid", 1, [1, 1]),
    ((1, 6, 6, 4), (3, 3, 1, 4), [1, 1], [1, 1], "same", 4, [1, 1]),
    ((1, 6, 6, 2), (3, 3, 1, 6), [1, 1], [1, 1], "valid", 2, [1, 1]),
    ((1, 5, 5, 4), (3, 3, 2, 4), [2, 1], [1, 1], [[1, 1], [1, 1]], 2, [1, 1]),
    ((1, 8, 8, 1), (3, 3, 1, 2), [1, 1], [2, 2], "valid", 1, [1, 1]),
    ((1, 7, 6, 2), (3, 2, 2, 2), [1, 1], [2, 1], "same", 1, [1, 1]),
    ((1, 5, 5, 2), (3, 3, 2, 2), [1, 1], [1, 1], [[2, 0], [0, 3]], 1, [1, 1]),
    ((1, 5, 5, 2), (3, 3, 2, 2), [2, 2], [1, 1], [[0, 1], [1, 0]], 1, [1, 1]),
    ((1, 4, 4, 2), (3, 3, 2, 2), [1, 1], [1, 1], [[2, 2], [2, 2]], 1, [2, 2]),
    ((1, 3, 4, 1), (2, 3, 1, 2), [1, 1], [1, 1], [[1, 2], [2, 2]], 1, [3, 2]),
    ((1, 3, 3, 2), (3, 3, 2, 2), [1, 1], [1, 1], [[3, 3], [3, 3]], 1, [1, 1]),
    ((0, 4, 4, 1), (3, 3, 1, 2), [1, 1], [1, 1], "same", 1, [1, 1]),
    ((1, 9, 9, 1), (7, 7, 1, 2), [2, 2], [1, 1], [[3, 3], [3, 3]], 1, [1, 1]),
    ((2, 4, 4, 3), (4, 4, 3, 2), [4, 4], [1, 1], "valid", 1, [1, 1]),
    ((1, 4, 4, 4, 1), (2, 2, 2, 1, 2), [1, 1, 1], [1, 1, 1], "valid", 1, [1, 1, 1]),
    ((1, 4, 5, 3, 2), (3, 3, 2, 2, 2), [2, 1, 1], [1, 1, 1], "same", 1, [1, 1, 1]),
    ((1, 5, 4, 4, 2), (2, 2, 2, 1, 2), [1, 1, 1], [2, 1, 1], [[1, 0], [0, 1], [0, 0]], 2, [1, 1, 1]),
]
_layouts = {1: ("NHC", "HIO", "NHC"), 2: ("NHWC", "HWIO", "NHWC"), 3: ("NDHWC", "DHWIO", "NDHWC")}


def convolutions():
    f = Family("convolutions")
    for shape, filter_shape, stride, dilation, padding, groups, input_dilation in _convolutions:
        rank = len(shape) - 2
        notes = dict(stride=stride, dilation=dilation, padding=padding, groups=groups)
        if any(d > 1 for d in input_dilation):
            notes["inputDilation"] = input_dilation

        def convolve(x, w):
            pads = padding.upper() if isinstance(padding, str) else padding
            return lax.conv_general_dilated(
                x,
                w,
                stride,
                pads,
                lhs_dilation=input_dilation,
                rhs_dilation=dilation,
                dimension_numbers=_layouts[rank],
                feature_group_count=groups,
                precision="highest",
            )

        x, w = f.normal(*shape), f.normal(*filter_shape)
        y, pullback = jax.vjp(convolve, jnp.asarray(x, jnp.float64), jnp.asarray(w, jnp.float64))
        _agree_with_torch(np.asarray(y), x, w, stride, dilation, padding, groups, input_dilation)
        g = f.normal(*y.shape)
        dx, dw = pullback(jnp.asarray(g, jnp.float64))
        name = f"conv{rank}D"
        f.add(name, [x, w], [np.asarray(y, np.float32)], JAX, loosen=10, **notes)
        f.add(name + "InputGradient", [x, w, g], [np.asarray(dx, np.float32)], JAX, loosen=10, **notes)
        f.add(name + "FilterGradient", [x, w, g], [np.asarray(dw, np.float32)], JAX, loosen=10, **notes)
    for stride, padding in ((1, 0), (2, 0), (2, 1), (3, 1)):
        x, w = f.normal(1, 4, 3, 2), f.normal(3, 3, 2, 4)
        y = F.conv_transpose2d(T(x).permute(0, 3, 1, 2), T(w).permute(2, 3, 0, 1), stride=stride, padding=padding)
        f.add(
            "convTransposed2D",
            [x, w],
            [N(y.permute(0, 2, 3, 1))],
            TORCH,
            loosen=10,
            stride=[stride] * 2,
            padding=[[padding] * 2] * 2,
            filter="[height, width, in, out], not flipped: out[s i + k] += in[i] w[k]",
        )
    return f


def _agree_with_torch(y, x, w, stride, dilation, padding, groups, input_dilation):
    """A second opinion for everything that PyTorch can say."""
    if x.size == 0 or any(d > 1 for d in input_dilation) or padding == "same":
        return
    rank = x.ndim - 2
    pads = [[0, 0]] * rank if padding == "valid" else padding
    flat = [p for pair in reversed(pads) for p in pair]
    tx = F.pad(T(np.moveaxis(x, -1, 1)), flat)
    tw = T(np.moveaxis(w, (-1, -2), (0, 1)))
    convolve = (F.conv1d, F.conv2d, F.conv3d)[rank - 1]
    out = convolve(tx, tw, stride=stride, dilation=dilation, groups=groups).numpy()
    np.testing.assert_allclose(np.moveaxis(out, 1, -1), y, rtol=1e-10, atol=1e-10)


_pools = [
    ((1, 4, 4, 2), [2, 2], [2, 2], "valid"),
    ((2, 5, 5, 1), [2, 2], [2, 2], "valid"),
    ((1, 5, 6, 2), [3, 3], [2, 2], "same"),
    ((1, 5, 5, 3), [3, 2], [1, 1], "valid"),
    ((1, 7, 7, 1), [3, 3], [2, 2], [[1, 1], [1, 1]]),
    ((1, 6, 4, 2), [2, 2], [1, 2], "same"),
    ((2, 8, 3), [2], [2], "valid"),
    ((1, 7, 2), [3], [2], "same"),
    ((1, 4, 4, 4, 2), [2, 2, 2], [2, 2, 2], "valid"),
    ((1, 4, 5, 1), [4, 5], [1, 1], "valid"),
]


def pooling():
    f = Family("pooling")
    for shape, window, stride, padding in _pools:
        size, step = (1, *window, 1), (1, *stride, 1)
        pads = padding.upper() if isinstance(padding, str) else [(0, 0), *map(tuple, padding), (0, 0)]
        notes = dict(window=window, stride=stride, padding=padding)

        def largest(x):
            return lax.reduce_window(x, -jnp.inf, lax.max, size, step, pads)

        def total(x):
            return lax.reduce_window(x, 0.0, lax.add, size, step, pads)

        x = f.normal(*shape)
        wide = jnp.asarray(x, jnp.float64)
        counts = total(jnp.ones_like(wide))
        pools = {"maxPool": (largest, {}), "averagePool": (lambda x: total(x) / counts, dict(countsPadding=False))}
        if padding != "valid":
            pools["averagePool+"] = (lambda x: total(x) / np.prod(window), dict(countsPadding=True))
        for name, (function, more) in pools.items():
            y, pullback = jax.vjp(function, wide)
            g = f.normal(*y.shape)
            (dx,) = pullback(jnp.asarray(g, jnp.float64))
            name = name.rstrip("+")
            f.add(name, [x], [np.asarray(y, np.float32)], JAX, loosen=4, **notes, **more)
            f.add(name + "Gradient", [x, g], [np.asarray(dx, np.float32)], JAX, loosen=8, **notes, **more)
    x = np.array([1, np.nan, 3, -np.inf, -np.inf, -np.inf], np.float32).reshape(1, 6, 1)
    y = F.max_pool1d(T(x).permute(0, 2, 1), 2).permute(0, 2, 1)
    f.add("maxPool", [x], [N(y)], TORCH, window=[2], stride=[2], padding="valid", special=True)
    return f
