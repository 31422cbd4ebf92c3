#!/usr/bin/env python3
"""Chooses the few inputs of a merged corpus that reach most of a parser, and copies them.

The control file of libFuzzer's merge says which edges and features each input reaches. The next input is always the one
that adds most of them; the smaller one of two that add as many.

Usage: choose_inputs.py CONTROL_FILE FOLDER [COUNT [LARGEST]]     60 inputs of at most 2048 bytes by default
"""

import pathlib
import shutil
import sys


def reached(path):
    """What each input reaches: edges and features, which are numbered apart."""
    lines = path.read_text().splitlines()
    count = int(lines[0])
    names, found = lines[2 : 2 + count], {}
    for line in lines[2 + count :]:
        kind, index, *numbers = line.split()
        if kind in ("COV", "FT"):
            found.setdefault(names[int(index)], set()).update((kind, number) for number in numbers)
    return found


def main():
    control, folder = map(pathlib.Path, sys.argv[1:3])
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 60
    largest = int(sys.argv[4]) if len(sys.argv) > 4 else 2048
    left = {name: new for name, new in reached(control).items() if pathlib.Path(name).stat().st_size <= largest}
    sizes = {name: pathlib.Path(name).stat().st_size for name in left}
    for _ in range(count):
        best = max(left, key=lambda name: (len(left[name]), -sizes[name]), default=None)
        if best is None or not left[best]:
            break
        new = left.pop(best)
        shutil.copy(best, folder)
        for rest in left.values():
            rest -= new


if __name__ == "__main__":
    main()
