#!/usr/bin/env python3
"""Compares the multiply-adds that a profile counts with those that PyTorch's FlopCounterMode counts.

    flops.py [MARTLET] [WORKLOAD ...]     run with a Python that has PyTorch; MARTLET is .build/release/martlet

PyTorch counts matrix products, convolutions and attention, two operations a multiply-add, and nothing else.
"""
import json, pathlib, subprocess, sys, tempfile

root = pathlib.Path(__file__).resolve().parents[2]
martlet = sys.argv[1] if len(sys.argv) > 1 else str(root / ".build/release/martlet")
names = sys.argv[2:] or ["mlp", "cnn", "resnet18", "gpt", "lstm", "deepfm", "unet", "resnet50-1", "matmul"]
print("| workload | Martlet | PyTorch | what PyTorch counts | other operations that Martlet counts |")
print("|---|---|---|---|---|")
for name in names:
    peer = json.loads(subprocess.run(
        [sys.executable, str(root / "Benchmarks/Peers/peers.py"), "--framework", "torch", "--workload", name, "--flops"],
        check=True, capture_output=True, text=True).stdout.splitlines()[-1])
    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/profile.json"
        subprocess.run(
            [martlet, "profile", "op", name, "--recorded-steps", "1", "--warmup", "3", "--max-depth", "1000",
             "--select", "multiply_adds,float_ops", "--output", "json:outfile=" + path],
            check=True, capture_output=True)
        root_row = json.load(open(path))
    rows = root_row["children"]
    mine = 2 * sum(row["multiply_adds"] for row in rows)
    others = sum(row["float_ops"] for row in rows) - mine
    operators = ", ".join(f"{key} {value:,}" for key, value in peer["by_operator"].items())
    print(f"| {name} | {mine:,.0f} | {peer['flops']:,} | {operators} | {others:,.0f} |", flush=True)
