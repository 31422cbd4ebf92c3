#!/usr/bin/env python3
"""Records what PyTorch, NumPy and SciPy answer to functions of tensors: Operators/FAMILY.{safetensors,json}.

    Benchmarks/Peers/setup.sh && .venv-peers/bin/python Tests/Fixtures/make_function_cases.py [FOLDER]

The form is that of make_operator_cases.py. An op OPGradient takes the op's inputs and then a cotangent for each of its
floating-point outputs (attribute cotangents counts them), and gives the gradients of the inputs named in withRespectTo.
Complex tensors are two, real and imaginary parts. Operations are named as in Tests/Martlet/RecordedFunctionsTests.swift.
"""

import os
import sys
import warnings

sys.dont_write_bytecode = True
import numpy as np

from cases import algebra, functions, rearranging

np.seterr(all="ignore")
warnings.simplefilter("ignore")
FAMILIES = (
    functions.special_functions,
    functions.elementwise_pairs,
    functions.order_statistics,
    functions.running,
    functions.counting,
    rearranging.taking,
    rearranging.layout,
    rearranging.resizing,
    rearranging.sampling,
    rearranging.boxes,
    algebra.algebra,
    algebra.fourier,
)


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "Operators")
    total = gradients = 0
    for family in FAMILIES:
        made = family()
        count = made.write(folder)
        total += count
        gradients += sum(c["op"].endswith("Gradient") for c in made.cases)
        print(f"{family.__name__}: {count}")
    print(f"total: {total} cases, {gradients} of gradients")


if __name__ == "__main__":
    main()
