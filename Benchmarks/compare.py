#!/usr/bin/env python3
"""Races Martlet against its peers on this machine and writes a Markdown table.

    Benchmarks/compare.py --martlet .build/release/martlet --python .venv-peers/bin/python \\
        [--workloads mlp,cnn] [--frameworks torch,torch-compile,jax] [--rounds 3] [--threads 2] \\
        [--out table.md] [--raw results.json]

Each round runs every framework once on a workload, one process at a time and in an order that turns by one place a
round, so that a machine that slows down or a noisy neighbour meets all of them alike. `martlet bench NAME --json` prints
the JSON line that Peers/peers.py prints. A peer that is not installed, has no such workload or fails is left out and
named below the table, with the reason. With --raw every result is kept in a file as it comes, and what is there from
earlier calls is part of the table: the race can be run in pieces.
"""

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
WORKLOADS = "matmul,chain,softmax,layernorm,mlp,cnn,resnet18,gpt,gpt124m,decode,lstm,deepfm,unet,resnet50-1,resnet50-8"
PEERS = "torch,torch-compile,jax,mlx,onnxruntime"

PEAKS = {"FMA": "peakFlopsFloat32", "copy": "copyBytesPerSecond", "read": "readBytesPerSecond"}


def convolution(size, kernel, inputs, outputs):
    """Floating-point operations of a convolution that gives `size` x `size` pixels."""
    return 2 * size * size * kernel * kernel * inputs * outputs


def resnet18():
    flops, channels, size = convolution(64, 3, 3, 64), 64, 64
    for width, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        size //= stride
        flops += convolution(size, 3, channels, width) + 3 * convolution(size, 3, width, width)
        flops += convolution(size, 1, channels, width) if channels != width else 0
        channels = width
    return flops + 2 * 512 * 10


def resnet50():
    flops, channels, size = convolution(112, 7, 3, 64), 64, 56
    for width, blocks, stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        for block in range(blocks):
            flops += convolution(size, 1, channels, width)
            size //= stride if block == 0 else 1
            flops += convolution(size, 3, width, width) + convolution(size, 1, width, 4 * width)
            flops += convolution(size, 1, channels, 4 * width) if block == 0 else 0
            channels = 4 * width
    return flops + 2 * 2048 * 1000


def gpt(layers, width, context, vocabulary):
    """Forward operations for a token: the matrices, and half of the scores, which are causal."""
    return 2 * (12 * layers * width**2 + vocabulary * width) + 2 * layers * context * width


# What a step must at least do, for a share of the machine's peak: floating-point operations (a training step counts
# three forward passes), or bytes that do not fit in any cache.
WORK = {
    "matmul": (2 * 2048**3, "FMA"),
    "mlp": (3 * 128 * 2 * (784 * 512 + 512 * 512 + 512 * 10), "FMA"),
    "cnn": (3 * 128 * (convolution(28, 3, 1, 32) + convolution(14, 3, 32, 64) + 2 * (3136 * 128 + 1280)), "FMA"),
    "resnet18": (3 * 16 * resnet18(), "FMA"),
    "gpt": (3 * 8 * 256 * gpt(6, 384, 256, 4096), "FMA"),
    "gpt124m": (3 * 512 * gpt(12, 768, 512, 50257), "FMA"),
    "lstm": (3 * 32 * 64 * 2 * (2 * 1024 * 2048 + 512 * 2000), "FMA"),
    "resnet50-1": (resnet50(), "FMA"),
    "resnet50-8": (8 * resnet50(), "FMA"),
    "decode": (128 * 4 * (12 * 12 * 768**2 + 50257 * 768), "read"),
    "chain": (6 * 4 * 2**24, "copy"),
    "softmax": (2 * 4 * 4096**2, "copy"),
    "layernorm": (2 * 4 * 8192 * 1024, "copy"),
}


