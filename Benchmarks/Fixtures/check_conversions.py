#!/usr/bin/env python3
"""Converts weights between all formats with `martlet convert`, and compares with the Python libraries bit for bit.

Usage: check_conversions.py MARTLET [--seeds N]   (needs numpy, safetensors, gguf, torch)

For each seed a model of random tensors is written by the libraries in every format they have, converted into every other
format, and read by the libraries again. Quantized GGUF files are compared with what the package gguf makes of them. Types
that a format lacks must give an error.
"""

import argparse
import itertools
import json
import pathlib
import subprocess
import tempfile

import gguf
import numpy as np
import safetensors.torch
import torch

TYPES = [torch.float32, torch.float16, torch.bfloat16, torch.float64, torch.int8, torch.int16, torch.int32, torch.int64,
         torch.uint8, torch.bool]
LACKING = {"gguf": {torch.uint8, torch.bool}, "npz": {torch.bfloat16}, "npy": {torch.bfloat16}}
GGUF_NUMPY = {torch.float32: "float32", torch.float16: "float16", torch.float64: "float64", torch.int8: "int8",
              torch.int16: "int16", torch.int32: "int32", torch.int64: "int64"}


def tensors(rng, types, count):
    result = {}
    for i in range(count):
        dtype = types[int(rng.integers(len(types)))]
        shape = [int(n) for n in rng.integers(1, 9, int(rng.integers(1, 5)))]
        size = int(np.prod(shape)) * torch.empty((), dtype=dtype).element_size()
        raw = torch.from_numpy(rng.integers(0, 2 if dtype == torch.bool else 256, size, dtype=np.uint8))
        result[f"layer.{i}.weight"] = raw.view(dtype).reshape(shape).clone()
    return result


def write(path, kind, model):
    if kind == "safetensors":
        safetensors.torch.save_file(model, path)
    elif kind == "index":
        names = list(model)
        files = {"a.safetensors": names[::2], "b.safetensors": names[1::2]}
        for file, part in files.items():
            safetensors.torch.save_file({n: model[n] for n in part}, path.parent / file)
        path.write_text(json.dumps({"metadata": {}, "weight_map": {n: f for f, part in files.items() for n in part}}))
    elif kind in ("pt", "old.pt"):
        torch.save(model, path, _use_new_zipfile_serialization=kind == "pt")
    elif kind in ("npz", "deflated.npz"):
        (np.savez if kind == "npz" else np.savez_compressed)(path, **{n: t.numpy() for n, t in model.items()})
    elif kind == "npy":
        np.save(path, next(iter(model.values())).numpy())
    elif kind == "gguf":
        writer = gguf.GGUFWriter(path, "llama")
        for name, t in model.items():
            if t.dtype == torch.bfloat16:
                writer.add_tensor(name, t.contiguous().view(torch.uint8).numpy(), raw_dtype=gguf.GGMLQuantizationType.BF16)
            else:
                writer.add_tensor(name, t.numpy())
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()


def read(path, kind):
    if kind == "safetensors":
        return safetensors.torch.load_file(path)
    if kind == "pt":
        return torch.load(path, weights_only=True)
    if kind == "npz":
        with np.load(path) as archive:
            return {n: torch.from_numpy(archive[n]) for n in archive.files}
    if kind == "npy":
        return {"": torch.from_numpy(np.load(path))}
    result = {}
    for t in gguf.GGUFReader(path).tensors:
        shape = [int(n) for n in reversed(t.shape)]
        data = torch.from_numpy(np.array(t.data))
        result[t.name] = (data.view(torch.bfloat16) if t.tensor_type == gguf.GGMLQuantizationType.BF16 else data).reshape(shape)
    return result


def same(a, b):
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    return torch.equal(a.contiguous().view(-1).view(torch.uint8), b.contiguous().view(-1).view(torch.uint8))


def convert(martlet, source, target, *more):
    return subprocess.run([martlet, "convert", str(source), str(target), *more], capture_output=True, text=True)


def check_quantized(martlet, folder, rng):
    """What quantized tensors become, against the package's own arithmetic."""
    kinds = ["Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K"]
    source, target = folder / "q.gguf", folder / "q.safetensors"
    writer = gguf.GGUFWriter(source, "llama")
    expected = {}
    for kind in kinds:
        type = gguf.GGMLQuantizationType[kind]
        block, size = gguf.GGML_QUANT_SIZES[type]
        raw = rng.integers(0, 256, (6, 512 // block * size), dtype=np.uint8)
        # Scales are halves somewhere in each block; infinities among them make no sense to compare.
        with np.errstate(invalid="ignore"):
            values = gguf.dequantize(raw, type)
        raw[~np.isfinite(values).reshape(6, -1).all(axis=1)] = 0
        writer.add_tensor(kind, raw, raw_dtype=type)
        expected[kind] = torch.from_numpy(gguf.dequantize(raw, type))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    result = convert(martlet, source, target)
    assert result.returncode == 0, result.stderr
    found = safetensors.torch.load_file(target)
    assert found.keys() == expected.keys()
    for kind in expected:
        assert same(found[kind], expected[kind]), kind
    return len(expected)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("martlet")
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    equal = refused = decoded = 0
    sources = ["safetensors", "index", "pt", "old.pt", "npz", "deflated.npz", "npy", "gguf"]
    for seed in range(options.seeds):
        rng = np.random.default_rng(seed)
        for source, target in itertools.product(sources, ["safetensors", "gguf", "pt", "npz", "npy"]):
            with tempfile.TemporaryDirectory() as name:
                folder = pathlib.Path(name)
                lacking = LACKING.get(source.split(".")[-1], set())
                types = [t for t in TYPES if t not in lacking]
                model = tensors(rng, types, 1 if "npy" in (source, target) else 8)
                if source == "npy":
                    model = {"model": next(iter(model.values()))}
                a = folder / ("model.index.json" if source == "index" else f"model.{source}")
                b = folder / f"out.{target}"
                write(a, source, model)
                result = convert(options.martlet, a, b)
                if any(t.dtype in LACKING.get(target, set()) for t in model.values()):
                    assert result.returncode != 0 and "Error" in result.stderr, (source, target, result)
                    refused += 1
                    continue
                assert result.returncode == 0, (source, target, result.stderr)
                found = read(b, target)
                if target == "npy":
                    found = {next(iter(model)): found[""]}
                assert found.keys() == model.keys(), (source, target)
                for n in model:
                    assert same(found[n], model[n]), (source, target, n, model[n].dtype)
                equal += 1
        with tempfile.TemporaryDirectory() as name:
            decoded += check_quantized(options.martlet, pathlib.Path(name), rng)
    print(f"{equal} conversions equal bit for bit, {refused} refused as they must be, {decoded} quantized tensors equal gguf's")


main()
