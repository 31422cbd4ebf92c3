#!/usr/bin/env python3
"""Times everyday operators in Martlet and in PyTorch, row by row by turns, and prints a table of ratios.

    swift build -c release
    python Benchmarks/operators.py [--threads 1 2] [--rounds 3] [--filter sort] [--json results.json]

Needs a Python with torch (`Benchmarks/Peers/setup.sh`). A ratio is Martlet's time by PyTorch's: below 1 Martlet is
faster. Each is the median over the rounds of the ratio of medians within a round, so that what else the machine does
weighs on both. The ratio of processor time, in brackets, does not depend on who else computes.
"""
import argparse, json, math, os, statistics, subprocess, sys

here = os.path.dirname(os.path.abspath(__file__))
p = argparse.ArgumentParser()
p.add_argument("--threads", type=int, nargs="+", default=[1, 2])
p.add_argument("--rounds", type=int, default=3)
p.add_argument("--filter", default="", help="rows whose name contains this")
p.add_argument("--martlet", default=os.path.join(here, "..", ".build", "release", "martlet"))
p.add_argument("--python", default=sys.executable, help="a Python with torch")
p.add_argument("--json", help="a file for all times")
a = p.parse_args()


def start(command, threads):
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads), MKL_NUM_THREADS=str(threads))
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)


def ask(process, row):
    process.stdin.write(row + "\n")
    process.stdin.flush()
    line = process.stdout.readline()
    if not line: sys.exit(f"a process ended at row '{row}'")
    return json.loads(line)


names = subprocess.run(
    [a.martlet, "bench", "operators", "--list", "--filter", a.filter], stdout=subprocess.PIPE, text=True, check=True)
rows, times = names.stdout.splitlines(), []
for threads in a.threads:
    martlet = start([a.martlet, "bench", "operators", "--interactive", "--json", "--threads", str(threads)], threads)
    torch = start([a.python, os.path.join(here, "Peers", "operators.py"), "--threads", str(threads)], threads)
    for number in range(a.rounds):
        for row in rows:
            # Who comes first changes, because a machine that is busy for a moment is busy for the next as well.
            pair = [ask(process, row) for process in ((martlet, torch) if number % 2 == 0 else (torch, martlet))]
            times += [dict(t, round=number) for t in pair]
    for process in (martlet, torch):
        process.stdin.close()
        process.wait()
if a.json: json.dump(times, open(a.json, "w"), indent=1)

known = {(t["framework"], t["row"], t["threads"], t["round"]): t for t in times}
median = lambda framework, row, threads, key: statistics.median(
    known[framework, row, threads, n][key] for n in range(a.rounds))


def ratio(row, threads, key):
    return statistics.median(
        known["martlet", row, threads, n][key] / max(known["torch", row, threads, n][key], 1e-9) for n in range(a.rounds))


print("| row | " + " | ".join(f"Martlet, ms ({t}) | PyTorch, ms | ratio (processor)" for t in a.threads) + " |")
print("|---|" + "---|---|---|" * len(a.threads))
for row in rows:
    cells = []
    for t in a.threads:
        cells += [f"{median('martlet', row, t, 'ms'):.4g}", f"{median('torch', row, t, 'ms'):.4g}",
                  f"{ratio(row, t, 'ms'):.2f} ({ratio(row, t, 'cpu_ms'):.2f})"]
    print(f"| {row} | " + " | ".join(cells) + " |")
for t in a.threads:
    ratios = sorted(((ratio(row, t, "ms"), row) for row in rows), reverse=True)
    mean = math.exp(statistics.fmean(math.log(r) for r, _ in ratios))
    processor = math.exp(statistics.fmean(math.log(ratio(row, t, "cpu_ms")) for row in rows))
    above = sum(r > 1.5 for r, _ in ratios)
    print(f"\n{t} thread{'s' * (t > 1)}: geometric mean {mean:.2f} (processor {processor:.2f}) over {len(rows)} rows, {above} above 1.5.")
    print("Worst: " + ", ".join(f"{row} {r:.2f}" for r, row in ratios[:10]) + ".")
