#!/usr/bin/env python3
"""Reads with numpy, safetensors, gguf, torch, tensorboard, soundfile, Pillow, zlib and json what the Swift tests wrote.

Tensors are compared bit for bit. Packages that are not there are named, and their files left out.

Usage: MARTLET_FORMATS_OUTPUT=FOLDER swift test -c release --filter FormatsTests, then
       check_format_output.py FOLDER    (needs numpy, safetensors and Pillow; gguf, torch, tensorboard, soundfile)
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


def check_gguf(folder):
    import gguf
    reader = gguf.GGUFReader(folder / "written.gguf")
    tensors = {t.name: t for t in reader.tensors}
    values = np.load(pathlib.Path(__file__).parents[2] / "Tests/Fixtures/Weights/quantize_source.npz")["values"]
    same(tensors["a.f32"].data, values)
    same(tensors["b.f16"].data, values.astype("float16"))
    Q = gguf.GGMLQuantizationType
    for name, kind in [("c.bf16", Q.BF16), ("d.q8_0", Q.Q8_0), ("e.q4_0", Q.Q4_0)]:
        same(np.asarray(tensors[name].data), gguf.quantize(values, kind))
    error = np.abs(gguf.dequantize(tensors["h.q4_K"].data, Q.Q4_K) - values).max(axis=1)
    assert (error <= np.abs(values).max(axis=1) / 8).all(), error
    fields = {k: f.contents() for k, f in reader.fields.items()}
    assert fields["test.u64"] == 2**63 + 1 and fields["test.texts"] == ["a", "日本", "c"] and fields["test.bool"] is True
    assert fields["general.alignment"] == 64 and all(t.data_offset % 64 == 0 for t in reader.tensors)


def check_torch(folder):
    import torch
    tensors = torch.load(folder / "all.pt", weights_only=True)
    assert list(tensors) == DTYPES + ["scalar", "empty"]
    for name in DTYPES:
        same(tensors[name].numpy(), value(name))
    assert tensors["scalar"].shape == () and tensors["scalar"] == 2.5 and tensors["empty"].shape == (0, 3)


def check_events(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    events = EventAccumulator(str(folder / "events"), size_guidance={"scalars": 0, "histograms": 0})
    events.Reload()
    assert [(e.step, round(e.value, 5)) for e in events.Scalars("loss")][:3] == [(0, 1.0), (1, 0.5), (2, 0.33333)]
    histogram = events.Histograms("weights")[0].histogram_value
    assert histogram.num == 1000 and sum(histogram.bucket) == 1000
    assert events.Tensors("note")[0].tensor_proto.string_val[0].decode() == "héllo"
    assert events.Images("picture")[0].width == 2


def check_sounds(folder):
    import soundfile
    expected = np.array([0, 0.5, -0.5, 1, -1, 1, -1, 0.1, 1e-6], "float32").astype("float64").reshape(3, 3)
    for name, step in [("u8", 2**-7), ("s16", 2**-15), ("s24", 2**-23), ("s32", 2**-31)]:
        data, rate = soundfile.read(folder / f"{name}.wav")
        assert rate == 44100 and np.abs(data - expected).max() <= step * 1.001
    for name in ["f32", "f64"]:
        data, _ = soundfile.read(folder / f"{name}.wav", dtype="float32")
        assert (data.reshape(-1) == np.array([0, 0.5, -0.5, 1, -1, 2, -2, 0.1, 1e-6], "float32")).all()


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
    assert (folder / "examples.tfrecord").read_bytes() == (
        pathlib.Path(__file__).parents[2] / "Tests/Fixtures/Records/examples.tfrecord").read_bytes()
    for check in [check_gguf, check_torch, check_events, check_sounds]:
        try:
            check(folder)
        except ImportError as error:
            print(f"{check.__name__} left out: {error}")
    print("all files agree")


main()
