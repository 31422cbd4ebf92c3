#!/usr/bin/env python3
"""Sweeps over contractions and convolutions of random shapes: Martlet, PyTorch and JAX by turns, shape by shape.

    swift build -c release
    python Benchmarks/sweep.py [--contractions 500] [--convolutions 300] [--seed N] [--threads 2] [--json results.json]

Needs a Python with torch, jax and numpy (`Benchmarks/Peers/setup.sh`). Sizes are from 1 to 2,048, even and odd, small ones
as likely as large ones; convolutions have strides, dilations, paddings and groups. A shape of more than --flops
multiply-adds is drawn again. Results in float 32, Martlet's and PyTorch's, are compared with PyTorch's in float 64: the
greatest difference by the greatest element; where a sum nearly cancels, both are far off. A ratio is Martlet's time by
that of the faster peer. A shape whose ratio is above --again is timed up to three times more, all sides anew, and the
least ratio counts, because a disturbance is no slowness. Prints the seed, the shares and the worst ten.
"""
import argparse, json, math, os, random, statistics, subprocess, sys, tempfile, time

here = os.path.dirname(os.path.abspath(__file__))
p = argparse.ArgumentParser()
p.add_argument("--contractions", type=int, default=500)
p.add_argument("--convolutions", type=int, default=300)
p.add_argument("--seed", type=int, default=int(time.time()))
p.add_argument("--threads", type=int, default=2)
p.add_argument("--flops", type=float, default=5e8, help="multiply-adds of a shape, at most")
p.add_argument("--again", type=float, default=1.2, help="ratios above this are measured again, up to three times")
p.add_argument("--martlet", default=os.path.join(here, "..", ".build", "release", "martlet"))
p.add_argument("--json", help="a file for all rows")
a = p.parse_args()
if a.threads == 1:
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(a.threads)

import jax, numpy as np, torch  # noqa: E402  (the environment comes first)
import torch.nn.functional as F  # noqa: E402

torch.set_num_threads(a.threads)
SECONDS = 0.05  # of calls, for each side
EQUATIONS = [
    "ik,kj->ij", "ki,kj->ij", "ik,jk->ij", "ki,jk->ij", "ik,k->i", "k,kj->j", "k,k->", "i,j->ij", "bik,bkj->bij",
    "bki,bkj->bij", "bik,bjk->bij", "bik,kj->bij", "bihd,bjhd->bhij", "bhij,bjhd->bihd"]


def size(random, limit=2048):
    return min(int(2 ** random.uniform(0, math.log2(limit + 1))), limit)


def contraction(random):
    equation = random.choice(EQUATIONS)
    inputs, output = equation.split("->")
    left, right = inputs.split(",")
    sizes = {letter: size(random, 32 if letter in "bh" else 2048) for letter in sorted(set(left + right))}
    work = math.prod(sizes.values())
    shapes = [[sizes[letter] for letter in term] for term in (left, right)]
    return dict(equation=equation, shapes=shapes, work=work, result=math.prod(sizes[letter] for letter in output))


