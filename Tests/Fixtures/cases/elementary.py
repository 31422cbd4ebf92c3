"""High-precision values of elementary functions: float 32 inputs, float 64 outputs rounded from 50 digits."""

import json
import os

import mpmath as mp
import numpy as np

from .recorder import write_safetensors

mp.mp.dps = 50
_positive = ("log", "log2", "log10", "sqrt", "rsqrt")
# name -> (function, range, hard points). The range is where a float 32 result is finite and normal.
_functions = {
    "exp": (mp.exp, (-87, 88.7), [1e-8, -1e-8, 88.72283, -87.33654, 0.6931472]),
    "exp2": (lambda x: mp.mpf(2) ** x, (-126, 127.9), [0.5, -0.5, 1e-8, 127.99999, -125.99999]),
    "expm1": (mp.expm1, (-17, 88), [1e-10, -1e-10, 1e-5, 0.34657359, -0.34657359]),
    "log": (mp.log, (1e-37, 3e38), [1.0000001, 0.99999994, 0.70710677, 1.4142135, 1.17549435e-38, 1e-40]),
    "log2": (lambda x: mp.log(x, 2), (1e-37, 3e38), [1.0000001, 0.99999994, 0.70710677, 1.4142135, 8, 1e-40]),
    "log10": (lambda x: mp.log(x, 10), (1e-37, 3e38), [1.0000001, 0.99999994, 1000, 10]),
    "log1p": (mp.log1p, (-0.99, 100), [1e-10, -1e-10, 1e-5, -1e-5, -0.5, 0.41421357, -0.99999994]),
    "sqrt": (mp.sqrt, (1e-37, 3e38), [2, 1.0000001, 0.99999994, 1e-40]),
    "rsqrt": (lambda x: 1 / mp.sqrt(x), (1e-37, 3e38), [2, 3, 1.0000001, 0.99999994, 1e-40]),
    "cbrt": (lambda x: mp.sign(x) * mp.cbrt(abs(x)), (-1e6, 1e6), [8, 27, -27, 1e-20, 1e30, -0.125]),
    "sin": (mp.sin, (-20, 20), [3.1415927, 6.2831855, 1e-6, 22, 355, 11259, 1e5, 1e10, 16367173 * 2.0**72]),
    "cos": (mp.cos, (-20, 20), [1.5707964, 4.712389, 1e-6, 11, 355, 1e5, 1e10, 16367173 * 2.0**72]),
    "tan": (mp.tan, (-20, 20), [1.5707963, 1.5707964, 3.1415927, 1e-6, 355, 1e5]),
    "asin": (mp.asin, (-1, 1), [0.5, -0.5, 0.99999994, -0.99999994, 1e-6]),
    "acos": (mp.acos, (-1, 1), [0.5, -0.5, 0.99999994, -0.99999994, 1e-6]),
    "atan": (mp.atan, (-50, 50), [1, 0.41421357, 2.4142137, 1e-6, 1e10]),
    "sinh": (mp.sinh, (-88, 88), [1e-6, 1e-3, 0.5, 1, -1]),
    "cosh": (mp.cosh, (-88, 88), [1e-6, 1e-3, 0.5, 1]),
    "tanh": (mp.tanh, (-9, 9), [1e-6, 1e-3, 0.02, 0.55, 0.625, 9.010913, -9.1]),
    "asinh": (mp.asinh, (-1e4, 1e4), [1e-6, 1e-3, 0.5, 1e10]),
    "acosh": (mp.acosh, (1, 1e4), [1.0000001, 1.001, 1e10]),
    "atanh": (mp.atanh, (-0.999, 0.999), [1e-6, 1e-3, 0.5, 0.99999994]),
    "sigmoid": (lambda x: 1 / (1 + mp.exp(-x)), (-86, 40), [1e-6, -1e-6, 16.6, 17.4, -87]),
    "erf": (mp.erf, (-4, 4), [1e-6, 0.84375, 1.25, 2.857, 3.9]),
    "erfc": (mp.erfc, (-4, 9), [1e-6, 0.46875, 0.84375, 4, 9.1]),
    "softplus": (lambda x: mp.log1p(mp.exp(x)), (-85, 80), [0.0, 1e-6, -15, 15, 20]),
    "gelu": (lambda x: x * mp.erfc(-x / mp.sqrt(2)) / 2, (-5, 8), [1e-6, -1e-6, -3, 3]),
    "silu": (lambda x: x / (1 + mp.exp(-x)), (-80, 40), [1e-6, -1e-6, -1.2784645]),
    "lgamma": (mp.loggamma, (0.05, 50), [1.0000001, 0.99999994, 2.0000002, 1.9999999, 1e5]),
}


def elementary(folder):
    random = np.random.default_rng(1)
    tensors, rows = {}, []
    for name, (function, (low, high), hard) in _functions.items():
        if name in _positive:
            points = np.exp(random.uniform(np.log(low), np.log(high), 80))
            points = np.concatenate([points, random.uniform(0.5, 2, 40)])
        else:
            points = np.concatenate([random.uniform(low, high, 80), random.uniform(max(low, -1), min(high, 2), 40)])
            small = np.exp(random.uniform(np.log(1e-6), np.log(0.5), 20)) * random.choice([-1, 1], 20)
            points = np.concatenate([points, small[(small >= low) & (small <= high)]])
        x = np.concatenate([points, hard]).astype(np.float32)
        y = np.array([float(mp.re(function(mp.mpf(float(v))))) for v in x])
        assert np.isfinite(y).all(), name
        tensors[f"{name}/in0"], tensors[f"{name}/out0"] = x, y
        rows.append(
            dict(case=name, op=name, attributes={}, inputs=1, outputs=1, source=f"mpmath {mp.__version__}, 50 digits")
        )
    write_safetensors(os.path.join(folder, "elementary.safetensors"), tensors)
    with open(os.path.join(folder, "elementary.json"), "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(r) for r in rows) + "\n]\n")
    return len(rows)
