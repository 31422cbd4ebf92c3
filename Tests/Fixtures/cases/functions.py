"""Functions of tensors beyond the first families: what PyTorch, NumPy and SciPy say, or plain loops where none does."""

import numpy as np
import scipy.linalg
import scipy.special as special
import torch
import torch.nn.functional as F

from .recorder import Family
from .sources import N, NUMPY, SCIPY, T, TORCH

FLOATS = (np.float32, np.float64)
PLAIN = "plain loops"


def _parts(result):
    """Tensors of a result, complex ones as two."""
    parts = []
    for r in result if isinstance(result, (tuple, list)) else [result]:
        r = r if isinstance(r, torch.Tensor) else torch.from_numpy(np.asarray(r))
        parts += [r.real, r.imag] if r.is_complex() else [r]
    return parts


def case(f, op, function, inputs, source=TORCH, grad=None, dtypes=FLOATS, loosen=4.0, grad_loosen=50.0, **attributes):
    """The answer for each element type, computed in float 64 from rounded inputs; then the gradients by `grad`."""
    inputs = [np.asarray(x) for x in inputs]
    is_float = [x.dtype.kind == "f" for x in inputs]
    for dtype in dtypes if any(is_float) else dtypes[:1]:
        xs = [x.astype(dtype) if fl else x for x, fl in zip(inputs, is_float)]
        parts = _parts(function(*[T(x) for x in xs]))
        outs = [N(p.resolve_conj().resolve_neg(), dtype) for p in parts]
        f.add(op, xs, outs, source, loosen=loosen, **attributes)
    if grad is None:
        return
    xs = [x.astype(np.float64) if fl else x for x, fl in zip(inputs, is_float)]
    ts = [T(x, grad=i in grad) for i, x in enumerate(xs)]
    parts = [p for p in _parts(function(*ts)) if p.is_floating_point()]
    cotangents = [f.normal(*p.shape, dtype=np.float64) for p in parts]
    sum((p * torch.from_numpy(np.asarray(c))).sum() for p, c in zip(parts, cotangents)).backward()
    grads = [(t.grad if t.grad is not None else torch.zeros_like(t)).numpy() for t in (ts[i] for i in grad)]
    f.add(
        op + "Gradient",
        xs + cotangents,
        grads,
        source,
        loosen=grad_loosen,
        withRespectTo=list(grad),
        cotangents=len(cotangents),
        **attributes,
    )


def numpy_case(f, op, function, inputs, dtypes=FLOATS, source=NUMPY, **attributes):
    case(f, op, lambda *xs: function(*[x.numpy() for x in xs]), inputs, source=source, dtypes=dtypes, **attributes)


_shapes = [(7,), (2, 3), (1,), (0, 3), (), (2, 1, 4)]
_unary = {
    # name: function, range, source, special arguments
    "lgamma": (torch.lgamma, (-4.8, 9), [0.5, 1, 2, 1e-3, 30, 1e5]),
    "digamma": (torch.digamma, (0.05, 9), [0.5, 1, 2, 1e-3, 30, 1e5, -1.5, -2.25]),
    "besselI0": (torch.special.i0, (-9, 9), [0, 30, -50, 80]),
    "scaledBesselI0": (torch.special.i0e, (-9, 9), [0, 30, -50, 1e4]),
    "besselI1": (torch.special.i1, (-9, 9), [0, 30, -50, 80]),
    "scaledBesselI1": (torch.special.i1e, (-9, 9), [0, 30, -50, 1e4]),
    "normalCDF": (torch.special.ndtr, (-4, 4), [0, 6, -6, np.inf, -np.inf]),
    "inverseNormalCDF": (torch.special.ndtri, (0.02, 0.98), [0.5, 0, 1]),
    "logit": (torch.logit, (0.05, 0.95), [0.5, 0, 1]),
    "sinc": (torch.sinc, (-4, 4), [0, 1, 0.5]),
    "entropyTerms": (torch.special.entr, (0.05, 5), [0, -1, 1]),
    "square": (torch.square, (-4, 4), [np.inf, np.nan]),
    "radians": (torch.deg2rad, (-400, 400), [180]),
    "degrees": (torch.rad2deg, (-4, 4), [np.pi]),
    "fractionalPart": (torch.frac, (-4, 4), [1.5, -1.5]),
}
_sampled = {
    # What has no derivative in PyTorch, or is there no function of.
    "besselJ0": (special.j0, (-9, 9)),
    "besselJ1": (special.j1, (-9, 9)),
    "besselY0": (special.y0, (0.1, 9)),
    "besselY1": (special.y1, (0.1, 9)),
    "gamma": (special.gamma, (0.1, 9)),
}


