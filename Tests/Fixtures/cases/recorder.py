"""Collects cases and writes FAMILY.safetensors and FAMILY.json."""

import json
import os

import ml_dtypes
import numpy as np

bfloat16 = np.dtype(ml_dtypes.bfloat16)
_names = {
    np.dtype(np.bool_): "BOOL",
    np.dtype(np.int8): "I8",
    np.dtype(np.int16): "I16",
    np.dtype(np.int32): "I32",
    np.dtype(np.int64): "I64",
    np.dtype(np.uint8): "U8",
    np.dtype(np.uint16): "U16",
    np.dtype(np.uint32): "U32",
    np.dtype(np.uint64): "U64",
    np.dtype(np.float16): "F16",
    np.dtype(np.float32): "F32",
    np.dtype(np.float64): "F64",
    bfloat16: "BF16",
}

# Units in the last place that a single well-rounded library call may differ by, as a relative error.
_relative = {np.dtype(np.float64): 2e-14, np.dtype(np.float32): 2e-6, np.dtype(np.float16): 2e-3, bfloat16: 1.6e-2}


def to_bits(array):
    return np.ascontiguousarray(array).tobytes()


def write_safetensors(path, tensors):
    """Own writer: names sorted, so that the same cases give the same bytes."""
    header, chunks, offset = {}, [], 0
    # Widest elements first keeps every tensor aligned without padding between them.
    for name in sorted(tensors, key=lambda n: (-tensors[n].dtype.itemsize, n)):
        array = tensors[name]
        data = to_bits(array)
        header[name] = dict(
            dtype=_names[array.dtype], shape=list(array.shape), data_offsets=[offset, offset + len(data)]
        )
        chunks.append(data)
        offset += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little"))
        file.write(text)
        for chunk in chunks:
            file.write(chunk)


class Family:
    """The cases of one file pair."""

    def __init__(self, name):
        self.name, self.tensors, self.cases, self.counts = name, {}, [], {}
        self.random = np.random.default_rng(sum(name.encode()))

    def normal(self, *shape, dtype=np.float32):
        return self.random.standard_normal(shape).astype(dtype)

    def integers(self, low, high, *shape, dtype=np.int64):
        return self.random.integers(low, high, shape).astype(dtype)

    def add(self, op, inputs, outputs, source, *, loosen=1.0, absolute=None, **attributes):
        """One case. `loosen` multiplies the tolerance of one rounding; integers and Booleans are exact."""
        inputs = [np.asarray(x) for x in inputs]
        outputs = [np.asarray(x) for x in outputs]
        number = self.counts[op] = self.counts.get(op, 0) + 1
        case = f"{op}_{number:03d}"
        for role, arrays in (("in", inputs), ("out", outputs)):
            for i, array in enumerate(arrays):
                self.tensors[f"{case}/{role}{i}"] = array
        floats = [x for x in inputs + outputs if x.dtype in _relative]
        if not all(np.isfinite(x.astype(np.float64)).all() for x in floats):
            attributes["special"] = True
        # The coarsest type that took part decides: a float 32 sum of float 16 inputs keeps float 16's error.
        types = [x.dtype for x in outputs if x.dtype in _relative]
        relative = loosen * max((_relative[t] for t in types), default=0.0)
        absolute = relative if absolute is None else absolute
        self.cases.append(
            dict(
                case=case,
                op=op,
                attributes=attributes,
                inputs=len(inputs),
                outputs=len(outputs),
                source=source,
                tolerance=dict(absolute=float(f"{absolute:.3g}"), relative=float(f"{relative:.3g}")),
            )
        )

    def write(self, folder):
        write_safetensors(os.path.join(folder, self.name + ".safetensors"), self.tensors)
        with open(os.path.join(folder, self.name + ".json"), "w") as file:
            file.write("[\n" + ",\n".join(json.dumps(c) for c in self.cases) + "\n]\n")
        return len(self.cases)
