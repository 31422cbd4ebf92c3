"""Linear algebra and Fourier transforms."""

import numpy as np
import scipy.linalg
import torch

from .functions import FLOATS, case, numpy_case
from .recorder import Family
from .sources import NUMPY, SCIPY, TORCH


def _oriented(v, *others):
    """Columns whose largest component is positive, and what goes with them."""
    v = v if isinstance(v, torch.Tensor) else torch.from_numpy(v)
    if v.shape[-2] == 0 or v.shape[-1] == 0:
        return (v, *others)
    top = v.detach().abs().argmax(-2, keepdim=True)
    sign = torch.sign(torch.gather(v.detach(), -2, top))
    return (v * sign, *[o * sign.transpose(-1, -2) for o in others])


def algebra():
    f = Family("algebra")
    wide = dict(loosen=100, grad_loosen=5000)
    for batch, n in (((), 1), ((), 3), ((2,), 4), ((2, 3), 2), ((), 7), ((3,), 0), ((0,), 2)):
        g = f.normal(*batch, n, n, dtype=np.float64)
        spd = g @ np.swapaxes(g, -1, -2) + (n + 1) * np.eye(n)
        regular = g + (n + 1) * np.eye(n)
        empty = n == 0 or 0 in batch
        grad = None if empty else [0]
        sym = lambda t: (t + t.transpose(-1, -2)) / 2
        for upper in (False, True):
            case(f, "cholesky", lambda t: torch.linalg.cholesky(sym(t), upper=upper), [spd], grad=grad, isUpper=upper, **wide)
        case(f, "eigenvalues", lambda t: torch.linalg.eigvalsh(sym(t)), [g], grad=grad, **wide)
        if not empty:
            spread = sym(torch.from_numpy(g)).numpy() + np.diag(3.0 * np.arange(n))
            case(f, "eigh", lambda t: (lambda w, v: (w, *_oriented(v)))(*torch.linalg.eigh(sym(t))), [spread], grad=grad, **wide)
        case(f, "inverse", torch.linalg.inv, [regular], grad=grad, **wide)
        case(f, "determinant", torch.linalg.det, [g], grad=grad, **wide)
        case(f, "signAndLogDeterminant", lambda t: tuple(torch.linalg.slogdet(t)), [g], **wide)
        case(f, "logDeterminant", lambda t: torch.linalg.slogdet(t)[1], [g], grad=grad, **wide)
        for power in (-2, 0, 1, 3):
            if not (empty and power < 0):
                case(f, "matrixPower", lambda t: torch.linalg.matrix_power(t, power), [regular], grad=None if power == 0 or empty else [0],
                     exponent=power, loosen=400, grad_loosen=5000)
        for m in (1, 3):
            b = f.normal(*batch, n, m, dtype=np.float64)
            case(f, "solve", torch.linalg.solve, [regular, b], grad=None if empty else [0, 1], **wide)
            case(f, "choleskySolve", lambda l, b: torch.cholesky_solve(b, l), [np.linalg.cholesky(spd) if not empty else spd, b], **wide)
            for upper in (False, True):
                for unit in (False, True):
                    for turned in (False, True):

                        def run(a, b):
                            return torch.linalg.solve_triangular(a.transpose(-1, -2) if turned else a, b,
                                                                 upper=upper != turned, unitriangular=unit)

                        case(f, "triangularSolve", run, [regular / (n + 1), b], grad=None if empty else [0, 1], isLower=not upper,
                             isTransposed=turned, hasUnitDiagonal=unit, **wide)
        if batch == ():
            v = f.normal(n, dtype=np.float64)
            case(f, "solve", torch.linalg.solve, [regular, v], grad=None if empty else [0, 1], **wide)
    for batch, m, n in (((), 3, 3), ((), 5, 2), ((), 2, 5), ((2,), 4, 3), ((2,), 1, 3), ((), 3, 1), ((), 0, 2), ((2, 2), 2, 2)):
        x = f.normal(*batch, m, n, dtype=np.float64)
        empty = m == 0
        case(f, "qr", lambda t: tuple(torch.linalg.qr(t)), [x], grad=None if empty else [0], isComplete=False, **wide)
        case(f, "qr", lambda t: tuple(torch.linalg.qr(t, mode="complete")), [x], grad=[0] if m <= n and not empty else None,
             isComplete=True, **wide)
        case(f, "singularValues", torch.linalg.svdvals, [x], grad=None if empty else [0], **wide)
        if not empty:

            def oriented_svd(t):
                u, s, vt = torch.linalg.svd(t, full_matrices=False)
                u, vt = _oriented(u, vt)
                return u, s, vt

            case(f, "svd", oriented_svd, [x], grad=[0], **wide)
            k = min(m, n)

            def lu(x):
                flat = x.reshape(-1, m, n)
                parts = [scipy.linalg.lu(a, p_indices=True) for a in flat]
                order = [np.argsort(p) for p, _, _ in parts]
                shape = x.shape[:-2]
                return (np.array([l for _, l, _ in parts]).reshape(*shape, m, k), np.array([u for _, _, u in parts]).reshape(*shape, k, n),
                        np.array(order).reshape(*shape, m).astype(np.int64))

            numpy_case(f, "luFactors", lu, [x], source=SCIPY, **wide)
            case(f, "pseudoInverse", torch.linalg.pinv, [x], grad=[0], **wide)
            numpy_case(f, "conditionNumber", np.linalg.cond, [x], **wide)
        for name, order in (("frobenius", "fro"), ("nuclear", "nuc"), ("spectral", 2), ("columns", 1), ("rows", np.inf),
                            ("smallestSingular", -2), ("smallestColumn", -1), ("smallestRow", -np.inf)):
            if not empty:
                case(f, "matrixNorm", lambda t: torch.linalg.matrix_norm(t, order), [x], grad=[0], kind=name, **wide)
        numpy_case(f, "matrixRank", lambda x: np.asarray(np.linalg.matrix_rank(x), np.int64), [np.round(x)] if not empty else [x])
        if m >= n and not empty:
            b = f.normal(*batch, m, 2, dtype=np.float64)
            case(f, "leastSquares", lambda a, b: torch.linalg.lstsq(a, b).solution, [x, b], grad=[0, 1], **wide)
    low = f.normal(4, 2, dtype=np.float64) @ f.normal(2, 5, dtype=np.float64)
    numpy_case(f, "matrixRank", lambda x: np.asarray(np.linalg.matrix_rank(x), np.int64), [low], dtypes=[np.float64])
    numpy_case(f, "pseudoInverse", lambda x: np.linalg.pinv(x, 1e-10), [low], dtypes=[np.float64], tolerance=1e-10, **wide)
    for a, b in (((2, 3), (3, 2)), ((1,), (4,)), ((2, 1, 2), (1, 3, 2)), ((), ()), ((0, 2), (2, 2))):
        case(f, "kron", torch.kron, [f.normal(*a, dtype=np.float64), f.normal(*b, dtype=np.float64)], grad=[0, 1])
    for a, b, axis in (((3,), (3,), -1), ((2, 3), (1, 3), -1), ((3, 4), (3, 4), 0), ((2, 1, 3), (1, 4, 3), -1)):
        case(f, "cross", lambda x, y: torch.linalg.cross(x, y, dim=axis), [f.normal(*a, dtype=np.float64), f.normal(*b, dtype=np.float64)],
             grad=[0, 1], axis=axis, loosen=20)
        case(f, "vectorDot", lambda x, y: torch.linalg.vecdot(x, y, dim=axis),
             [f.normal(*a, dtype=np.float64), f.normal(*b, dtype=np.float64)], grad=[0, 1], axis=axis, loosen=20)
    for shapes in ([(2, 3), (3, 4), (4, 2)], [(3,), (3, 2), (2, 5), (5,)], [(10, 2), (2, 8), (8, 1), (1, 4)], [(2, 3), (3, 2)]):
        xs = [f.normal(*s, dtype=np.float64) for s in shapes]
        case(f, "chainedProduct", lambda *v: torch.linalg.multi_dot(v), xs, grad=list(range(len(xs))), loosen=40)
    return f


