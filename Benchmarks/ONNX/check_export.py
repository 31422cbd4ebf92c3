#!/usr/bin/env python3
"""Runs exported models in ONNX Runtime and compares with what Martlet computes.

Usage: check_export.py [FOLDER]    (needs onnx, onnxruntime, numpy, safetensors; builds the tests unless FOLDER is given)

The suite ExportedExamples writes models of the benchmarks, 50 random programs and one for each building block of those,
with two examples each, of different batch sizes. Every model must pass onnx.checker, with its types inferred, and agree
within 1e-5 of the larger of 1 and the output's largest number: sums of many products round in proportion to those.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from safetensors.numpy import load_file


def compare(path):
    """The largest difference of any output of any example, in units of the output's largest number if that is above 1."""
    onnx.checker.check_model(path, full_check=True)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    examples = load_file(path.with_suffix(".safetensors"))
    worst = 0.0
    for index in sorted({name.split("/")[0] for name in examples}):
        feeds = {node.name: examples[f"{index}/{node.name}"] for node in session.get_inputs()}
        for node, value in zip(session.get_outputs(), session.run(None, feeds)):
            expected = examples[f"{index}/{node.name}"]
            if value.shape != expected.shape or value.dtype != expected.dtype:
                raise ValueError(f"{node.name}: {value.dtype} {value.shape}, not {expected.dtype} {expected.shape}")
            a, b = value.astype(np.float64), expected.astype(np.float64)
            difference = np.abs(a - b) / max(1, np.abs(b[np.isfinite(b)]).max(initial=0))
            difference[(a == b) | (np.isnan(a) & np.isnan(b))] = 0
            worst = max(worst, float(difference.max(initial=0)))
            if not np.isfinite(difference).all():
                raise ValueError(f"{node.name}: not the same elements are finite")
    return worst


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else scratch)
        if len(sys.argv) < 2:
            subprocess.run(["swift", "test", "-c", "release", "--filter", "ExportedExamples"], cwd=root, check=True,
                           env=os.environ | {"MARTLET_EXPORT_FOLDER": str(folder)})
        paths = sorted(folder.glob("*.onnx"))
        failures = 0
        for path in paths:
            try:
                worst = compare(path)
                verdict = "" if worst < 1e-5 else "  TOO FAR"
                print(f"{worst:.1e}  {path.stem}{verdict}")
                failures += worst >= 1e-5
            except Exception as error:
                failures += 1
                print(f"FAILED   {path.stem}: {str(error).splitlines()[0][:300]}")
    print(f"{len(paths)} models, {failures} failures")
    sys.exit(1 if failures or not paths else 0)


if __name__ == "__main__":
    main()
