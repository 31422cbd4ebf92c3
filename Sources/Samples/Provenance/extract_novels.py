#!/usr/bin/env python3
"""Writes the two novels that ship with the samples, from the data of the R package janeaustenr.

Usage: extract_novels.py FOLDER-OF-THE-UNPACKED-DEB OUTPUT-FOLDER

The package keeps each novel as a character vector of lines in a lazy-load data base: Rdata.rdx is an index
(name -> offset, length), Rdata.rdb the compressed records. Only the few kinds of R values found there are read.
The gzip files written have no name and no time in them, so the same input gives the same bytes.
"""

import bz2
import gzip
import io
import lzma
import pathlib
import struct
import sys
import zlib

NOVELS = {"prideprejudice": "pride_and_prejudice.txt.gz", "persuasion": "persuasion.txt.gz"}


class Reader:
    """Reads R's binary (XDR) serialisation, format versions 2 and 3."""

    def __init__(self, data):
        self.stream = io.BytesIO(data)
        self.references = []
        magic = self.stream.read(2)
        if magic != b"X\n":
            raise ValueError(f"not an XDR serialisation: {magic!r}")
        version = self.integer()
        self.stream.read(8)  # version of the writer, oldest version that can read
        if version == 3:
            self.stream.read(self.integer())  # native encoding

    def integer(self):
        return struct.unpack(">i", self.stream.read(4))[0]

    def value(self):
        flags = self.integer()
        kind, has_attributes, has_tag = flags & 255, flags & 512, flags & 1024
        if kind == 254:  # NULL
            return None
        if kind == 255:  # reference to an earlier symbol
            return self.references[(flags >> 8) - 1]
        if kind == 1:  # symbol
            self.references.append(self.value())
            return self.references[-1]
        if kind == 2:  # a cell of a pair list, as a list of (tag, value)
            if has_attributes:
                self.value()
            tag = self.value() if has_tag else None
            head = self.value()
            return [(tag, head)] + (self.value() or [])
        if kind == 9:  # one string
            length = self.integer()
            return None if length < 0 else self.stream.read(length)
        result = self.vector(kind)
        attributes = dict(self.value()) if has_attributes else {}
        names = attributes.get(b"names")
        return dict(zip(names, result)) if names else result

    def vector(self, kind):
        count = self.integer()
        if kind in (10, 13):  # logical, integer
            return [self.integer() for _ in range(count)]
        if kind == 14:  # double
            return list(struct.unpack(f">{count}d", self.stream.read(8 * count)))
        if kind in (16, 19):  # strings, list
            return [self.value() for _ in range(count)]
        raise ValueError(f"R value of kind {kind} is not expected here")


def record(blob, offset, length):
    """Decompresses one record: big-endian size, a letter that names the method unless it is zlib, the data."""
    size = struct.unpack(">I", blob[offset : offset + 4])[0]
    body = blob[offset + 4 : offset + length]
    methods = {
        b"2": lambda: bz2.decompress(body[1:]),
        b"Z": lambda: lzma.decompress(body[1:], lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA2, "preset": 6}]),
        b"0": lambda: body[1:],
    }
    data = methods.get(body[:1], lambda: zlib.decompress(body))()
    if len(data) != size:
        raise ValueError(f"record at {offset} has {len(data)} bytes, not {size}")
    return data


def main():
    folder = next(pathlib.Path(sys.argv[1]).glob("**/janeaustenr/data"))
    output = pathlib.Path(sys.argv[2])
    index_bytes = (folder / "Rdata.rdx").read_bytes()
    index = Reader(zlib.decompress(index_bytes, 15 + 32)).value()[b"variables"]
    blob = (folder / "Rdata.rdb").read_bytes()
    for name, file in NOVELS.items():
        offset, length = index[name.encode()]
        lines = Reader(record(blob, offset, length)).value()
        text = b"\n".join(lines) + b"\n"
        text.decode("utf-8")
        (output / file).write_bytes(gzip.compress(text, 9, mtime=0))
        print(f"{file}: {len(lines)} lines, {len(text)} bytes of text")


main()
