"""Taking, segments, diagonals, windows, grids and joining; images and boxes."""

import numpy as np
import torch
import torch.nn.functional as F

from .functions import FLOATS, PLAIN, case, numpy_case
from .recorder import Family
from .sources import NUMPY, SCIPY, TORCH
import scipy.linalg


def taking():
    f = Family("taking")
    for shape in ((5,), (2, 3), (2, 2, 3)):
        x = f.normal(*shape, dtype=np.float64)
        places = f.integers(-x.size, x.size, 3, 2)
        case(f, "taken", lambda t, i: torch.take(t, i), [x, places], grad=[0])
        mask = f.random.random(shape) < 0.5
        count = int(mask.sum())
        for extra in (0, 2):
            out = np.zeros((count + extra, len(shape)), np.int64) + 9
            out[:count] = np.argwhere(mask)
            f.add("nonzeroIndices", [mask], [out], NUMPY, count=count + extra, fill=9)
            values = np.full(count + extra, 5.0)
            values[:count] = x[mask]
            f.add("elements", [x, mask], [values], NUMPY, count=count + extra, fill=5)
        if count:
            case(f, "elements", lambda t, m: torch.masked_select(t, m), [x, mask], grad=[0], count=count, fill=0)
            v = f.normal(x.size, dtype=np.float64)
            case(f, "maskedScatter", lambda t, m, v: torch.masked_scatter(t, m, v), [x, mask, v], grad=[0, 2])
        i = f.integers(0, x.size, 4)
        f.add("unraveled", [i], [np.stack(np.unravel_index(i, shape), -1).astype(np.int64)], NUMPY, shape=list(shape))
        axis = len(shape) - 1
        for kind in ("sum", "prod", "mean", "amax", "amin"):
            for includes in (True, False):
                n = shape[axis]
                index = f.integers(0, n, *shape[:axis], n + 2)
                src = f.normal(*shape[:axis], n + 2, dtype=np.float64)
                case(f, "scatterReduced", lambda t, s, i: torch.scatter_reduce(t, axis, i, s, kind, include_self=includes),
                     [x, src, index], grad=[0, 1] if includes and kind != "prod" else None, kind=kind,
                     includesSelf=includes, axis=axis, loosen=8)
    for rows, count, width in ((7, 4, 3), (1, 3, 2), (0, 2, 2), (9, 1, 1)):
        x = f.normal(rows, width, dtype=np.float64)
        segments = np.sort(f.integers(0, count, rows))
        for kind, start in (("sum", 0), ("mean", 0), ("product", 1), ("max", -np.inf), ("min", np.inf)):
            name = {"sum": "sum", "mean": "mean", "product": "prod", "max": "amax", "min": "amin"}[kind]

            def run(t, s):
                base = torch.full((count, width), float(start), dtype=t.dtype)
                return base.index_reduce(0, s, t, name, include_self=False) if kind != "sum" else base.index_add(0, s, t)

            order = f.random.permutation(rows)
            case(f, "segments", run, [x, segments], grad=[0] if kind in ("sum", "mean", "max", "min") else None, kind=kind,
                 count=count, loosen=8)
            case(f, "unsortedSegments", run, [x, segments[order]], grad=[0] if kind in ("sum", "mean") else None, kind=kind,
                 count=count, loosen=8)
    return f


