#!/usr/bin/env python3
"""Writes the small files in Tests/Fixtures/Formats with numpy, safetensors, zlib, gzip and zipfile.

Usage: make_format_fixtures.py OUTPUT-FOLDER    (needs numpy, safetensors and Pillow)

Element k (counted row by row) of every tensor is given by value(), which the Swift tests repeat; the pictures'
expected pixels are computed from the samples before they are packed, and compared with Pillow's reading of the file.
"""

import gzip
import io
import pathlib
import struct
import sys
import zipfile
import zlib

import numpy as np
import safetensors
import safetensors.numpy
from PIL import Image

DTYPES = "bool uint8 uint16 uint32 uint64 int8 int16 int32 int64 float16 float32 float64".split()
SHAPE = (2, 3, 4)


def value(name, shape=SHAPE):
    k = np.arange(int(np.prod(shape, dtype=np.int64))).reshape(shape)
    if name == "bool":
        return k % 3 == 0
    if name.startswith("u"):
        return (k * 5 + 1).astype(name)
    if name.startswith("i"):
        return (k * 5 - 60).astype(name)
    return (k * 0.25 - 3).astype(name)


def numpy_files(folder):
    for name in DTYPES:
        a = value(name)
        np.save(folder / f"{name}.npy", a)
        np.save(folder / f"{name}_fortran.npy", np.asfortranarray(a))
        np.save(folder / f"{name}_big.npy", a.astype(a.dtype.newbyteorder(">")))
    a = value("float32")
    for version in [(2, 0), (3, 0)]:
        with open(folder / f"version{version[0]}.npy", "wb") as f:
            np.lib.format.write_array(f, a, version=version)
    np.save(folder / "scalar.npy", np.float64(2.5))
    np.save(folder / "vector.npy", value("int16", (7,)))
    np.save(folder / "empty.npy", np.zeros((3, 0, 2), "int32"))
    np.save(folder / "object.npy", np.array([None, "x"], dtype=object), allow_pickle=True)
    np.save(folder / "complex.npy", np.array([1 + 2j]))
    np.save(folder / "record.npy", np.zeros(2, dtype=[("a", "<f4"), ("b", "<i2")]))
    arrays = {name: value(name) for name in DTYPES}
    np.savez(folder / "stored.npz", **arrays)
    np.savez_compressed(folder / "deflated.npz", **arrays)
    # Written to a stream that cannot seek, so that sizes follow the data.
    class Stream(io.RawIOBase):
        def __init__(self):
            self.data = bytearray()
        def writable(self):
            return True
        def write(self, b):
            self.data += b
            return len(b)
    stream = Stream()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in ["float32", "int64"]:
            buffer = io.BytesIO()
            np.save(buffer, value(name))
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), buffer.getvalue(), zipfile.ZIP_DEFLATED)
    (folder / "streamed.npz").write_bytes(stream.data)


def safetensors_files(folder):
    arrays = {name: value(name) for name in DTYPES}
    safetensors.numpy.save_file(arrays, folder / "all.safetensors")
    safetensors.numpy.save_file({"empty": np.zeros((0, 3), "float32"), "scalar": np.array(2.5, "float32")},
                                folder / "edge.safetensors")
    safetensors.numpy.save_file({"weight": value("float32")}, folder / "metadata.safetensors",
                                metadata={"format": "np", "note": 'quote " and ü'})
    bits = (value("float32").view("uint32") >> 16).astype("uint16")
    tensor = safetensors.TensorSpec(dtype="bfloat16", shape=list(SHAPE), data_ptr=bits.ctypes.data, data_len=bits.nbytes)
    safetensors.serialize_file({"b": tensor}, str(folder / "bfloat16.safetensors"))


def text(size):
    """Repetitive but not trivial bytes, by a fixed recurrence."""
    state, out = 12345, bytearray()
    words = [b"the ", b"swift ", b"martlet ", b"never ", b"lands ", b"and ", b"learns\n"]
    while len(out) < size:
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        out += words[(state >> 16) % 7] if (state >> 8) % 5 else bytes([state >> 16 & 255])
    return bytes(out[:size])


def compressed_files(folder):
    data = text(100_000)
    (folder / "text.bin.gz").write_bytes(gzip.compress(data, 9, mtime=0))
    two = gzip.compress(data[:70_000], 1, mtime=0) + gzip.compress(data[70_000:], 6, mtime=0)
    (folder / "members.bin.gz").write_bytes(two)
    for name, level, strategy in [("stored", 0, 0), ("fixed", 6, zlib.Z_FIXED), ("huffman", 6, zlib.Z_HUFFMAN_ONLY)]:
        c = zlib.compressobj(level, zlib.DEFLATED, 15, 8, strategy)
        (folder / f"{name}.zlib").write_bytes(c.compress(data[:20_000]) + c.flush())