def fourier():
    f = Family("fourier")
    norms = {"backward": "backward", "orthonormal": "ortho", "forward": "forward"}
    z = lambda *s: (f.normal(*s, dtype=np.float64), f.normal(*s, dtype=np.float64))
    for n in (1, 2, 3, 4, 5, 7, 8, 11, 12, 13, 15, 17, 19, 22, 30, 32, 37, 49, 64, 97):
        x = z(2, n)
        loosen = dict(loosen=40, grad_loosen=400)
        case(f, "fft", lambda a, b: torch.fft.fft(torch.complex(a, b)), x, grad=[0, 1], **loosen)
        case(f, "inverseFFT", lambda a, b: torch.fft.ifft(torch.complex(a, b)), x, grad=[0, 1], **loosen)
        case(f, "realFFT", torch.fft.rfft, x[:1], grad=[0], **loosen)
        h = z(2, n // 2 + 1)
        case(f, "inverseRealFFT", lambda a, b: torch.fft.irfft(torch.complex(a, b), n), h, grad=[0, 1], length=n, **loosen)
    for shape, axis in (((6, 3), 0), ((2, 5, 4), 1), ((9,), 0), ((1, 8), -2)):
        for length in (None, 3, 10):
            for name, norm in norms.items():
                x = z(*shape)
                notes = dict(axis=axis, scaling=name, **({} if length is None else dict(length=length)))
                loosen = dict(loosen=40, grad_loosen=400)
                case(f, "fft", lambda a, b: torch.fft.fft(torch.complex(a, b), length, axis, norm), x, grad=[0, 1], **notes, **loosen)
                case(f, "inverseFFT", lambda a, b: torch.fft.ifft(torch.complex(a, b), length, axis, norm), x, **notes, **loosen)
                case(f, "realFFT", lambda a: torch.fft.rfft(a, length, axis, norm), x[:1], grad=[0], **notes, **loosen)
                if shape[axis] > 1 or length:
                    case(f, "inverseRealFFT", lambda a, b: torch.fft.irfft(torch.complex(a, b), length, axis, norm), x, grad=[0, 1],
                         **notes, **loosen)
    for shape, axes, lengths in (((4, 6), [0, 1], None), ((2, 3, 5), [1, 2], None), ((3, 4, 2), [0, 1, 2], None), ((4, 4), [0, 1], [3, 6]),
                                 ((2, 5, 3), [0, 2], [4, 4])):
        for name, norm in norms.items():
            x = z(*shape)
            notes = dict(axes=axes, scaling=name, **({} if lengths is None else dict(lengths=lengths)))
            loosen = dict(loosen=60, grad_loosen=600)
            case(f, "fftN", lambda a, b: torch.fft.fftn(torch.complex(a, b), lengths, axes, norm), x, grad=[0, 1], **notes, **loosen)
            case(f, "inverseFFTN", lambda a, b: torch.fft.ifftn(torch.complex(a, b), lengths, axes, norm), x, **notes, **loosen)
            case(f, "realFFTN", lambda a: torch.fft.rfftn(a, lengths, axes, norm), x[:1], grad=[0], **notes, **loosen)
            case(f, "inverseRealFFTN", lambda a, b: torch.fft.irfftn(torch.complex(a, b), lengths, axes, norm), x, **notes, **loosen)
    for n in (1, 2, 5, 8):
        x = np.zeros(1, np.float32)
        for spacing in (1.0, 0.25):
            f.add("fftFrequencies", [x], [np.fft.fftfreq(n, spacing).astype(np.float32)], NUMPY, count=n, spacing=spacing)
            f.add("realFFTFrequencies", [x], [np.fft.rfftfreq(n, spacing).astype(np.float32)], NUMPY, count=n, spacing=spacing)
        y = f.normal(n, 3, dtype=np.float64)
        case(f, "fftShifted", torch.fft.fftshift, [y], grad=[0])
        case(f, "inverseFFTShifted", torch.fft.ifftshift, [y], grad=[0])
    return f