def layout():
    f = Family("layout")
    for shape in ((3, 4), (4, 3), (2, 3, 3), (1, 1), (3, 0), (2, 2, 3, 4)):
        x = f.normal(*shape, dtype=np.float64)
        for offset in (-5, -1, 0, 1, 2):
            if abs(offset) < max(shape[-2:]):
                case(f, "diagonal", lambda t: torch.diagonal(t, offset, -2, -1), [x], grad=[0], offset=offset, axes=[-2, -1])
            case(f, "trace", lambda t: torch.from_numpy(np.asarray(np.trace(t.numpy(), offset, -2, -1))), [x], source=NUMPY, offset=offset)
        if len(shape) == 3:
            case(f, "diagonal", lambda t: torch.diagonal(t, 1, 2, 0), [x], grad=[0], offset=1, axes=[2, 0])
        for k in (-1, 0, 1, 2, 5):
            case(f, "rotatedByQuarters", lambda t: torch.rot90(t, k, (0, 1)), [x], grad=[0], count=k, axes=[0, 1])
        case(f, "rotatedByQuarters", lambda t: torch.rot90(t, 1, (1, 0)), [x], count=1, axes=[1, 0])
        case(f, "rolled", lambda t: torch.roll(t, (1, -2), (0, 1)), [x], grad=[0], shifts=[1, -2], axes=[0, 1])
    for n, offset in ((3, 0), (2, 1), (2, -2), (0, 1), (1, 3)):
        x = f.normal(2, n, dtype=np.float64)
        case(f, "diagonalMatrix", lambda t: torch.diag_embed(t, offset), [x], grad=[0], offset=offset)
    for rows, columns, d in ((3, 3, 0), (2, 4, 1), (4, 2, -1), (0, 2, 0)):
        x = np.zeros(1, np.float32)
        f.add("lowerTriangleIndices", [x], [np.stack(np.tril_indices(rows, d, columns), -1).astype(np.int64)], NUMPY,
              rows=rows, columns=columns, diagonal=d)
        f.add("upperTriangleIndices", [x], [np.stack(np.triu_indices(rows, d, columns), -1).astype(np.int64)], NUMPY,
              rows=rows, columns=columns, diagonal=d)
    for shape, axis, size, step in (((7,), 0, 3, 1), ((2, 6), 1, 2, 2), ((5, 3), 0, 5, 1), ((2, 9, 2), 1, 4, 3), ((4,), 0, 1, 2)):
        x = f.normal(*shape, dtype=np.float64)
        case(f, "windows", lambda t: t.unfold(axis, size, step), [x], grad=[0], axis=axis, size=size, step=step)
    for shape, window, stride, dilation, pad in (
        ((1, 5, 6, 2), (2, 3), (1, 1), (1, 1), (0, 0)), ((2, 6, 6, 1), (3, 3), (2, 2), (1, 1), (1, 1)),
        ((1, 7, 7, 3), (2, 2), (1, 2), (2, 1), (0, 1)), ((2, 4, 4, 2), (4, 4), (1, 1), (1, 1), (0, 0)),
        ((1, 5, 5, 1), (1, 1), (2, 2), (1, 1), (0, 0)),
    ):
        x = f.normal(*shape, dtype=np.float64)
        notes = dict(window=list(window), stride=list(stride), dilation=list(dilation), padding=[[p, p] for p in pad])
        out = [(s + 2 * p - (w - 1) * d - 1) // st + 1 for s, p, w, d, st in zip(shape[1:3], pad, window, dilation, stride)]
        k, c = window[0] * window[1], shape[3]

        def unfold(t):
            u = F.unfold(t.permute(0, 3, 1, 2), window, dilation, pad, stride)
            return u.reshape(shape[0], c, k, *out).permute(0, 3, 4, 2, 1).reshape(shape[0], *out, k * c)

        def fold(t):
            u = t.reshape(shape[0], *out, k, c).permute(0, 4, 3, 1, 2).reshape(shape[0], c * k, -1)
            return F.fold(u, shape[1:3], window, dilation, pad, stride).permute(0, 2, 3, 1)

        case(f, "patches", unfold, [x], grad=[0], **notes)
        y = f.normal(shape[0], *out, k * c, dtype=np.float64)
        case(f, "images", fold, [y], grad=[0], size=list(shape[1:3]), loosen=8, **notes)
    for shape, factor in (((1, 2, 3, 8), 2), ((2, 1, 2, 9), 3), ((1, 3, 3, 2), 1)):
        x = f.normal(*shape, dtype=np.float64)
        shuffle = lambda t: F.pixel_shuffle(t.permute(0, 3, 1, 2), factor).permute(0, 2, 3, 1)
        unshuffle = lambda t: F.pixel_unshuffle(t.permute(0, 3, 1, 2), factor).permute(0, 2, 3, 1)
        case(f, "pixelShuffle", shuffle, [x], grad=[0], factor=factor)
        case(f, "pixelUnshuffle", unshuffle, [np.asarray(shuffle(torch.from_numpy(x)))], grad=[0], factor=factor)
    a, b, c = f.normal(3, dtype=np.float64), f.normal(4, dtype=np.float64), f.normal(2, dtype=np.float64)
    for vectors in ([a], [a, b], [a, b, c]):
        for order in ("ij", "xy"):
            if len(vectors) > 1:
                case(f, "meshgrid", lambda *v: torch.meshgrid(*v, indexing=order), vectors, grad=list(range(len(vectors))),
                     isMatrixOrder=order == "ij")
        case(f, "cartesianProduct", lambda *v: torch.cartesian_prod(*v).reshape(-1, len(v)), vectors,
             grad=list(range(len(vectors))))
    m, n, r = f.normal(2, 3, dtype=np.float64), f.normal(1, 2, dtype=np.float64), f.normal(2, 0, dtype=np.float64)
    case(f, "blockDiagonal", lambda *v: torch.block_diag(*v), [m, n], grad=[0, 1])
    case(f, "blockDiagonal", lambda *v: torch.block_diag(*v), [m, r, n])
    for count in (0, 1, 4):
        for down in (False, True):
            numpy_case(f, "vandermonde", lambda x: np.vander(x, count, not down), [a], count=count, isDecreasing=down)
    for name, function in (
        ("stackingVertically", torch.vstack), ("stackingHorizontally", torch.hstack), ("stackingInDepth", torch.dstack),
        ("stackingColumns", torch.column_stack),
    ):
        for shape in ((3,), (2, 3), (2, 3, 2)):
            if name == "stackingColumns" and len(shape) == 3:
                continue
            parts = [f.normal(*shape, dtype=np.float64) for _ in range(2)]
            case(f, name, lambda *v: function(v), parts, grad=[0, 1])
    for shape, axis in (((4,), 0), ((2, 3), 1), ((3, 2), 0)):
        x, counts = f.normal(*shape, dtype=np.float64), f.integers(0, 4, shape[axis])
        if counts.sum() == 0:
            counts[0] = 2
        case(f, "repeated", lambda t, c: torch.repeat_interleave(t, c, axis), [x, counts], grad=[0], axis=axis,
             total=int(counts.sum()))
    for size, every in ((7, 3), (6, 2), (1, 4), (0, 2)):
        x = f.normal(size, 2, dtype=np.float64)
        if size:
            case(f, "split", lambda t: torch.split(t, every), [x], grad=[0], every=every)
    return f


def resizing():
    f = Family("resizing")
    sizes = [((1, 5, 2), [8]), ((2, 8, 1), [3]), ((1, 3, 1), [1]), ((1, 4, 5, 2), [8, 10]), ((2, 6, 7, 1), [3, 4]),
             ((1, 5, 5, 3), [7, 2]), ((1, 4, 4, 1), [4, 9]), ((1, 3, 4, 5, 2), [6, 2, 5]), ((1, 1, 1, 1), [3, 2])]
    names = {"linear": {1: "linear", 2: "bilinear", 3: "trilinear"}, "cubic": {2: "bicubic"}}
    for shape, size in sizes:
        x = f.normal(*shape, dtype=np.float64)
        n = len(size)
        first, last = [0, n + 1] + list(range(1, n + 1)), [0] + list(range(2, n + 2)) + [1]

        def resize(mode, **options):
            return lambda t: F.interpolate(t.permute(first), size, mode=mode, **options).permute(last)

        for name, mode in (("nearest", "nearest"), ("nearestExact", "nearest-exact"), ("area", "area")):
            case(f, "resized", resize(mode), [x], grad=[0], size=size, interpolation=name, loosen=8)
        for name in ("linear", "cubic"):
            mode = names[name].get(n)
            if mode is None:
                continue
            for aligns in (False, True):
                case(f, "resized", resize(mode, align_corners=aligns), [x], grad=[0], size=size, interpolation=name,
                     alignsCorners=aligns, loosen=20, grad_loosen=200)
            if n == 2:
                case(f, "resized", resize(mode, antialias=True), [x], grad=[0], size=size, interpolation=name,
                     isAntialiased=True, loosen=20, grad_loosen=200)
    return f


def sampling():
    f = Family("sampling")
    for shape, out in (((1, 4, 5, 2), (3, 4)), ((2, 3, 3, 1), (2, 2)), ((1, 1, 6, 1), (1, 5)), ((2, 3, 4, 2, 1), (2, 3, 2))):
        n = len(out)
        x = f.normal(*shape, dtype=np.float64)
        g = f.random.uniform(-1.4, 1.4, (shape[0], *out, n))
        first, last = [0, n + 1] + list(range(1, n + 1)), [0] + list(range(2, n + 2)) + [1]
        for mode in ("bilinear", "nearest") + (("bicubic",) if n == 2 else ()):
            for pad in ("zeros", "border", "reflection"):
                for aligns in (False, True):
                    if pad == "reflection" and mode == "nearest":
                        continue
                    run = lambda t, g: F.grid_sample(t.permute(first), g, mode, pad, aligns).permute(last)
                    # Where the coordinate stands still, or the image has one row, there is a kink at most.
                    grads = [0] if mode == "nearest" or 1 in shape[1:-1] else [0, 1]
                    case(f, "gridSample", run, [x, g], grad=grads, mode=mode, border=pad, alignsCorners=aligns, loosen=40,
                         grad_loosen=400)
        for aligns in (False, True):
            maps = f.normal(shape[0], n, n + 1, dtype=np.float64)
            case(f, "affineGrid", lambda m: F.affine_grid(m, [shape[0], 1, *out], aligns), [maps], grad=[0], size=list(out),
                 alignsCorners=aligns, loosen=8)
    return f


def _pixel(x, b, y, c):
    return x[b, min(max(int(y), 0), x.shape[1] - 1), min(max(int(c), 0), x.shape[2] - 1)]


def _bilinear(x, b, y, c):
    top, left = np.floor(y), np.floor(c)
    down, right = y - top, c - left
    above = _pixel(x, b, top, left) * (1 - right) + _pixel(x, b, top, left + 1) * right
    below = _pixel(x, b, top + 1, left) * (1 - right) + _pixel(x, b, top + 1, left + 1) * right
    return above * (1 - down) + below * down


def _crops(x, boxes, images, size, nearest, outside):
    out = np.zeros((len(boxes), *size, x.shape[3]))
    for n, (y1, x1, y2, x2) in enumerate(boxes):
        for i in range(size[0]):
            for j in range(size[1]):
                h, w = x.shape[1] - 1, x.shape[2] - 1
                y = y1 * h + i * (y2 - y1) * h / (size[0] - 1) if size[0] > 1 else 0.5 * (y1 + y2) * h
                c = x1 * w + j * (x2 - x1) * w / (size[1] - 1) if size[1] > 1 else 0.5 * (x1 + x2) * w
                if not (0 <= y <= h and 0 <= c <= w):
                    out[n, i, j] = outside
                elif nearest:
                    out[n, i, j] = _pixel(x, images[n], np.floor(y + 0.5), np.floor(c + 0.5))
                else:
                    out[n, i, j] = _bilinear(x, images[n], y, c)
    return out


def _regions(x, boxes, images, size, scale, samples, aligned):
    out = np.zeros((len(boxes), *size, x.shape[3]))
    for n, box in enumerate(boxes):
        x1, y1, x2, y2 = box * scale - (0.5 if aligned else 0)
        height, width = y2 - y1, x2 - x1
        if not aligned:
            height, width = max(height, 1), max(width, 1)
        for i in range(size[0]):
            for j in range(size[1]):
                for k in range(samples):
                    for m in range(samples):
                        y = y1 + height * (i + (k + 0.5) / samples) / size[0]
                        c = x1 + width * (j + (m + 0.5) / samples) / size[1]
                        if y < -1 or y > x.shape[1] or c < -1 or c > x.shape[2]:
                            continue
                        y, c = min(max(y, 0), x.shape[1] - 1), min(max(c, 0), x.shape[2] - 1)
                        out[n, i, j] += _bilinear(x, images[n], y, c) / samples**2
    return out


def _iou(a, b):
    out = np.zeros((len(a), len(b)))
    for i, p in enumerate(a):
        for j, q in enumerate(b):
            shared = max(min(p[2], q[2]) - max(p[0], q[0]), 0) * max(min(p[3], q[3]) - max(p[1], q[1]), 0)
            union = (p[2] - p[0]) * (p[3] - p[1]) + (q[2] - q[0]) * (q[3] - q[1]) - shared
            out[i, j] = shared / union if union else 0
    return out


def boxes():
    f = Family("boxes")

    def corners(n, size):
        low, extent = f.random.uniform(0, 0.6 * size, (n, 2)), f.random.uniform(0.1 * size, 0.4 * size, (n, 2))
        return np.concatenate([low, low + extent], 1)

    for n, m in ((3, 4), (1, 1), (0, 2), (5, 5)):
        numpy_case(f, "intersectionOverUnion", _iou, [corners(n, 10), corners(m, 10)], source=PLAIN, loosen=8)
        numpy_case(f, "boxArea", lambda b: (b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1]), [corners(n, 10)], source=PLAIN, loosen=8)
    for n in (1, 6, 25):
        for overlap in (0.1, 0.3, 0.7):
            for least in (-np.inf, 0.3):
                b, s = corners(n, 10).astype(np.float32), np.round(f.random.random(n), 1).astype(np.float32)
                kept, iou = [], _iou(b, b)
                for i in np.argsort(-s, kind="stable"):
                    if s[i] >= np.float32(least) and all(iou[i, j] <= overlap for j in kept):
                        kept.append(int(i))
                count = n // 2 + 1
                out = np.full(count, -1, np.int64)
                out[: len(kept[:count])] = kept[:count]
                notes = {} if np.isinf(least) else dict(minimumScore=least)
                f.add("nonMaximumSuppression", [b, s], [out, np.array(min(len(kept), count), np.int64)], PLAIN,
                      overlap=overlap, count=count, **notes)
    for shape, n, size in (((2, 6, 7, 2), 4, (3, 4)), ((1, 5, 5, 1), 2, (1, 2)), ((2, 4, 9, 3), 3, (5, 1))):
        x = f.normal(*shape, dtype=np.float64)
        images = f.integers(0, shape[0], n)
        unit = f.random.uniform(-0.2, 1.2, (n, 4))
        for nearest in (False, True):
            numpy_case(f, "cropAndResize", lambda x, b, i: _crops(x, b, i, size, nearest, 0.5), [x, unit, images],
                       source=PLAIN, size=list(size), isNearest=nearest, outside=0.5, loosen=40)
        for aligned in (False, True):
            for samples in (1, 2):
                numpy_case(f, "roiAlign", lambda x, b, i: _regions(x, b, i, size, 0.5, samples, aligned),
                           [x, corners(n, 14), images], source=PLAIN, size=list(size), scale=0.5, samples=samples,
                           isAligned=aligned, loosen=40)
    return f
