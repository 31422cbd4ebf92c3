#!/usr/bin/env python3
"""Times the rows of `martlet bench operators` in PyTorch: reads names of rows, prints one JSON line for each.

    echo "matmul 256" | python operators.py --threads 2

Layouts are PyTorch's usual ones: images `[batch, channels, height, width]`, dense.
"""
import argparse, json, sys, time

p = argparse.ArgumentParser()
p.add_argument("--threads", type=int, default=2)
p.add_argument("--seconds", type=float, default=0.2, help="about how long to go on calling")
a = p.parse_args()
import torch, torch.nn.functional as F
torch.set_num_threads(a.threads)
torch.manual_seed(0)
torch.set_grad_enabled(False)
N = torch.randn
one = lambda f: lambda *s: (lambda x: lambda: f(x))(N(*s))
two = lambda f: lambda *s: (lambda x, y: lambda: f(x, y))(N(*s), N(*s))
positive = lambda f: lambda *s: (lambda x: lambda: f(x))(torch.rand(*s) * 2.9 + 0.1)


def rows_and(other, f):
    """An operator on a matrix and something that is made for its sizes."""
    def make(*s):
        x, y = N(*s), other(*s)
        return lambda: f(x, y)
    return make


def picture(f, filter=None):
    def make(batch, size, channels):
        x = N(batch, channels, size, size)
        w = N(*filter(channels)) if filter else None
        return (lambda: f(x, w)) if filter else (lambda: f(x))
    return make


def definite(f):
    def make(n):
        x = N(n, n)
        m = x @ x.T / n + torch.eye(n)
        return lambda: f(m)
    return make


def lookup(f):
    def make(rows, width):
        x, y, indices = N(rows, width), N(4096, width), torch.randint(0, rows, (4096,))
        return lambda: f(x, indices, y)
    return make


def searched(n):
    edges, x = N(1000).sort().values, N(n)
    return lambda: torch.searchsorted(edges, x)


def complex_of(f):
    return lambda *s: (lambda x: lambda: f(x))(torch.complex(N(*s), N(*s)))


def linear(rows, width):
    x, w, b = N(rows, width), N(width, width), N(width)
    return lambda: torch.relu(torch.addmm(b, x, w))


def heads(f):
    return lambda *s: (lambda q, k, v: lambda: f(q, k, v))(N(*s), N(*s), N(*s))


def normalized(x):
    c = x.shape[1]
    return F.batch_norm(x, torch.zeros(c), torch.ones(c), torch.ones(c), torch.zeros(c))


square = lambda x: (x.shape[-2] * 2, x.shape[-1] * 2)
vector_pair = lambda f: lambda n: (lambda x, y: lambda: f(x, y))(N(n, n), N(n))
matrix_pair = lambda f: lambda n: (lambda x, y: lambda: f(x, y))(N(n, n), N(n, n))
batch_pair = lambda f: lambda b, n: (lambda x, y: lambda: f(x, y))(N(b, n, n), N(b, n, n))