COLORS = {0: (1, [1, 2, 4, 8, 16]), 2: (3, [8, 16]), 3: (1, [1, 2, 4, 8]), 4: (2, [8, 16]), 6: (4, [8, 16])}
PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def pack(row, depth):
    """One row of samples as bytes."""
    bits = "".join(format(int(v), f"0{depth}b") for v in row.reshape(-1))
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8))


def paeth(a, b, c):
    p = a + b - c
    return min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]


def filtered(rows, step):
    """All rows, with the five filters in turn."""
    out, above = b"", bytes(len(rows[0]))
    for y, row in enumerate(rows):
        f, line = y % 5, bytearray()
        for i, v in enumerate(row):
            a = row[i - step] if i >= step else 0
            c = above[i - step] if i >= step else 0
            b = above[i]
            line.append((v - [0, a, b, (a + b) // 2, paeth(a, b, c)][f]) & 255)
        out += bytes([f]) + line
        above = row
    return out


def picture(color, depth, interlaced, transparent):
    h, w = 11, 13
    samples, _ = COLORS[color]
    top = (1 << depth) - 1
    y, x, c = np.meshgrid(np.arange(h), np.arange(w), np.arange(samples), indexing="ij")
    s = (x * 37 + y * 91 + c * 53) * (257 if depth == 16 else 1) + (x * y if depth == 16 else 0) & top
    raw = b""
    for x0, y0, dx, dy in PASSES if interlaced else [(0, 0, 1, 1)]:
        part = s[y0::dy, x0::dx]
        if part.size:
            raw += filtered([pack(row, depth) for row in part], max(1, samples * depth // 8))
    body = chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, depth, color, 0, 0, interlaced))
    body += chunk(b"tEXt", b"Comment\0made for a test")
    scaled = ((s.astype(np.int64) * 255 + top // 2) // top).astype(np.uint8)
    alpha = np.full((h, w, 1), 255, np.uint8)
    if color == 3:
        table = np.array([[i * 7 & 255, i * 31 & 255, 255 - i] for i in range(top + 1)], np.uint8)
        body += chunk(b"PLTE", table.tobytes())
        rgb = table[s[:, :, 0]]
        if transparent:
            clear = np.array([i * 40 & 255 for i in range(min(top + 1, 6))], np.uint8)
            body += chunk(b"tRNS", clear.tobytes())
            alpha = np.concatenate([clear, np.full(256, 255, np.uint8)])[s]
    elif color in (0, 4):
        rgb = np.repeat(scaled[:, :, :1], 3, axis=2)
    else:
        rgb = scaled[:, :, :3]
    if color in (4, 6):
        alpha = scaled[:, :, -1:]
    elif transparent and color != 3:
        key = s[3, 4]
        body += chunk(b"tRNS", b"".join(struct.pack(">H", int(v)) for v in key))
        alpha = np.where((s == key).all(axis=2, keepdims=True), 0, 255).astype(np.uint8)
    data = zlib.compress(raw)
    third = len(data) // 3
    body += b"".join(chunk(b"IDAT", p) for p in [data[:third], data[third:2 * third], b"", data[2 * third:]])
    file = b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"")
    expected = np.concatenate([rgb, alpha], axis=2)
    # Pillow compares the transparent gray with samples that it has scaled to 8 bits already.
    if depth <= 8 and not (transparent and color == 0 and depth < 8):
        assert (np.array(Image.open(io.BytesIO(file)).convert("RGBA")) == expected).all(), (color, depth)
    return file, expected


def picture_files(folder):
    pictures, expected = {}, {}
    for color, (_, depths) in COLORS.items():
        for depth in depths:
            for interlaced in (0, 1):
                for transparent in (0, 1) if color in (0, 2, 3) else (0,):
                    name = f"color{color}_depth{depth}_interlaced{interlaced}_transparent{transparent}"
                    file, pixels = picture(color, depth, interlaced, transparent)
                    pictures[name] = np.frombuffer(file, np.uint8)
                    expected[name] = pixels
    np.savez_compressed(folder / "pictures.npz", **pictures)
    np.savez_compressed(folder / "pictures_expected.npz", **expected)
    Image.fromarray(np.asarray(value("uint8", (6, 5, 3)))).save(folder / "pillow.png")


def idx_files(folder):
    a = value("int32")
    body = bytes([0, 0, 0x0C, 3]) + struct.pack(">3I", *SHAPE) + a.astype(">i4").tobytes()
    (folder / "int32.idx").write_bytes(body)
    (folder / "int32.idx.gz").write_bytes(gzip.compress(body, mtime=0))


def jpeg_files(folder):
    slope = np.repeat((np.arange(40) * 6).astype(np.uint8)[None, :], 24, axis=0)
    color = Image.fromarray(np.repeat(slope[:, :, None], 3, axis=2))
    Image.fromarray(slope).save(folder / "gray.jpg", quality=95)
    color.save(folder / "color.jpg", quality=95)
    color.save(folder / "progressive.jpg", quality=95, progressive=True)


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for make in [numpy_files, safetensors_files, compressed_files, picture_files, jpeg_files, idx_files]:
        make(folder)


main()
