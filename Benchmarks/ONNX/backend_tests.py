#!/usr/bin/env python3
"""Lays out the backend tests of the onnx package as folders that `martlet onnx-tests` runs.

Node, simple and PyTorch-converted cases are linked as they are. The real networks have no data of their own: each gets
the input that the package's runner would make, and the result it expects.

Usage: backend_tests.py FOLDER    (needs onnx 1.22.0, the last version with these files)
"""

import pathlib
import shutil
import sys

import numpy as np
import onnx
from onnx import numpy_helper

DATA = pathlib.Path(onnx.__file__).parent / "backend/test/data"


def dummy(value_info):
    """The package's input for a network without data: a ramp over all elements."""
    shape = [d.dim_value for d in value_info.type.tensor_type.shape.dim]
    size = int(np.prod(shape))
    return (np.arange(size).reshape(shape) / size).astype(np.float32)


def light(folder):
    for path in sorted((DATA / "light").glob("*.onnx")):
        case = folder / path.stem
        data = case / "test_data_set_0"
        data.mkdir(parents=True)
        shutil.copy(path, case / "model.onnx")
        model = onnx.load(path)
        known = {tensor.name for tensor in model.graph.initializer}
        inputs = [value for value in model.graph.input if value.name not in known]
        for place, value in enumerate(inputs):
            tensor = numpy_helper.from_array(dummy(value), value.name)
            (data / f"input_{place}.pb").write_bytes(tensor.SerializeToString())
        for place in range(len(model.graph.output)):
            shutil.copy(path.parent / f"{path.stem}_output_{place}.pb", data / f"output_{place}.pb")


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for kind in ["node", "simple", "pytorch-converted", "pytorch-operator"]:
        if not (folder / kind).exists():
            (folder / kind).symlink_to(DATA / kind)
    if not (folder / "light").exists():
        light(folder / "light")


if __name__ == "__main__":
    main()
