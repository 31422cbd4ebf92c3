#!/usr/bin/env python3
"""Writes Sources/Data/Tokenizers/Generated/UnicodeTables.swift from Python's unicodedata.

Usage: make_unicode_tables.py > Sources/Data/Tokenizers/Generated/UnicodeTables.swift

The table holds one entry for each scalar that decomposes: the scalar, `=` for a canonical or `~` for a compatible
decomposition, and the scalars of its full decomposition, all in hexadecimal.
"""

import sys
import unicodedata


def main():
    entries = []
    excluded = []
    for code in range(0x110000):
        if 0xD800 <= code < 0xE000 or 0xAC00 <= code < 0xD7A4:
            continue
        c = chr(code)
        canonical = unicodedata.normalize("NFD", c)
        compatible = unicodedata.normalize("NFKD", c)
        if canonical != c:
            entries.append(f"{code:X}=" + " ".join(f"{ord(x):X}" for x in canonical))
            if unicodedata.normalize("NFC", canonical) != c:
                excluded.append(f"{code:X}")
        if compatible != canonical:
            entries.append(f"{code:X}~" + " ".join(f"{ord(x):X}" for x in compatible))
    # Pairs that compose: the one step of a canonical decomposition, unless excluded.
    pairs = []
    for code in range(0x110000):
        if 0xD800 <= code < 0xE000:
            continue
        d = unicodedata.decomposition(chr(code))
        if d and not d.startswith("<") and " " in d and f"{code:X}" not in set(excluded):
            a, b = d.split()
            pairs.append(f"{int(a, 16):X} {int(b, 16):X} {code:X}")
    print("// swift-format-ignore-file")
    print(f"// Written by Benchmarks/Fixtures/make_unicode_tables.py from Unicode {unicodedata.unidata_version}.")
    print("enum UnicodeTables {")
    print('  static let decompositions: StaticString = "' + ";".join(entries) + '"')
    print('  static let compositions: StaticString = "' + ";".join(pairs) + '"')
    print("}")


main()
