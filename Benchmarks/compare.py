#!/usr/bin/env python3
"""Races Martlet against its peers on this machine and writes a Markdown table.

    Benchmarks/compare.py --martlet .build/release/martlet --python .venv-peers/bin/python \\
        [--workloads mlp,cnn] [--frameworks torch,torch-compile,jax] [--rounds 3] [--threads 2] [--out table.md]

Each round runs every framework once on a workload, one process at a time and in an order that turns by one place a
round, so that a machine that slows down or a noisy neighbour meets all of them alike. `martlet bench --workload NAME`
must print the JSON line that Peers/peers.py prints. A peer that is missing or fails is left out and named below.
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

# What a step must at least do, for a share of the machine's peak: floating-point operations, or bytes moved.
FLOPS = {"matmul": 2 * 2048**3}
BYTES = {"chain": 6 * 4 * 2**24, "softmax": 2 * 4 * 4096**2, "layernorm": 2 * 4 * 8192 * 1024}


def command(framework, workload, a):
    if framework == "martlet":
        start = [a.martlet, "bench"]
    else:
        start = [a.python, os.path.join(HERE, "Peers", "peers.py"), "--framework", framework]
    return start + ["--workload", workload, "--threads", str(a.threads), "--steps", str(a.steps)]


def last_json(text):
    for line in reversed(text.splitlines()):
        if line.lstrip().startswith("{"):
            return json.loads(line)
    raise ValueError("no JSON line")


def execute(arguments, timeout):
    """The last JSON line of a program's output, or a string that says why there is none."""
    try:
        done = subprocess.run(arguments, capture_output=True, text=True, timeout=timeout)
        if done.returncode:
            lines = (done.stderr or done.stdout).strip().splitlines()
            return lines[-1][:160] if lines else f"exit status {done.returncode}"
        return last_json(done.stdout)
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


def race(workload, frameworks, a, failures):
    """framework -> the JSON objects of its rounds."""
    results = {f: [] for f in frameworks}
    for turn in range(a.rounds):
        shift = turn % len(frameworks)
        for framework in frameworks[shift:] + frameworks[:shift]:
            if (framework, workload) in failures:
                continue
            got = execute(command(framework, workload, a), a.timeout)
            if isinstance(got, dict):
                results[framework].append(got)
                print(f"{workload} round {turn + 1} {framework}: {got['ms']} ms", file=sys.stderr, flush=True)
            else:
                failures[(framework, workload)] = got
                print(f"{workload} {framework}: {got}", file=sys.stderr, flush=True)
    return {f: r for f, r in results.items() if r}


def share(workload, milliseconds, machine):
    for work, key, unit in ((FLOPS, "peakFlopsFloat32", "FMA"), (BYTES, "copyBytesPerSecond", "copy")):
        if workload in work and machine.get(key):
            return f"{work[workload] / (milliseconds / 1e3) / machine[key]:.0%} {unit}"
    return "-"


def rows(workload, results, machine):
    """One line a framework, fastest first. The ratio is Martlet's median over the framework's: below 1 Martlet wins."""
    medians = {f: statistics.median(r["ms"] for r in runs) for f, runs in results.items()}
    for framework in sorted(medians, key=medians.get):
        runs, median = results[framework], medians[framework]
        times = [r["ms"] for r in runs]
        spread = (max(times) - min(times)) / median
        ratio = f"{medians['martlet'] / median:.2f}" if "martlet" in medians else "-"
        memory = max((r.get("rss_mb") or 0 for r in runs), default=0)
        first = statistics.median(r.get("first_s") or 0 for r in runs)
        best = min(r.get("best_ms", r["ms"]) for r in runs)
        yield (
            f"| {workload} | {framework} | {median:.4g} | {best:.4g} | {spread:.0%} | {ratio} | {memory} | "
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
        yield f"| {workload} | {own:.4g} | {best} | {medians[best]:.4g} | {own / medians[best]:.2f} |"


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
        f"{processor}, {os.cpu_count()} cores, {a.threads} threads, {a.rounds} interleaved rounds of {a.steps} steps; "
        "milliseconds a step, median of the rounds' medians; spread is (largest - smallest) / median of those.",
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
    if failures:
        lines += ["", "Left out:", ""]
        lines += [f"- {workload}, {framework}: {why}" for (framework, workload), why in failures.items()]
    return "\n".join(lines) + "\n"


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--martlet", default=".build/release/martlet")
    p.add_argument("--python", default=".venv-peers/bin/python")
    p.add_argument("--workloads", default=WORKLOADS)
    p.add_argument("--frameworks", default=PEERS, help="peers; Martlet always runs where it can")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--steps", type=int, default=20)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--timeout", type=float, default=300, help="seconds for one process")
    p.add_argument("--out", help="file for the table; standard output if absent")
    a = p.parse_args()
    machine, failures, everything = peak(a.martlet), {}, {}
    for workload in a.workloads.split(","):
        results = race(workload, ["martlet", *a.frameworks.split(",")], a, failures)
        if results:
            everything[workload] = results
    text = report(everything, failures, machine, a)
    if a.out:
        with open(a.out, "w") as file:
            file.write(text)
    else:
        print(text, end="")


if __name__ == "__main__":
    main()