def special_functions():
    f = Family("special")
    for name, (function, (low, high), points) in _unary.items():
        for shape in _shapes:
            x = f.random.uniform(low, high, shape)
            # PyTorch's trigamma has nine digits.
            case(f, name, function, [x], grad=[0], loosen=8, grad_loosen=1e5 if name == "digamma" else 500)
        case(f, name, function, [np.array(points, float)], loosen=8)
    for name, (function, (low, high)) in _sampled.items():
        for shape in _shapes:
            numpy_case(f, name, function, [f.random.uniform(low, high, shape)], source=SCIPY, loosen=40)
    numpy_case(f, "gamma", special.gamma, [np.array([-0.5, -1.5, -2.5, 0.0, -0.0, 1, 2, 3])], source=SCIPY, loosen=40)
    for order in (0, 1, 2, 3):
        for shape in _shapes:
            x = f.random.uniform(0.3, 6, shape)
            numpy_case(f, "polygamma", lambda x: special.polygamma(order, x), [x], source=SCIPY, order=order, loosen=8)
            case(f, "polygamma", lambda x: torch.polygamma(order, x), [x], grad=[0], dtypes=(), order=order, grad_loosen=1e5)
    for shape in _shapes:
        s, q = f.random.uniform(1.5, 6, shape), f.random.uniform(0.3, 6, shape)
        case(f, "zeta", torch.special.zeta, [s, q], loosen=8)
        case(
            f, "multivariateLogGamma", lambda x: torch.mvlgamma(x, 3), [f.random.uniform(2, 7, shape)], grad=[0],
            dimension=3, loosen=8, grad_loosen=500,
        )
        a, b = f.random.uniform(0.2, 6, shape), f.random.uniform(0.2, 6, shape)
        numpy_case(f, "logBeta", special.betaln, [a, b], source=SCIPY, loosen=20)
    return f


_pairs = [((4,), (4,)), ((2, 3), (3,)), ((2, 1), (1, 3)), ((), (3,)), ((0,), (1,)), ((), ())]


def elementwise_pairs():
    f = Family("pairs")
    u = lambda low, high, shape: f.random.uniform(low, high, shape)
    for a, b in _pairs:
        case(f, "xlogy", torch.xlogy, [u(-3, 3, a), u(0.1, 4, b)], grad=[0, 1])
        case(f, "xlog1py", torch.special.xlog1py, [u(-3, 3, a), u(-0.8, 4, b)], grad=[0, 1])
        case(f, "logAddExp", torch.logaddexp, [u(-9, 9, a), u(-9, 9, b)], grad=[0, 1])
        case(f, "logAddExp2", torch.logaddexp2, [u(-9, 9, a), u(-9, 9, b)], grad=[0, 1], loosen=8)
        case(f, "lerp", torch.lerp, [u(-3, 3, a), u(-3, 3, b), u(0, 1, b)], grad=[0, 1, 2], loosen=8)
        case(f, "maximumNumber", torch.fmax, [u(-3, 3, a), u(-3, 3, b)], grad=[0, 1])
        case(f, "minimumNumber", torch.fmin, [u(-3, 3, a), u(-3, 3, b)], grad=[0, 1])
        case(f, "clippedByTensors", lambda x, l, h: torch.minimum(torch.maximum(x, l), h),
             [u(-3, 3, a), u(-2, 0, b), u(0, 2, b)], grad=[0, 1, 2])
        case(f, "scaledByPowerOfTwo", torch.ldexp, [u(-3, 3, a), f.integers(-6, 6, *b)], grad=[0])
        numpy_case(f, "heaviside", np.heaviside, [np.round(u(-1.4, 1.4, a)), u(-3, 3, b)])
        numpy_case(f, "isClose", lambda x, y: np.isclose(x, y, rtol=0.2, atol=0.1), [u(0, 1, a), u(0, 1, b)],
                   allowedRelative=0.2, allowedAbsolute=0.1)
        for dtype in (np.int8, np.int32, np.int64, np.uint8):
            x, y = f.integers(0, 60, *a, dtype=dtype), f.integers(0, 60, *b, dtype=dtype)
            numpy_case(f, "gcd", np.gcd, [x, y])
            numpy_case(f, "trueDivided", lambda x, y: (x.astype(np.float64) / y).astype(np.float32), [x, y + dtype(1)])
            if dtype not in (np.int8, np.uint8):
                numpy_case(f, "lcm", np.lcm, [x, y])
    edges = np.array([0.0, 0, 1, np.inf, -np.inf, np.nan, -np.inf])
    others = np.array([0.0, np.nan, np.inf, np.inf, -np.inf, 1, 2])
    for name, function in (
        ("xlogy", torch.xlogy), ("logAddExp", torch.logaddexp), ("maximumNumber", torch.fmax),
        ("minimumNumber", torch.fmin),
    ):
        case(f, name, function, [edges, others])
    for dtype in (np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64):
        i = np.iinfo(dtype)
        x = np.array([i.min, i.max, 0, 1, 5, 77], dtype)
        f.add("bitCount", [x], [np.array([bin(int(v) & (2 ** (8 * x.itemsize) - 1)).count("1") for v in x], dtype)], PLAIN)
    for dtype in FLOATS:
        x = np.array([np.nan, np.inf, -np.inf, 0, -0.0, 2.5], dtype)
        f.add("nanToNum", [x], [np.nan_to_num(x, nan=7)], NUMPY, nanValue=7)
        f.add("nanToNum", [x], [np.nan_to_num(x, nan=0, posinf=3, neginf=-4)], NUMPY, nanValue=0, high=3, low=-4)
        f.add("signBit", [x], [np.signbit(x)], NUMPY)
        for decimals in (-1, 0, 1, 3):
            x = f.random.uniform(-40, 40, (5,)).astype(dtype)
            f.add("rounded", [x], [np.round(x, decimals)], NUMPY, decimals=decimals, loosen=4)
    for base in (2.0, 10.0, 3.0):
        numpy_case(f, "logBase", lambda x: np.log(x) / np.log(base), [u(0.1, 9, (4,))], base=base)
    return f


