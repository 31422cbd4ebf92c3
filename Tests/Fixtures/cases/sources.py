"""The peers, set to float 64 where asked and to the CPU, and the names that cases carry."""

import os

os.environ.setdefault("JAX_PLATFORMS", "cpu")
import jax
import numpy as np
import scipy
import torch

jax.config.update("jax_enable_x64", True)
torch.set_num_threads(1)

NUMPY = f"numpy {np.__version__}"
SCIPY = f"scipy {scipy.__version__}"
TORCH = f"torch {torch.__version__.split('+')[0]}"
JAX = f"jax {jax.__version__}"


def T(array, grad=False, dtype=torch.float64):
    """A torch tensor; floats become float 64 so that the recorded value is rounded once, at the end."""
    t = torch.from_numpy(np.array(array))
    if t.is_floating_point():
        t = t.to(dtype)
    return t.requires_grad_(grad) if grad else t


def N(tensor, dtype=np.float32):
    a = tensor.detach().numpy()
    return a.astype(dtype) if a.dtype.kind == "f" else a
