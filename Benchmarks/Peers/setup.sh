#!/bin/sh
# Makes the virtual environment of the peers that Martlet is compared with.
#
#     Benchmarks/Peers/setup.sh [FOLDER]        (default: .venv-peers beside Package.swift; it ignores itself for git)
#
# About 6 GB on disk: PyTorch's ordinary wheel is linked against the CUDA libraries, so `import torch` fails
# without them even where no GPU is used (tried with --no-deps: libcudart, libcublasLt and the rest are missing).
# Set MARTLET_TORCH to another requirement, such as "torch==2.13.0+cpu", where a CPU wheel can be had.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
folder=${1:-"$here/../../.venv-peers"}
python=${PYTHON:-python3}

[ -x "$folder/bin/python" ] || "$python" -m venv "$folder"
printf "*\\n" > "$folder/.gitignore"
"$folder/bin/python" -m pip install --quiet --no-cache-dir \
  "${MARTLET_TORCH:-torch==2.15.0}" \
  jax==0.10.2 jaxlib==0.10.2 \
  "mlx[cpu]==0.32.4" \
  onnxruntime==1.32.0 onnx \
  numpy safetensors mpmath pillow
"$folder/bin/python" - <<'PYTHON'
import jax, mlx.core, numpy, onnxruntime, torch
print("torch", torch.__version__, "| jax", jax.__version__, "| mlx", mlx.core.__version__,
      "| onnxruntime", onnxruntime.__version__, "| numpy", numpy.__version__)
PYTHON
