#!/usr/bin/env python3
"""Records what other frameworks answer for optimisers, schedules, losses, metrics, layers and distributions.

    Benchmarks/Peers/setup.sh && .venv-peers/bin/pip install optax schedulefree pytorch_optimizer torchvision torchmetrics keras \
        scikit-learn scikit-image sacrebleu rouge-score jiwer pycocotools
    .venv-peers/bin/python Tests/Fixtures/make_training_cases.py [FAMILY ...]

Writes Operators/FAMILY.{safetensors,json} in the form of make_operator_cases.py; the functions in cases/ say what
inputs, outputs and attributes mean. What is recorded is computed in float 64.
"""

import os
import sys

sys.dont_write_bytecode = True
from cases import distributions, layer_functions, loss_functions, metrics, trajectories

FAMILIES = [
    trajectories.trajectories,
    trajectories.more_trajectories,
    trajectories.schedules,
    loss_functions.loss_functions,
    metrics.metrics,
    layer_functions.layer_functions,
    distributions.distributions,
]

folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "Operators")
for family in FAMILIES:
    if len(sys.argv) > 1 and family.__name__ not in sys.argv[1:]:
        continue
    made = family()
    print(made.name, made.write(folder))
