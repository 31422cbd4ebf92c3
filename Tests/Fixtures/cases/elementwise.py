"""Element-wise operations, one and two operands, and the softmax family."""

import jax.numpy as jnp
import ml_dtypes
import numpy as np
import scipy.special as special
import torch
import torch.nn.functional as F
from jax import lax

from .recorder import Family
from .sources import JAX, N, NUMPY, SCIPY, T, TORCH

FLOATS = (np.float32, np.float64)
INTS = (np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64)
BF16 = ml_dtypes.bfloat16

# name -> (function on float 64, range of ordinary inputs, special inputs)
_edges = [np.nan, np.inf, -np.inf, 0.0, -0.0]
_unary = {
    "negative": (np.negative, (-9, 9)),
    "abs": (np.abs, (-9, 9)),
    "sign": (np.sign, (-9, 9)),
    "exp": (np.exp, (-20, 20)),
    "exp2": (np.exp2, (-20, 20)),
    "expm1": (np.expm1, (-3, 3)),
    "log": (np.log, (0.01, 50)),
    "log2": (np.log2, (0.01, 50)),
    "log1p": (np.log1p, (-0.9, 20)),
    "sqrt": (np.sqrt, (0, 50)),
    "rsqrt": (lambda x: 1 / np.sqrt(x), (0.01, 50)),
    "cbrt": (np.cbrt, (-50, 50)),
    "sin": (np.sin, (-30, 30)),
    "cos": (np.cos, (-30, 30)),
    "tan": (np.tan, (-4, 4)),
    "asin": (np.arcsin, (-1, 1)),
    "acos": (np.arccos, (-1, 1)),
    "atan": (np.arctan, (-9, 9)),
    "sinh": (np.sinh, (-9, 9)),
    "cosh": (np.cosh, (-9, 9)),
    "tanh": (np.tanh, (-5, 5)),
    "asinh": (np.arcsinh, (-50, 50)),
    "acosh": (np.arccosh, (1, 50)),
    "atanh": (np.arctanh, (-0.99, 0.99)),
    "sigmoid": (special.expit, (-20, 20)),
    "erf": (special.erf, (-3, 3)),
    "erfc": (special.erfc, (-3, 5)),
    "floor": (np.floor, (-5, 5)),
    "ceil": (np.ceil, (-5, 5)),
    "round": (np.rint, (-5, 5)),
    "trunc": (np.trunc, (-5, 5)),
    "reciprocal": (np.reciprocal, (0.1, 9)),
    "square": (np.square, (-9, 9)),
}
_scipy = {"sigmoid", "erf", "erfc"}
_activations = {
    "relu": F.relu,
    "geluTanh": lambda x: F.gelu(x, approximate="tanh"),
    "gelu": F.gelu,
    "silu": F.silu,
    "softplus": lambda x: torch.logaddexp(x, torch.zeros_like(x)),
    "leakyRelu": lambda x: F.leaky_relu(x, 0.01),
    "elu": F.elu,
    "hardSwish": F.hardswish,
    "logSigmoid": F.logsigmoid,
}


def unary():
    f = Family("unary")
    for name, (function, (low, high)) in _unary.items():
        source = SCIPY if name in _scipy else NUMPY
        for dtype in (*FLOATS, np.float16, BF16):
            x = f.random.uniform(low, high, (3, 7)).astype(dtype)
            loosen = 20 if name in ("tan", "erfc") and dtype == np.float64 else 4
            f.add(name, [x], [function(x.astype(np.float64)).astype(dtype)], source, loosen=loosen)
        for dtype in FLOATS:
            x = np.array(_edges, dtype=dtype)
            f.add(name, [x], [function(x.astype(np.float64)).astype(dtype)], source, special=True)
        x = np.zeros((0, 3), np.float32)
        f.add(name, [x], [function(x)], source)
    for name, function in (("round", np.rint), ("floor", np.floor), ("ceil", np.ceil), ("trunc", np.trunc)):
        x = np.array([-2.5, -1.5, -0.5, -0.2, 0.5, 1.5, 2.5, 3.5, 8388607.5, 1e20], np.float32)
        f.add(name, [x], [function(x)], NUMPY)
    for name, function in (("isNaN", np.isnan), ("isInfinite", np.isinf), ("isFinite", np.isfinite)):
        for dtype in (*FLOATS, np.float16, BF16):
            x = np.array([*_edges, 1, -2, 1e-7], dtype=dtype)
            f.add(name, [x], [function(x)], NUMPY)
    for dtype in INTS:
        i = np.iinfo(dtype)
        x = np.array([i.min, i.max, 0, 1, 5, i.max - 1, i.min + 1], dtype)
        for name, function in (
            ("negative", np.negative),
            ("abs", np.abs),
            ("sign", np.sign),
            ("bitwiseNot", np.invert),
            ("square", np.square),
            ("logicalNot", np.logical_not),
        ):
            f.add(name, [x], [function(x)], NUMPY)
    x = np.array([True, False])
    f.add("logicalNot", [x], [~x], NUMPY)
    for name, function in _activations.items():
        for dtype in FLOATS:
            x = f.random.uniform(-6, 6, (4, 5)).astype(dtype)
            t = T(x, grad=True)
            y = function(t)
            f.add(name, [x], [N(y, dtype)], TORCH, loosen=4)
            y.sum().backward()
            f.add(name + "Gradient", [x], [N(t.grad, dtype)], TORCH, loosen=10, of="sum of the outputs")
        if name != "hardSwish":
            x = np.array([0.0, 30, -30, 100, -100, 700, -700], np.float32)
            f.add(name, [x], [N(function(T(x)))], TORCH, loosen=4)
    return f