def convolution(random):
    groups = random.choice([1, 1, 1, 1, size(random, 64)])
    inner, outer = max(1, size(random) // groups), max(1, size(random) // groups)
    if random.random() < 0.15: groups, inner, outer = inner * groups, 1, random.choice([1, 1, 2])  # depthwise
    kernel = [random.choice([1, 1, 2, 3, 3, 3, 5, 7]) for _ in "hw"]
    if random.random() < 0.7: kernel[1] = kernel[0]
    stride = [random.choice([1, 1, 1, 2, 3])] * 2
    dilation = [random.choice([1, 1, 1, 1, 2, 3])] * 2
    padding = [random.randint(0, (k - 1) * d) for k, d in zip(kernel, dilation)]
    image = [max(size(random, 256), (k - 1) * d + 1) for k, d in zip(kernel, dilation)]
    batch = size(random, 16)
    out = [(n + 2 * q - (k - 1) * d - 1) // s + 1 for n, q, k, d, s in zip(image, padding, kernel, dilation, stride)]
    result = batch * math.prod(out) * outer * groups
    return dict(
        shapes=[[batch, *image, inner * groups], [*kernel, inner, outer * groups]], stride=stride, dilation=dilation,
        padding=padding, groups=groups, work=result * math.prod(kernel) * inner, result=result)


def drawn(make, random):
    while True:
        case = make(random)
        elements = [math.prod(shape) for shape in case["shapes"]] + [case["result"]]
        if case["work"] <= a.flops and max(elements) <= 1 << 24: return case


def torch_call(case, inputs):
    if "equation" in case: return lambda: torch.einsum(case["equation"], *inputs)
    # The layout that PyTorch prefers, and in which the same images lie in memory here.
    x = inputs[0].permute(0, 3, 1, 2)
    w = inputs[1].permute(3, 2, 0, 1).contiguous(memory_format=torch.channels_last)
    options = dict(stride=case["stride"], padding=case["padding"], dilation=case["dilation"], groups=case["groups"])
    return lambda: F.conv2d(x, w, **options)


def jax_call(case, inputs):
    if "equation" in case:
        f = jax.jit(lambda x, y: jax.numpy.einsum(case["equation"], x, y, precision="highest"))
    else:
        f = jax.jit(lambda x, w: jax.lax.conv_general_dilated(
            x, w, case["stride"], [(q, q) for q in case["padding"]], rhs_dilation=case["dilation"],
            dimension_numbers=("NHWC", "HWIO", "NHWC"), feature_group_count=case["groups"], precision="highest"))
    arrays = [jax.numpy.asarray(x) for x in inputs]
    return lambda: f(*arrays).block_until_ready()


def milliseconds(call):
    for _ in range(2): call()
    start = time.perf_counter(); call(); estimate = time.perf_counter() - start
    times = []
    for _ in range(min(max(int(SECONDS / max(estimate, 1e-7)), 5), 2000)):
        start = time.perf_counter(); call(); times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times)


def name(case):
    shapes = " ".join("x".join(map(str, shape)) or "1" for shape in case["shapes"])
    if "equation" in case: return f"{case['equation']} {shapes}"
    return (f"conv {shapes} stride {case['stride'][0]} dilation {case['dilation'][0]} padding {case['padding']} "
            f"groups {case['groups']}")


def ask(request):
    process.stdin.write(json.dumps(request) + "\n")
    process.stdin.flush()
    line = process.stdout.readline()
    if not line: sys.exit("Martlet ended")
    return json.loads(line)["ms"]


def compare(case, folder):
    generator = np.random.default_rng(case["number"])
    inputs = [generator.standard_normal(shape, dtype=np.float32) for shape in case["shapes"]]
    paths = [os.path.join(folder, f"{number}.npy") for number in (0, 1)]
    for x, path in zip(inputs, paths): np.save(path, x)
    request = {k: case[k] for k in ("equation", "stride", "dilation", "padding", "groups") if k in case}
    request |= dict(inputs=paths, output=os.path.join(folder, "result.npy"))
    row = dict(name=name(case), work=case["work"], martlet=ask(request))
    exact = torch_call(case, [torch.from_numpy(x).double() for x in inputs])().numpy()
    if "equation" not in case: exact = exact.transpose(0, 2, 3, 1)
    peers = {"torch": torch_call(case, [torch.from_numpy(x) for x in inputs]), "jax": jax_call(case, inputs)}
    error = lambda result: float(np.abs(result - exact).max() / max(np.abs(exact).max(), 1e-30)) if exact.size else 0.0
    other = peers["torch"]().numpy()
    row["error"] = error(np.load(request.pop("output")))
    row["torch_error"] = error(other if "equation" in case else other.transpose(0, 2, 3, 1))
    for side, call in peers.items(): row[side] = milliseconds(call)
    row["ratio"] = row["martlet"] / min(row["torch"], row["jax"])
    for _ in range(3):
        if row["ratio"] <= a.again: break
        once = {side: milliseconds(call) for side, call in peers.items()} | {"martlet": ask(request)}
        ratio = once["martlet"] / min(once["torch"], once["jax"])
        if ratio < row["ratio"]: row |= once | dict(ratio=ratio)
    return row


process = subprocess.Popen(
    [a.martlet, "bench", "shapes", "--json", "--threads", str(a.threads)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    text=True)
source, rows = random.Random(a.seed), []
print(f"seed {a.seed}, {a.threads} threads", flush=True)
with tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as folder:
    for make, count in ((contraction, a.contractions), (convolution, a.convolutions)):
        for number in range(count):
            rows.append(compare(dict(drawn(make, source), number=number), folder))
            if number % 50 == 49: jax.clear_caches()
process.stdin.close()
process.wait()
if a.json: json.dump(rows, open(a.json, "w"), indent=1)


def report(title, rows):
    if not rows: return
    ratios = sorted(row["ratio"] for row in rows)
    mean = math.exp(statistics.fmean(map(math.log, ratios)))
    print(f"{len(rows)} {title}: geometric mean {mean:.2f} of the faster peer's time, median {statistics.median(ratios):.2f}, "
          f"{sum(r > 1 for r in ratios)} above 1, {sum(r > 1.5 for r in ratios)} above 1.5; "
          f"greatest error {max(row['error'] for row in rows):.1e} (PyTorch {max(row['torch_error'] for row in rows):.1e}), "
          f"{sum(row['error'] > 1e-5 for row in rows)} above 1e-5 (PyTorch {sum(row['torch_error'] > 1e-5 for row in rows)})")


report("contractions", rows[:a.contractions])
report("convolutions", rows[a.contractions:])
print("the slowest ten: ratio, milliseconds of Martlet, PyTorch and JAX, multiply-adds")
for row in sorted(rows, key=lambda row: -row["ratio"])[:10]:
    print(f"  {row['ratio']:5.2f}  {row['martlet']:8.4f} {row['torch']:8.4f} {row['jax']:8.4f}  {row['work']:>11,}  {row['name']}")