def command(framework, workload, a):
    options = ["--threads", str(a.threads), "--steps", str(a.steps), "--warmup", str(a.warmup)]
    options += ["--seconds", str(a.seconds)]
    if framework == "martlet":
        return [a.martlet, "bench", workload, "--json"] + options
    script = os.path.join(HERE, "Peers", "peers.py")
    return [a.python, script, "--framework", framework, "--workload", workload] + options


def last_json(text):
    for line in reversed(text.splitlines()):
        if line.lstrip().startswith("{"):
            return json.loads(line)
    raise ValueError("no JSON line")


def reason(done):
    """Why a program failed, from the last line that it wrote."""
    lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    if done.returncode < 0:
        return f"ended by signal {-done.returncode}" + (f": {lines[-1][:120]}" if lines else "")
    return lines[-1][:160] if lines else f"exit status {done.returncode}"


def execute(arguments, timeout):
    """The last JSON line of a program's output, or a string that says why there is none."""
    try:
        done = subprocess.run(arguments, capture_output=True, text=True, timeout=timeout)
        if done.returncode:
            return reason(done)
        found = last_json(done.stdout)
        return found if isinstance(found.get("ms"), (int, float)) else "no \"ms\" in its JSON line"
    except subprocess.TimeoutExpired:
        return f"longer than {timeout:g} s"
    except (OSError, ValueError) as error:
        return str(error)[:160]


def peak(martlet):
    """`martlet doctor --json` may spread its object over several lines."""
    try:
        done = subprocess.run([martlet, "doctor", "--json"], capture_output=True, text=True, timeout=120)
        found = json.loads(done.stdout)
        return found if isinstance(found, dict) else {}
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return {}


def race(workload, frameworks, a, raw):
    """Adds the JSON objects of some rounds to `raw`, and the reasons of those that have none."""
    # What failed in an earlier call may have been mended since.
    results, failures = raw["results"].setdefault(workload, {}), {}
    raw["failures"][workload] = failures
    for turn in range(a.rounds):
        shift = turn % len(frameworks)
        for framework in frameworks[shift:] + frameworks[:shift]:
            if framework in failures:
                continue
            got = execute(command(framework, workload, a), a.timeout)
            if isinstance(got, dict):
                results.setdefault(framework, []).append(got)
                print(f"{workload} round {turn + 1} {framework}: {got['ms']} ms", file=sys.stderr, flush=True)
            else:
                failures[framework] = got
                print(f"{workload} {framework}: {got}", file=sys.stderr, flush=True)
            save(raw, a)


def save(raw, a):
    if a.raw:
        with open(a.raw + ".new", "w") as file:
            json.dump(raw, file, indent=1)
        os.replace(a.raw + ".new", a.raw)


def load(a):
    raw = {"machine": {}, "results": {}, "failures": {}}
    if a.raw and os.path.exists(a.raw):
        with open(a.raw) as file:
            raw.update(json.load(file))
    if not raw["machine"]:
        raw["machine"] = peak(a.martlet)
    return raw


def share(workload, milliseconds, machine):
    work, kind = WORK.get(workload, (0, None))
    highest = machine.get(PEAKS.get(kind))
    return f"{work / (milliseconds / 1e3) / highest:.0%} {kind}" if highest else "-"


def number(milliseconds):
    return f"{milliseconds:.4g}" if milliseconds < 1e4 else f"{milliseconds:.0f}"


def rows(workload, results, machine):
    """One line a framework, fastest first. The ratio is Martlet's median over the framework's: below 1 Martlet wins."""
    medians = {f: statistics.median(r["ms"] for r in runs) for f, runs in results.items()}
    for framework in sorted(medians, key=medians.get):
        runs, median = results[framework], medians[framework]
        times = [r["ms"] for r in runs]
        spread = f"{(max(times) - min(times)) / median:.0%}" if len(times) > 1 else "-"
        ratio = f"{medians['martlet'] / median:.2f}" if "martlet" in medians else "-"
        memory = max((r.get("rss_mb") or 0 for r in runs), default=0)
        first = statistics.median(r.get("first_s") or 0 for r in runs)
        best = min(r.get("best_ms", r["ms"]) for r in runs)
        yield (
            f"| {workload} | {framework} | {number(median)} | {number(best)} | {spread} | {ratio} | {memory} | "
            f"{first:.2f} | {share(workload, median, machine)} |"
        )