_shapes = [
    ((4,), (4,)),
    ((), (3,)),
    ((2, 3), (3,)),
    ((2, 1, 3), (4, 1)),
    ((5, 1), (1, 4)),
    ((0, 3), (3,)),
    ((1,), (0,)),
    ((2, 2, 2), ()),
]
_arithmetic = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "maximum": np.maximum,
    "minimum": np.minimum,
}
_floating = {
    "divide": np.divide,
    "atan2": np.arctan2,
    "hypot": np.hypot,
    "copySign": np.copysign,
    "power": np.power,
    "floorDivide": np.floor_divide,
    "modulo": np.mod,
    "remainder": np.fmod,
}
_comparisons = {
    "equal": np.equal,
    "notEqual": np.not_equal,
    "less": np.less,
    "lessOrEqual": np.less_equal,
    "greater": np.greater,
    "greaterOrEqual": np.greater_equal,
}


def _spread(f, shape, dtype, positive=False):
    if np.dtype(dtype).kind in "iu":
        i = np.iinfo(dtype)
        values = f.random.integers(i.min, i.max, shape, dtype=dtype, endpoint=True)
        return np.asarray(values, dtype)
    return np.asarray(f.random.uniform(0.2 if positive else -8, 8, shape)).astype(dtype)


def binary():
    f = Family("binary")
    for name, function in {**_arithmetic, **_floating}.items():
        positive = name == "power"
        for i, (left, right) in enumerate(_shapes):
            dtype = FLOATS[i % 2]
            a, b = _spread(f, left, dtype, positive), _spread(f, right, dtype)
            # Quotients computed from the same bits: modulo of a rounded operand is another number.
            out = (
                function(a, b)
                if name in ("floorDivide", "modulo", "remainder")
                else function(a.astype(np.float64), b.astype(np.float64)).astype(dtype)
            )
            f.add(name, [a, b], [out], NUMPY, loosen=20 if positive else 4)
        for dtype in (np.float16, BF16):
            a, b = _spread(f, (3, 4), dtype, positive), _spread(f, (4,), dtype)
            if name in ("floorDivide", "modulo", "remainder"):
                continue
            out = function(a.astype(np.float64), b.astype(np.float64)).astype(dtype)
            f.add(name, [a, b], [out], NUMPY, loosen=2)
        if name in ("floorDivide", "modulo", "remainder"):
            a = np.array([7, -7, 7, -7, 0, 5.5, -5.5, 1e10], np.float32)
            b = np.array([3, 3, -3, -3, 2, 2.25, 2.25, 3], np.float32)
            f.add(name, [a, b], [function(a, b)], NUMPY)
            continue
        edges = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1, -1, 2, -2.5], np.float64)
        for dtype in FLOATS:
            a, b = edges.astype(dtype)[:, None], edges.astype(dtype)
            f.add(
                name,
                [a, b],
                [function(a.astype(np.float64), b.astype(np.float64)).astype(dtype)],
                NUMPY,
                loosen=4,
                special=True,
            )
    for name, function in _comparisons.items():
        for dtype in (*FLOATS, np.float16, np.int32, np.uint8, np.int64):
            a = np.array([[0, 1, 2]], np.float64).astype(dtype)
            f.add(name, [a, a.T], [function(a, a.T)], NUMPY)
        edges = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0], np.float32)
        f.add(name, [edges[:, None], edges], [function(edges[:, None], edges)], NUMPY, special=True)
        u = np.array([0, 1, 2**63, 2**64 - 1], np.uint64)
        f.add(name, [u[:, None], u], [function(u[:, None], u)], NUMPY)
        f.add(
            name,
            [np.array([True, False])[:, None], np.array([True, False])],
            [function(np.array([True, False])[:, None], np.array([True, False]))],
            NUMPY,
        )
    _integers(f)
    b = np.array([True, False])
    for name, function in (("and", np.logical_and), ("or", np.logical_or), ("xor", np.logical_xor)):
        f.add(name, [b[:, None], b], [function(b[:, None], b)], NUMPY)
    c, x, y = f.integers(0, 2, 3, 4) == 1, f.normal(3, 4), f.normal(3, 4)
    f.add("select", [c, x, y], [np.where(c, x, y)], NUMPY)
    x = np.array([-5, -1, 0, 0.5, 3, np.nan, np.inf], np.float32)
    f.add("clip", [x], [np.clip(x, -1, 1)], NUMPY, low=-1, high=1)
    return f