_reduced = [((5,), [0], False), ((3, 4), [0], False), ((3, 4), [1], True), ((2, 3, 5), [0, 2], False),
            ((2, 3, 4), [0, 1, 2], True), ((1, 6), [-1], False), ((4, 2, 3), [1], True)]


def order_statistics():
    f = Family("quantiles")
    for shape, axes, keeps in _reduced:
        x = f.normal(*shape, dtype=np.float64)
        notes = dict(axes=axes, keepingAxes=keeps)
        axis = tuple(axes)

        def q(method, value, ignoring=False):
            # By gathering: derivatives go to the elements that were taken.
            def run(t):
                order = [i for i in range(t.dim()) if i not in [a % t.dim() for a in axes]]
                flat = t.permute(order + [a % t.dim() for a in axes]).reshape([t.shape[i] for i in order] + [-1])
                r = torch.quantile(flat, value, dim=-1, interpolation=method)
                return r.reshape([1 if i not in order else t.shape[i] for i in range(t.dim())]) if keeps else r

            return run

        for method in ("linear", "lower", "higher", "nearest", "midpoint"):
            for value in (0.0, 0.3, 0.5, 1.0):
                case(f, "quantile", q(method, value), [x], grad=[0], interpolation=method, q=value, **notes)
        numpy_case(f, "median", lambda x: np.median(x, axis, keepdims=keeps), [x], **notes)
        case(f, "medianLower", q("lower", 0.5), [x], grad=[0], **notes)
        numpy_case(f, "quantiles", lambda x: np.quantile(x, [0.1, 0.9], axis, keepdims=keeps), [x], q=[0.1, 0.9], **notes)
        y = x.copy()
        y.reshape(-1)[::3] = np.nan
        numpy_case(f, "median", lambda x: np.median(x, axis, keepdims=keeps), [y], **notes)
        for name, function in (
            ("sumIgnoringNaN", np.nansum), ("productIgnoringNaN", np.nanprod), ("meanIgnoringNaN", np.nanmean),
            ("maxIgnoringNaN", np.nanmax), ("minIgnoringNaN", np.nanmin), ("medianIgnoringNaN", np.nanmedian),
        ):
            numpy_case(f, name, lambda x: function(x, axis, keepdims=keeps), [y], loosen=8, **notes)
        for correction in (0, 1):
            numpy_case(f, "varianceIgnoringNaN", lambda x: np.nanvar(x, axis, ddof=correction, keepdims=keeps), [y],
                       loosen=8, correction=correction, **notes)
        for value in (0.25, 0.8):
            numpy_case(f, "quantileIgnoringNaN", lambda x: np.nanquantile(x, value, axis, keepdims=keeps), [y],
                       q=value, loosen=8, **notes)
        case(f, "sumIgnoringNaN", lambda t: torch.nansum(t, axis, keepdim=keeps), [x], grad=[0], loosen=8, **notes)
        case(f, "meanIgnoringNaN", lambda t: torch.nanmean(t, axis, keepdim=keeps), [x], grad=[0], loosen=8, **notes)
        for order in (0, 1, 2, 3, 0.5, -1, np.inf, -np.inf):
            name = {np.inf: "inf", -np.inf: "-inf"}.get(order, str(order))
            case(f, "norm", lambda t: torch.linalg.vector_norm(t, order, axis, keepdim=keeps), [x],
                 grad=None if order == 0 else [0], order=name, loosen=8, **notes)
        z = np.round(x)
        numpy_case(f, "countOfNonzero", lambda x: np.count_nonzero(x, axis, keepdims=keeps), [z], **notes)
        numpy_case(f, "countOfNonzero", lambda x: np.count_nonzero(x, axis, keepdims=keeps), [z.astype(np.int32)], **notes)
    for shape in ((3, 5), (4, 7)):
        x, w = f.normal(*shape, dtype=np.float64), f.random.uniform(0.1, 1, shape)
        case(f, "covariance", lambda t: torch.cov(t), [x], grad=[0], loosen=8)
        case(f, "correlation", lambda t: torch.corrcoef(t), [x], grad=[0], loosen=8)
        case(f, "weightedMean", lambda t, w: (t * w).sum(1) / w.sum(1), [x, w], grad=[0, 1], axes=[1], loosen=8)
    return f


