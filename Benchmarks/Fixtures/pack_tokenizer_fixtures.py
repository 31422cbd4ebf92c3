#!/usr/bin/env python3
"""Packs what make_tokenizer_fixtures.py wrote for 10,000 lines: files compressed, results as a hash for each 100 lines.

Usage: make_tokenizer_fixtures.py WORK --lines 10000 --vocabulary 4000
       pack_tokenizer_fixtures.py WORK Tests/Fixtures/Tokenizers/Large   (needs nothing else)

A hash is FNV-1a of 64 bits over 32-bit numbers: for each line its count of tokens, their ids, and the ends of their places
(left out for tiktoken and SentencePiece, which have none).
"""

import gzip
import json
import pathlib
import sys


def fnv(numbers):
    value = 0xCBF29CE484222325
    for number in numbers:
        for byte in (number & 0xFFFFFFFF).to_bytes(4, "little"):
            value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value


def line_numbers(row):
    ids, places, _ = row.split("\t")
    ids = [int(i) for i in ids.split()]
    return [len(ids)] + ids + [int(n) for place in places.split() for n in place.split(",")]


def main():
    work, folder = map(pathlib.Path, sys.argv[1:])
    folder.mkdir(parents=True, exist_ok=True)
    hashes = {}
    for path in sorted(work.glob("*.expected")):
        name = path.name.removesuffix(".expected")
        rows = [line_numbers(row) for row in path.read_text(encoding="utf-8").split("\n") if row]
        hashes[name] = [f"{fnv(n for row in rows[i:i + 100] for n in row):016x}" for i in range(0, len(rows), 100)]
        file = work / (name if "." in name else f"{name}.json")
        (folder / f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes(), 9, mtime=0))
    (folder / "lines.txt.gz").write_bytes(gzip.compress((work / "lines.txt").read_bytes(), 9, mtime=0))
    (folder / "hashes.json").write_text(json.dumps(hashes, indent=0) + "\n")


main()