table = {
    "add": two(torch.add), "divide": two(torch.div), "maximum": two(torch.maximum),
    "where": two(lambda x, y: torch.where(x > y, x, y)),
    "multiply row": rows_and(lambda n, m: N(m), torch.mul),
    "power": positive(lambda x: x ** 2.5), "log": positive(torch.log), "sqrt": positive(torch.sqrt),
    "exp": one(torch.exp), "tanh": one(torch.tanh), "sigmoid": one(torch.sigmoid), "sin": one(torch.sin),
    "erf": one(torch.erf), "relu": one(torch.relu), "gelu": one(F.gelu), "silu": one(F.silu),
    "clip": one(lambda x: x.clamp(-1, 1)), "cast bfloat16": one(lambda x: x.to(torch.bfloat16)),
    "cast int32": one(lambda x: x.to(torch.int32)),
    "sum": one(torch.sum), "sum rows": one(lambda x: x.sum(1)), "sum columns": one(lambda x: x.sum(0)),
    "max rows": one(lambda x: x.amax(1)), "argmax rows": one(lambda x: x.argmax(1)),
    "variance rows": one(lambda x: x.var(1, correction=0)), "norm": one(lambda x: torch.linalg.vector_norm(x)),
    "logsumexp rows": one(lambda x: x.logsumexp(1)), "cumsum rows": one(lambda x: x.cumsum(1)),
    "softmax": one(lambda x: x.softmax(-1)),
    "layernorm": rows_and(lambda n, m: (torch.ones(m), torch.zeros(m)), lambda x, w: F.layer_norm(x, w[0].shape, *w)),
    "cross entropy": rows_and(lambda n, m: torch.randint(0, m, (n,)), F.cross_entropy),
    "transpose": one(lambda x: x.T.contiguous()), "permute": one(lambda x: x.permute(0, 3, 1, 2).contiguous()),
    "concatenate": one(lambda x: torch.cat([x, x], 1)), "pad": one(lambda x: F.pad(x, (1, 1, 1, 1))),
    "roll": one(lambda x: x.roll(3, 1)), "flip": one(lambda x: x.flip(1)),
    "slice": one(lambda x: x[::2, 1:].contiguous()), "tile": one(lambda x: x.tile(2, 2)), "triangle": one(torch.tril),
    "random normal": lambda n: lambda: torch.randn(n), "random uniform": lambda n: lambda: torch.rand(n),
    "embedding": lookup(lambda x, i, y: F.embedding(i, x)),
    "scatter add": lookup(lambda x, i, y: x.index_add(0, i, y)),
    "take along": rows_and(lambda n, m: torch.randint(0, m, (n, m)), lambda x, i: x.gather(1, i)),
    "one hot": lambda n, m: (lambda i: lambda: F.one_hot(i, m).to(torch.float32))(torch.randint(0, m, (n,))),
    "bincount": lambda n: (lambda x: lambda: x.bincount(minlength=256))(torch.randint(0, 256, (n,))),
    "searchsorted": searched,
    "sort": one(lambda x: x.sort().values), "argsort rows": one(lambda x: x.argsort(1)),
    "topk rows": one(lambda x: x.topk(10).values), "topk": one(lambda x: x.topk(100).values),
    "matmul": matrix_pair(torch.matmul), "matvec": vector_pair(torch.matmul), "batched matmul": batch_pair(torch.bmm),
    "linear relu": linear, "einsum scores": two(lambda x, y: torch.einsum("bhqd,bhkd->bhqk", x, y)),
    "attention": heads(F.scaled_dot_product_attention),
    "attention causal": heads(lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True)),
    "conv 3x3": picture(lambda x, w: F.conv2d(x, w, padding=1), lambda c: (c, c, 3, 3)),
    "conv 1x1": picture(F.conv2d, lambda c: (c, c, 1, 1)),
    "conv depthwise": picture(lambda x, w: F.conv2d(x, w, padding=1, groups=x.shape[1]), lambda c: (c, 1, 3, 3)),
    "conv transposed": picture(lambda x, w: F.conv_transpose2d(x, w, stride=2), lambda c: (c, c, 2, 2)),
    "conv 1d": lambda b, n, c: (lambda x, w: lambda: F.conv1d(x, w, padding=1))(N(b, c, n), N(c, c, 3)),
    "max pool": picture(lambda x: F.max_pool2d(x, 2)), "average pool": picture(lambda x: F.avg_pool2d(x, 2)),
    "global pool": picture(lambda x: F.adaptive_avg_pool2d(x, 1)),
    "resize bilinear": picture(lambda x: F.interpolate(x, size=square(x), mode="bilinear")),
    "resize bicubic": picture(lambda x: F.interpolate(x, size=square(x), mode="bicubic")),
    "resize nearest": picture(lambda x: F.interpolate(x, size=square(x))),
    "batchnorm": picture(normalized), "groupnorm": picture(lambda x: F.group_norm(x, 8)),
    "cholesky": definite(torch.linalg.cholesky), "lu": lambda n: (lambda x: lambda: torch.linalg.lu(x))(N(n, n)),
    "qr": lambda n: (lambda x: lambda: torch.linalg.qr(x))(N(n, n)), "eigh": definite(torch.linalg.eigh),
    "svd": lambda n: (lambda x: lambda: torch.linalg.svd(x, full_matrices=False))(N(n, n)),
    "solve": definite(lambda x: torch.linalg.solve(x, x[:, :8])), "inverse": definite(torch.linalg.inv),
    "triangular solve": definite(lambda x: torch.linalg.solve_triangular(x, x, upper=False)),
    "fft": complex_of(torch.fft.fft), "rfft": one(torch.fft.rfft), "fft 2d": complex_of(torch.fft.fft2),
}


def measure(row):
    name, size = row.rsplit(" ", 1)
    call = table[name](*map(int, size.split("x")))
    for _ in range(2): call()
    start = time.perf_counter(); call(); estimate = time.perf_counter() - start
    count = min(max(int(a.seconds / max(estimate, 1e-7)), 5), 2000)
    times, before = [], time.process_time()
    for _ in range(count):
        start = time.perf_counter(); call(); times.append((time.perf_counter() - start) * 1e3)
    processor = (time.process_time() - before) * 1e3 / count
    times.sort()
    median = (times[count // 2] + times[(count - 1) // 2]) / 2
    return dict(framework="torch", row=row, ms=median, best_ms=times[0], cpu_ms=processor, calls=count, threads=a.threads)


for line in sys.stdin:
    print(json.dumps(measure(line.strip())), flush=True)