def _records(x, axis, better):
    """Running extremes and where they were set, the first of equals; NaN wins."""
    values, places = x.copy(), np.zeros(x.shape, np.int64)
    lines, v, p = np.moveaxis(x, axis, 0), np.moveaxis(values, axis, 0), np.moveaxis(places, axis, 0)
    for column in np.ndindex(lines.shape[1:]):
        best = 0
        for i in range(lines.shape[0]):
            a, b = lines[(i, *column)], lines[(best, *column)]
            if better(a, b) or (np.isnan(a) and not np.isnan(b)):
                best = i
            v[(i, *column)], p[(i, *column)] = lines[(best, *column)], best
    return values, places


def running():
    f = Family("running")
    for shape, axis in (((6,), 0), ((3, 4), 0), ((3, 4), 1), ((2, 3, 4), 1), ((1, 5), 1), ((0, 3), 1), ((2, 1), -1)):
        x = f.normal(*shape, dtype=np.float64) * 3
        case(f, "cumulativeLogSumExp", lambda t: torch.logcumsumexp(t, axis), [x], grad=[0], axis=axis)
        case(f, "cumulativeLogSumExp", lambda t: torch.logcumsumexp(t, axis), [x * 200], grad=[0], axis=axis)
        case(f, "cumulativeLogSumExpReversed", lambda t: torch.logcumsumexp(t.flip(axis), axis).flip(axis), [x], grad=[0],
             axis=axis)
        y = np.round(x)
        for dtype in (*FLOATS, np.int32):
            for name, better in (("cumulativeMax", np.greater), ("cumulativeMin", np.less)):
                z = y.astype(dtype)
                f.add(name + "WithIndices", [z], _records(z, axis, better), PLAIN, axis=axis)
        for order in (0, 1, 2):
            if order <= shape[axis]:
                case(f, "differences", lambda t: torch.diff(t, order, axis), [x], grad=[0], axis=axis, order=order)
    x = np.array([1, np.nan, 3, 2, np.nan], np.float32)
    f.add("cumulativeMaxWithIndices", [x], _records(x, 0, np.greater), PLAIN, axis=0)
    x = np.array([-np.inf, -np.inf, 0, np.inf, 3])
    case(f, "cumulativeLogSumExp", lambda t: torch.logcumsumexp(t, 0), [x], axis=0)
    for n, k in ((5, 5), (50, 3), (1000, 7), (300, 300), (1000, 600), (3000, 1), (40, 0)):
        for kind in ("normal", "equal", "nan"):
            x = f.normal(2, n)
            if kind == "equal":
                x = np.round(x)
            if kind == "nan":
                x[:, ::3] = np.nan
            for smallest in (False, True):
                keys = np.where(np.isnan(x), np.inf, x if smallest else -x)
                order = np.argsort(keys, axis=1, kind="stable")[:, :k]
                f.add("topKIndices", [x], [np.asarray(order, np.int64)], NUMPY, count=k, isSmallest=smallest)
    return f