def summary(everything):
    """A line a workload: Martlet against the fastest peer."""
    for workload, results in everything.items():
        medians = {f: statistics.median(r["ms"] for r in runs) for f, runs in results.items()}
        own = medians.pop("martlet", None)
        if own is None or not medians:
            continue
        best = min(medians, key=medians.get)
        yield f"| {workload} | {number(own)} | {best} | {number(medians[best])} | {own / medians[best]:.2f} |"


def report(everything, failures, machine, a):
    processor = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo") as file:
            processor = next((l.split(":", 1)[1].strip() for l in file if l.startswith("model name")), processor)
    except OSError:
        pass
    lines = [
        f"# Martlet and its peers, {datetime.date.today()}",
        "",
        f"{processor}, {os.cpu_count()} cores, {a.threads} threads, {rounds(everything)} interleaved rounds; "
        "milliseconds a step, median of the rounds' medians; spread is (largest - smallest) / median of those. Of the "
        "measured peak: float 32 operations (FMA), bytes copied or read; a training step counts three forward passes.",
        "",
    ]
    if machine.get("peakFlopsFloat32"):
        lines += [
            f"The machine at the start: {machine['peakFlopsFloat32'] / 1e9:.0f} GFLOP/s float 32, "
            f"{(machine.get('copyBytesPerSecond') or 0) / 1e9:.1f} GB/s copied, read and write counted.",
            "",
        ]
    short = list(summary(everything))
    if short:
        lines += [
            "| workload | Martlet ms | best peer | ms | Martlet / best peer |",
            "|---|---|---|---|---|",
            *short,
            "",
        ]
    lines += [
        "| workload | framework | median ms | best | spread | Martlet / this | peak MB | first step s | of peak |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for workload, results in everything.items():
        lines += rows(workload, results, machine)
    left = [(workload, framework, why) for workload in failures for framework, why in failures[workload].items()]
    if left:
        lines += ["", "Left out:", ""]
        lines += [f"- {workload}, {framework}: {why}" for workload, framework, why in left]
    return "\n".join(lines) + "\n"


def rounds(everything):
    """How many rounds the table stands on."""
    counts = sorted({len(runs) for results in everything.values() for runs in results.values()})
    return "-".join(str(count) for count in counts[:1] + counts[1:][-1:]) if counts else "0"


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--martlet", default=".build/release/martlet")
    p.add_argument("--python", default=".venv-peers/bin/python")
    p.add_argument("--workloads", default=WORKLOADS)
    p.add_argument("--frameworks", default=PEERS, help="peers; Martlet always runs where it can")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--steps", type=int, default=20)
    p.add_argument("--warmup", type=int, default=3)
    p.add_argument("--seconds", type=float, default=20, help="no further step begins after this long, once there are 3")
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--timeout", type=float, default=300, help="seconds for one process")
    p.add_argument("--out", help="file for the table; standard output if absent")
    p.add_argument("--raw", help="file for the results of all rounds, read first if it is there")
    a = p.parse_args()
    if not os.access(a.martlet, os.X_OK):
        p.error(f"{a.martlet} is no program; swift build -c release makes it, --martlet names another")
    raw = load(a)
    peers = [framework for framework in a.frameworks.split(",") if framework]
    for workload in a.workloads.split(","):
        race(workload, ["martlet", *peers], a, raw)
    everything = {workload: results for workload, results in raw["results"].items() if results}
    text = report(everything, raw["failures"], raw["machine"], a)
    if a.out:
        with open(a.out, "w") as file:
            file.write(text)
    else:
        print(text, end="")


if __name__ == "__main__":
    main()