def _integers(f):
    for dtype in INTS:
        i, bits = np.iinfo(dtype), np.iinfo(dtype).bits
        for left, right in (((6,), (6,)), ((2, 1, 3), (4, 1))):
            a, b = _spread(f, left, dtype), _spread(f, right, dtype)
            for name, function in _arithmetic.items():
                f.add(name, [a, b], [function(a, b)], NUMPY)
            for name, function in (("and", np.bitwise_and), ("or", np.bitwise_or), ("xor", np.bitwise_xor)):
                f.add(name, [a, b], [function(a, b)], NUMPY)
            b = np.where(b == 0, dtype(3), b)
            b = np.where((b == dtype(-1) if i.min < 0 else False), dtype(2), b).astype(dtype)
            for name, function in (("floorDivide", np.floor_divide), ("modulo", np.mod), ("remainder", np.fmod)):
                f.add(name, [a, b], [function(a, b)], NUMPY)
            f.add("divideTruncating", [a, b], [np.asarray(lax.div(*map(jnp.asarray, np.broadcast_arrays(a, b))))], JAX)
        a = np.array([i.min, i.max, 1, 5, 0], dtype)
        s = f.integers(0, bits, 5, dtype=dtype)
        f.add("shiftLeft", [a, s], [np.left_shift(a, s)], NUMPY)
        f.add("shiftRight", [a, s], [np.right_shift(a, s)], NUMPY, sign="arithmetic for signed types")
        base, exponent = np.array([0, 1, 2, 3, 7, 13], dtype), np.array([0, 5, 7, 4, 9, 2], dtype)
        f.add("power", [base, exponent], [np.power(base, exponent)], NUMPY)


def softmax():
    f = Family("softmax")
    functions = {"softmax": torch.softmax, "logSoftmax": torch.log_softmax, "logSumExp": torch.logsumexp}
    for name, function in functions.items():
        for shape, axis in (
            ((5,), 0),
            ((3, 7), -1),
            ((3, 7), 0),
            ((2, 3, 4), 1),
            ((2, 3, 4), -3),
            ((2, 1), -1),
            ((0, 4), 1),
        ):
            for dtype in FLOATS:
                x = f.normal(*shape, dtype=dtype) * 3
                t = T(x, grad=True)
                y = function(t, axis)
                f.add(name, [x], [N(y, dtype)], TORCH, loosen=5, axis=axis)
                g = f.normal(*y.shape, dtype=dtype)
                y.backward(T(g))
                f.add(name + "Gradient", [x, g], [N(t.grad, dtype)], TORCH, loosen=10, axis=axis)
        x = np.array([[1e4, 1e4 - 1, -1e4], [-np.inf, 0, 1], [88, 89, 90], [-1e30, -1e30, -1e30]], np.float32)
        f.add(name, [x], [N(function(T(x), -1))], TORCH, loosen=5, axis=-1)
    x = np.array([[-np.inf, -np.inf], [np.inf, 1], [np.nan, 1]], np.float32)
    f.add("logSumExp", [x], [N(torch.logsumexp(T(x), -1))], TORCH, axis=-1, special=True)
    return f
