#!/usr/bin/env python3
"""Reads with numpy, safetensors, Pillow, zlib and json what the Swift tests wrote, and compares bit for bit.

Usage: MARTLET_FORMATS_OUTPUT=FOLDER swift test -c release --filter FormatsTests, then
       check_format_output.py FOLDER    (needs numpy, safetensors and Pillow)
"""

import gzip
import json
import pathlib
import sys
import zipfile

import numpy as np
import safetensors
import safetensors.numpy
from PIL import Image

DTYPES = "bool uint8 uint16 uint32 uint64 int8 int16 int32 int64 float16 float32 float64".split()


def value(name, shape=(2, 3, 4)):
    k = np.arange(int(np.prod(shape, dtype=np.int64))).reshape(shape)
    if name == "bool":
        return k % 3 == 0
    if name.startswith("u"):
        return (k * 5 + 1).astype(name)
    if name.startswith("i"):
        return (k * 5 - 60).astype(name)
    return (k * 0.25 - 3).astype(name)


def same(a, b):
    assert a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes(), (a.dtype, b.dtype)


def main():
    folder = pathlib.Path(sys.argv[1])
    for name in DTYPES:
        same(np.load(folder / f"{name}.npy"), value(name))
    for archive in ["stored.npz", "deflated.npz", "wide.npz"]:
        assert zipfile.ZipFile(folder / archive).testzip() is None
        with np.load(folder / archive) as tensors:
            assert sorted(tensors.files) == sorted(DTYPES)
            for name in DTYPES:
                same(tensors[name], value(name))
    tensors = safetensors.numpy.load_file(folder / "all.safetensors")
    for name in DTYPES:
        same(tensors[name], value(name))
    reference = folder / "reference.safetensors"
    safetensors.numpy.save_file({name: value(name) for name in DTYPES}, reference)
    assert reference.read_bytes() == (folder / "all.safetensors").read_bytes()
    with safetensors.safe_open(folder / "metadata.safetensors", "np") as file:
        assert file.metadata() == {"format": "martlet", "note": 'quote " and ü'}
    for channels, mode in [(1, "L"), (3, "RGB"), (4, "RGBA")]:
        image = Image.open(folder / f"channels{channels}.png")
        assert image.mode == mode
        pixels = np.array(image).reshape(31, 17, channels)
        y, x, c = np.meshgrid(np.arange(31), np.arange(17), np.arange(channels), indexing="ij")
        assert (pixels == (x * 7 + y * 13 + c * 50) % 256).all()
    for name in ["pattern", "noise", "zeros", "nothing"]:
        assert gzip.decompress((folder / f"{name}.gz").read_bytes()) == (folder / f"{name}.bin").read_bytes()
    document = json.loads((folder / "document.json").read_text())
    assert document == {"a": 1, "b": [1.5, None, True, "ü\n\u0001"], "big": 2**63 - 1, "empty": {}}
    print("all files agree")


main()
