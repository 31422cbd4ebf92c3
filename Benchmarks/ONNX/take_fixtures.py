#!/usr/bin/env python3
"""Copies a part of the onnx package's backend tests to Tests/Fixtures/ONNX: small cases of every kind of operator.

Of the cases that use an operator the smallest is taken, unless a case that was taken before uses it too; no case larger
than 20 KB. The files are ONNX's (Apache License 2.0), unchanged.

Usage: take_fixtures.py    (needs onnx 1.22.0)
"""

import pathlib
import shutil

import onnx

DATA = pathlib.Path(onnx.__file__).parent / "backend/test/data"
TARGET = pathlib.Path(__file__).parents[2] / "Tests/Fixtures/ONNX"
# Random numbers are those of numpy's generator, and some pictures need a library.
LEFT_OUT = ("bernoulli", "training_dropout_default", "training_dropout", "dft_inverse", "image_decoder")
LARGEST = 20_000


def operators(case):
    found = set()

    def visit(nodes):
        for node in nodes:
            found.add((node.domain, node.op_type))
            for attribute in node.attribute:
                visit(attribute.g.node)

    model = onnx.load(case / "model.onnx")
    visit(model.graph.node)
    for function in model.functions:
        visit(function.node)
    return found


def size(case):
    return sum(path.stat().st_size for path in case.rglob("*") if path.is_file())


def main():
    shutil.rmtree(TARGET, ignore_errors=True)
    cases = [case for kind in ["node", "simple"] for case in sorted((DATA / kind).iterdir()) if case.is_dir()]
    cases = [case for case in cases if not any(name in case.name for name in LEFT_OUT)]
    covered = set()
    for case in sorted(cases, key=lambda case: (size(case), case.name)):
        own = operators(case)
        if own <= covered or size(case) > LARGEST:
            continue
        covered |= own
        shutil.copytree(case, TARGET / case.name)
    (TARGET / "LICENSE.md").write_text(
        "These folders are backend tests of [ONNX](https://github.com/onnx/onnx), copyright the ONNX Project\n"
        "Contributors, under the Apache License 2.0; `Benchmarks/ONNX/take_fixtures.py` copied them from onnx 1.22.0.\n")


if __name__ == "__main__":
    main()