def counting():
    f = Family("counting")
    for n, count in ((0, 4), (9, 5), (40, 12)):
        x, w = f.integers(0, count, n), f.random.uniform(-1, 1, n)
        for dtype in (np.int64, np.int32, np.uint8):
            f.add("binCounts", [x.astype(dtype)], [np.bincount(x, minlength=count).astype(np.int64)], NUMPY, count=count)
        if n:
            numpy_case(f, "binCounts", lambda x, w: np.bincount(x, w, minlength=count), [x, w], count=count, loosen=8)
    for n, bins, low, high in ((20, 4, -1, 1), (50, 7, 0, 2), (0, 3, 0, 1), (30, 1, -5, 5), (11, 10, 0, 1)):
        x, w = f.normal(n, dtype=np.float64), f.random.uniform(0, 1, n)
        if n == 11:
            x = np.arange(11) / 10
        if n == 20:
            x[:3] = [np.nan, 1, -1]
        notes = dict(count=bins, low=low, high=high)
        for dtype in FLOATS:
            y = x.astype(dtype)
            counts, edges = np.histogram(y.astype(np.float64)[~np.isnan(y)], bins, (low, high))
            f.add("histogram", [y], [counts.astype(np.int64), edges.astype(dtype)], NUMPY, **notes)
        if n != 20:
            numpy_case(f, "histogramWeights", lambda x, w: np.histogram(x, bins, (low, high), weights=w)[0], [x, w],
                       loosen=8, **notes)
    for dtype in (np.float32, np.float64, np.float16, np.int32, np.int8, np.uint64):
        for n, shape in ((7, (3, 4)), (1, (5,)), (0, (2,)), (31, ()), (8, (0, 2))):
            s = np.sort(np.round(f.normal(n) * 4).astype(dtype) if dtype != np.uint64 else f.integers(0, 20, n, dtype=dtype))
            v = np.round(f.normal(*shape) * 4).astype(dtype) if dtype != np.uint64 else f.integers(0, 20, *shape, dtype=dtype)
            v = np.asarray(v)
            for right in (False, True):
                side = "right" if right else "left"
                f.add("searchSorted", [s, v], [np.searchsorted(s, v, side).astype(np.int64)], NUMPY, isRight=right)
                f.add("bucketized", [v, s], [np.searchsorted(s, v, side).astype(np.int64)], NUMPY, isRight=right)
    for batch, n, m in (((3,), 5, 4), ((2, 2), 9, 1), ((1,), 0, 3)):
        s, v = np.sort(f.normal(*batch, n), -1), f.normal(*batch, m)
        for right in (False, True):
            out = torch.searchsorted(torch.from_numpy(s), torch.from_numpy(v), right=right)
            f.add("searchSorted", [s, v], [out.numpy()], TORCH, isRight=right)
    s, v = np.array([1, 2, np.nan, np.nan]), np.array([0, 2, np.nan, np.inf])
    f.add("searchSorted", [s, v], [np.searchsorted(s, v).astype(np.int64)], NUMPY, isRight=False)
    for dtype in (np.float32, np.int32, np.bool_, np.float64):
        for shape in ((9,), (3, 4), (1,), (0,)):
            x = np.round(f.normal(*shape) * 2).astype(dtype)
            values, inverse, counts = np.unique(x, return_inverse=True, return_counts=True)
            size = x.size + 2
            pad = lambda a, fill: np.concatenate([a, np.full(size - a.size, fill, a.dtype)])
            f.add("uniques", [x], [pad(values, 1), inverse.reshape(shape).astype(np.int64),
                                   pad(counts.astype(np.int64), 0), np.array(values.size, np.int64)], NUMPY, size=size, fill=1)
    x = np.array([np.nan, 1, np.nan, 0, 1])
    values, inverse, counts = np.unique(x, return_inverse=True, return_counts=True)
    f.add("uniques", [x], [values, inverse.astype(np.int64), counts.astype(np.int64), np.array(3, np.int64)], NUMPY, size=3, fill=0)
    return f
