#!/usr/bin/env python3
"""Writes the small files of weights in Tests/Fixtures/Weights with the packages gguf and torch.

Usage: make_weight_fixtures.py OUTPUT-FOLDER    (gguf files with numpy and gguf; .pt files where torch is installed)

Quantized tensors are random bytes whose scales are made ordinary numbers, beside the float32 numbers that gguf makes of them.
"""

import collections
import pathlib
import sys

import numpy as np

SHAPE = (3, 512)


def ordinary_halves(raw, places, block):
    """Replaces 16-bit scales, which random bytes would make NaN or infinite now and then."""
    blocks = raw.reshape(-1, block)
    rng = np.random.default_rng(5)
    for place in places:
        halves = rng.uniform(-0.05, 0.05, blocks.shape[0]).astype("float16")
        blocks[:, place:place + 2] = halves.view(np.uint8).reshape(-1, 2)
    return raw


def gguf_files(folder):
    import gguf
    Q = gguf.GGMLQuantizationType
    scales = {Q.Q4_0: [0], Q.Q4_1: [0, 2], Q.Q5_0: [0], Q.Q5_1: [0, 2], Q.Q8_0: [0], Q.Q2_K: [80, 82], Q.Q3_K: [108],
              Q.Q4_K: [0, 2], Q.Q5_K: [0, 2], Q.Q6_K: [208], Q.TQ1_0: [52], Q.TQ2_0: [64], Q.IQ4_NL: [0],
              Q.IQ4_XS: [0], Q.MXFP4: []}
    rng = np.random.default_rng(1)
    writer = gguf.GGUFWriter(folder / "quantized.gguf", "test")
    expected = {}
    for kind, places in scales.items():
        elements, size = gguf.GGML_QUANT_SIZES[kind]
        raw = rng.integers(0, 256, SHAPE[0] * SHAPE[1] // elements * size, dtype=np.uint8)
        if kind == Q.MXFP4:
            raw.reshape(-1, size)[:, 0] = rng.integers(0, 140, raw.size // size)
        raw = ordinary_halves(raw, places, size).reshape(SHAPE[0], -1)
        writer.add_tensor(kind.name, raw, raw_dtype=kind)
        expected[kind.name] = gguf.dequantize(raw, kind).reshape(SHAPE)
    finish(writer)
    np.savez_compressed(folder / "quantized_expected.npz", **expected)

    values = (rng.standard_normal((4, 256)) * np.array([[1], [0.01], [30], [0]])).astype("float32")
    np.savez_compressed(folder / "quantize_source.npz", values=values)
    writer = gguf.GGUFWriter(folder / "written.gguf", "test")
    add_metadata(writer, gguf)
    writer.add_tensor("a.f32", values)
    writer.add_tensor("b.f16", values.astype("float16"))
    for name, kind in [("c.bf16", Q.BF16), ("d.q8_0", Q.Q8_0), ("e.q4_0", Q.Q4_0)]:
        writer.add_tensor(name, gguf.quantize(values, kind), raw_dtype=kind)
    writer.add_tensor("f.i32", np.arange(6, dtype="int32").reshape(1, 2, 3))
    writer.add_tensor("g.f64", np.linspace(0, 1, 5))
    finish(writer)


def add_metadata(writer, gguf):
    T = gguf.GGUFValueType
    writer.add_uint8("test.u8", 200)
    writer.add_int8("test.i8", -100)
    writer.add_uint16("test.u16", 60000)
    writer.add_int16("test.i16", -30000)
    writer.add_uint32("test.u32", 4000000000)
    writer.add_int32("test.i32", -2000000000)
    writer.add_uint64("test.u64", 2**63 + 1)
    writer.add_int64("test.i64", -2**62)
    writer.add_float32("test.f32", 0.1)
    writer.add_float64("test.f64", 0.1)
    writer.add_bool("test.bool", True)
    writer.add_string("test.text", "Martlet \u00fc \U0001F426")
    writer.add_array("test.texts", ["a", "\u65e5\u672c", "c"])
    writer.add_key_value("test.numbers", [1, -2, 3], T.ARRAY, sub_type=T.INT16)
    writer.add_key_value("test.floats", [0.5, -1.25], T.ARRAY, sub_type=T.FLOAT32)


def finish(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def torch_files(folder):
    import torch
    base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    state = collections.OrderedDict()
    state["weight"] = base
    state["transposed"] = base.t()
    state["window"] = base[1:3, 2:5]
    state["expanded"] = torch.tensor([1.5, 2.5]).expand(3, 2)
    state["scalar"] = torch.tensor(7, dtype=torch.int64)
    state["empty"] = torch.zeros(0, 3)
    state["parameter"] = torch.nn.Parameter(torch.linspace(-1, 1, 5))
    for name in ["float64", "float16", "bfloat16", "int32", "int16", "int8", "uint8", "bool", "uint16", "uint32", "uint64"]:
        state[name] = (torch.arange(6).reshape(2, 3) % 2 if name == "bool" else torch.arange(6).reshape(2, 3)).to(
            getattr(torch, name))
    state["float8"] = torch.ones(2).to(torch.float8_e4m3fn)
    state["complex"] = torch.ones(2, dtype=torch.complex64)
    state._metadata = collections.OrderedDict([("", {"version": 1})])
    nested = {"model": state, "epoch": 3, "rate": 0.25, "name": "m\u00e4rz", "big": 2**70, "flags": [True, None],
              "shape": torch.Size([2, 3]), "dtype": torch.float16, "device": torch.device("cpu"), "set": {5},
              "optimizer": {"state": {0: {"step": torch.tensor(9.0)}}}}
    torch.save(nested, folder / "nested.pt")
    old = {k: v for k, v in state.items() if k not in ("uint16", "uint32", "uint64", "float8")}
    torch.save({"model": old, "epoch": 3}, folder / "legacy.pt", _use_new_zipfile_serialization=False)
    torch.save(torch.nn.Linear(2, 2), folder / "module.pt")
    torch.jit.script(torch.nn.Linear(2, 2)).save(str(folder / "script.pt"))
    np.savez_compressed(
        folder / "torch_expected.npz",
        **{k: (v.float() if v.dtype == torch.bfloat16 else v).detach().numpy() for k, v in state.items()
           if k not in ("float8", "complex")})


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for make in [gguf_files, torch_files]:
        try:
            make(folder)
        except ImportError as error:
            print(f"{make.__name__} left out: {error}")


main()
