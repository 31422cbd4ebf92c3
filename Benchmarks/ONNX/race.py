#!/usr/bin/env python3
"""Races Martlet against ONNX Runtime on the same files: ResNet-50 and a Transformer of 12 layers.

PyTorch exports both models with random weights, once. Both sides then run in turns, a call each, so that a machine that
slows down meets them alike; Martlet runs in a process of its own, `martlet bench MODEL.onnx --interactive`. A line for
each race has the median and the shortest times in milliseconds, the ratio of the medians (above 1: Martlet is faster),
and the processor time of a call, which other work on the machine disturbs less. Importing is timed by the same command.

Usage: race.py --martlet .build/release/martlet [--folder FOLDER] [--models resnet50,transformer] [--batches 1,8]
               [--threads 1,2] [--rounds 15]    (needs torch, onnxscript, onnx, onnxruntime and numpy)
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import time
import warnings

import numpy as np
import onnxruntime as ort

warnings.simplefilter("ignore")
PAUSE = 0.05  # seconds before a turn
SIZES = {"resnet50": ("x", (3, 224, 224)), "transformer": ("tokens", (128,))}


def resnet50():
    import torch
    from torch import nn

    def unit(inputs, outputs, size, stride=1):
        return [nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False), nn.BatchNorm2d(outputs)]

    class Bottleneck(nn.Module):
        def __init__(self, inputs, width, stride):
            super().__init__()
            self.body = nn.Sequential(
                *unit(inputs, width, 1), nn.ReLU(), *unit(width, width, 3, stride), nn.ReLU(), *unit(width, 4 * width, 1))
            changes = stride != 1 or inputs != 4 * width
            self.skip = nn.Sequential(*unit(inputs, 4 * width, 1, stride)) if changes else nn.Identity()

        def forward(self, x):
            return torch.relu(self.body(x) + self.skip(x))

    layers, channels = [*unit(3, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)], 64
    for stage, (width, count) in enumerate([(64, 3), (128, 4), (256, 6), (512, 3)]):
        for place in range(count):
            layers.append(Bottleneck(channels, width, 2 if stage and not place else 1))
            channels = 4 * width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 1000))


def transformer():
    import torch
    from torch import nn

    class Encoder(nn.Module):
        def __init__(self, width=768, vocabulary=30522):
            super().__init__()
            self.words, self.places = nn.Embedding(vocabulary, width), nn.Embedding(512, width)
            self.norm = nn.LayerNorm(width)
            layer = nn.TransformerEncoderLayer(width, 12, 4 * width, batch_first=True, activation="gelu", dropout=0.0)
            self.layers = nn.TransformerEncoder(layer, 12, enable_nested_tensor=False)

        def forward(self, tokens):
            return self.layers(self.norm(self.words(tokens) + self.places(torch.arange(tokens.shape[1]))))

    return Encoder()


def export(name, path):
    import torch
    torch.manual_seed(0)
    model = {"resnet50": resnet50, "transformer": transformer}[name]().eval()
    label, size = SIZES[name]
    example = torch.zeros(2, *size, dtype=torch.float32 if name == "resnet50" else torch.int64)
    torch.onnx.export(
        model, (example,), str(path), dynamo=True, verbose=False, external_data=False, input_names=[label],
        output_names=["y"], dynamic_shapes=({0: torch.export.Dim("batch")},))


class Martlet:
    def __init__(self, program, path, label, shape, threads):
        shape = "x".join(map(str, shape))
        self.process = subprocess.Popen(
            [program, "bench", str(path), "--interactive", "--steps", "1", "--json", "--threads", str(threads), "--shape",
             f"{label}={shape}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.last = {}

    def call(self):
        """Milliseconds of a call, and milliseconds of processor time so far."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        self.last = json.loads(self.process.stdout.readline())
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return self.last["ms"], (int(fields[11]) + int(fields[12])) * 1e3 / os.sysconf("SC_CLK_TCK")

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Runtime:
    def __init__(self, path, label, shape, threads):
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        start = time.perf_counter()
        self.session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.seconds = time.perf_counter() - start
        kind = np.int64 if label == "tokens" else np.float32
        self.feed = {label: np.random.default_rng(0).integers(0, 2, shape).astype(kind)}

    def call(self):
        start = time.perf_counter()
        self.session.run(None, self.feed)
        return (time.perf_counter() - start) * 1e3, time.process_time() * 1e3


def race(program, path, name, batch, threads, rounds):
    label, size = SIZES[name]
    sides = [
        Martlet(program, path, label, (batch, *size), threads), Runtime(path, label, (batch, *size), threads)]
    for side in sides:
        side.call()
    begun = [side.call()[1] for side in sides]
    ended = begun
    times = [[], []]
    for number in range(rounds):
        for place in (0, 1) if number % 2 else (1, 0):
            # Threads that are done spin for a while, and would be in the way of the other side.
            time.sleep(PAUSE)
            milliseconds, ended[place] = sides[place].call()
            times[place].append(milliseconds)
        if number == 0:
            begun = list(ended)
    processor = [(ended[place] - begun[place]) / max(rounds - 1, 1) for place in (0, 1)]
    middle = [statistics.median(own) for own in times]
    row = {
        "model": name, "batch": batch, "threads": threads, "ms": middle, "best_ms": [min(own) for own in times],
        "cpu_ms": processor, "ratio": middle[1] / middle[0], "best_ratio": min(times[1]) / min(times[0]),
        "cpu_ratio": processor[1] / processor[0],
        "import_s": [sides[0].last["import_s"], sides[1].seconds]}
    sides[0].close()
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--martlet", required=True)
    parser.add_argument("--folder", default=os.path.join(tempfile.gettempdir(), "martlet-onnx-race"))
    parser.add_argument("--models", default="resnet50,transformer")
    parser.add_argument("--batches", default="1,8")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    folder = pathlib.Path(arguments.folder)
    folder.mkdir(parents=True, exist_ok=True)
    print("| model | batch | threads | Martlet ms (best, processor) | ONNX Runtime ms (best, processor) "
          "| ratio (best, processor) | import s, each |")
    print("|---|---|---|---|---|---|---|")
    for name in arguments.models.split(","):
        path = folder / f"{name}.onnx"
        if not path.exists():
            export(name, path)
        for batch in map(int, arguments.batches.split(",")):
            for threads in map(int, arguments.threads.split(",")):
                row = race(arguments.martlet, path, name, batch, threads, arguments.rounds)
                own, other = (
                    f"{row['ms'][k]:.1f} ({row['best_ms'][k]:.1f}, {row['cpu_ms'][k]:.1f})" for k in (0, 1))
                print(f"| {name} | {batch} | {threads} | {own} | {other} | {row['ratio']:.2f} ({row['best_ratio']:.2f}, "
                      f"{row['cpu_ratio']:.2f}) | {row['import_s'][0]:.3f}, {row['import_s'][1]:.3f} |", flush=True)


if __name__ == "__main__":
    main()
