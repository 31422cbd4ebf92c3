"""Normalisation, embedding, attention and recurrent cells."""

import math

import numpy as np
import torch
import torch.nn.functional as F

from .recorder import Family
from .sources import N, T, TORCH


def _gradients(f, name, inputs, function, differentiated, notes, loosen=20):
    """The value, then NAMEGradient: inputs and the output's cotangent give the gradients of `differentiated`."""
    tensors = [T(x, grad=i in differentiated) for i, x in enumerate(inputs)]
    y = function(*tensors)
    f.add(name, inputs, [N(y)], TORCH, loosen=loosen, **notes)
    g = f.normal(*y.shape)
    y.backward(T(g))
    f.add(
        name + "Gradient",
        [*inputs, g],
        [N(tensors[i].grad) for i in differentiated],
        TORCH,
        loosen=4 * loosen,
        withRespectTo=list(differentiated),
        **notes
    )


def normalisation():
    f = Family("normalisation")
    for shape, count in (((4, 6), 1), ((2, 3, 5), 1), ((2, 3, 5), 2), ((1, 1), 1), ((7,), 1)):
        for epsilon in (1e-5, 1e-3):
            x, w, b = f.normal(*shape), f.normal(*shape[-count:]), f.normal(*shape[-count:])
            last = list(shape[-count:])
            notes = dict(axes=list(range(-count, 0)), epsilon=epsilon)
            _gradients(
                f, "layerNorm", [x, w, b], lambda x, w, b: F.layer_norm(x, last, w, b, epsilon), (0, 1, 2), notes
            )
            _gradients(f, "rmsNorm", [x, w], lambda x, w: F.rms_norm(x, last, w, epsilon), (0, 1), notes)
    x = np.array([[1e4, 1e4 + 1, 1e4 + 2, 1e4 - 1]], np.float32)
    one, zero = np.ones(4, np.float32), np.zeros(4, np.float32)
    f.add("layerNorm", [x, one, zero], [N(F.layer_norm(T(x), [4]))], TORCH, loosen=500, axes=[-1], epsilon=1e-5)
    for shape, groups in (((2, 3, 3, 4), 2), ((1, 2, 2, 6), 3), ((2, 5, 4), 1), ((2, 2, 3, 4), 4)):
        x, w, b = f.normal(*shape), f.normal(shape[-1]), f.normal(shape[-1])
        function = lambda x, w, b: F.group_norm(x.movedim(-1, 1), groups, w, b, 1e-5).movedim(1, -1)
        _gradients(f, "groupNorm", [x, w, b], function, (0, 1, 2), dict(groups=groups, epsilon=1e-5))
    for shape in ((8, 3), (2, 3, 3, 4), (3, 5, 2), (2, 1, 1, 3)):
        for momentum, epsilon in ((0.1, 1e-5), (0.3, 1e-3)):
            _batch_norm(f, shape, momentum, epsilon)
    return f


def _batch_norm(f, shape, momentum, epsilon):
    c = shape[-1]
    x, w, b, mean = f.normal(*shape), f.normal(c), f.normal(c), f.normal(c)
    variance = f.random.uniform(0.5, 2, c).astype(np.float32)
    notes = dict(momentum=momentum, epsilon=epsilon)
    function = lambda x, w, b, m, v: F.batch_norm(x.movedim(-1, 1), m, v, w, b, False, momentum, epsilon).movedim(1, -1)
    _gradients(f, "batchNorm", [x, w, b, mean, variance], function, (0, 1, 2), dict(isTraining=False, **notes))
    tx, tw, tb, m, v = T(x, True), T(w, True), T(b, True), T(mean), T(variance)
    y = F.batch_norm(tx.movedim(-1, 1), m, v, tw, tb, True, momentum, epsilon).movedim(1, -1)
    f.add(
        "batchNorm",
        [x, w, b, mean, variance],
        [N(y), N(m), N(v)],
        TORCH,
        loosen=20,
        isTraining=True,
        running="new = (1 - momentum) old + momentum batch; variance with n - 1",
        **notes
    )
    g = f.normal(*shape)
    y.backward(T(g))
    f.add(
        "batchNormGradient",
        [x, w, b, mean, variance, g],
        [N(t.grad) for t in (tx, tw, tb)],
        TORCH,
        loosen=200,
        isTraining=True,
        withRespectTo=[0, 1, 2],
        **notes
    )


def attention():
    f = Family("attention")
    for rows, width, shape in ((5, 3, (4,)), (7, 2, (2, 3)), (4, 4, ()), (3, 2, (0,))):
        table, ids = f.normal(rows, width), np.asarray(f.integers(0, rows, *shape))
        t = T(table, True)
        y = F.embedding(T(ids), t)
        f.add("embedding", [table, ids], [N(y)], TORCH)
        g = f.normal(*y.shape)
        y.backward(T(g))
        f.add("embeddingGradient", [table, ids, g], [N(t.grad)], TORCH, loosen=4)
    for b, h, q, k, d in ((1, 1, 3, 3, 2), (2, 2, 5, 5, 4), (1, 2, 3, 6, 4), (1, 1, 1, 7, 3), (2, 1, 4, 4, 8)):
        inputs = [f.normal(b, h, q, d), f.normal(b, h, k, d), f.normal(b, h, k, d)]
        layout = dict(layout="[batch, heads, length, width]")
        run = F.scaled_dot_product_attention
        _gradients(f, "attention", inputs, run, (0, 1, 2), dict(isCausal=False, scale=1 / math.sqrt(d), **layout))
        _gradients(
            f,
            "attention",
            inputs,
            lambda q, k, v: run(q, k, v, scale=0.3),
            (0, 1, 2),
            dict(isCausal=False, scale=0.3, **layout),
        )
        if q == k:
            _gradients(
                f,
                "attention",
                inputs,
                lambda q, k, v: run(q, k, v, is_causal=True),
                (0, 1, 2),
                dict(isCausal=True, scale=1 / math.sqrt(d), **layout),
            )
        keep = f.random.random((q, k)) < 0.7
        keep[:, 0] = True
        _gradients(
            f,
            "attention",
            [*inputs, keep],
            lambda q, k, v, m: run(q, k, v, attn_mask=m),
            (0, 1, 2),
            dict(isCausal=False, scale=1 / math.sqrt(d), mask="Boolean, true attends", **layout),
        )
        bias = f.normal(b, 1, q, k)
        _gradients(
            f,
            "attention",
            [*inputs, bias],
            lambda q, k, v, m: run(q, k, v, attn_mask=m),
            (0, 1, 2, 3),
            dict(isCausal=False, scale=1 / math.sqrt(d), mask="added to the scores", **layout),
        )
    return f


def recurrent():
    """Inputs: x [batch, length, in], h0 (and c0) [batch, width], input weights [in, gates x width],
    hidden weights [width, gates x width], input bias, hidden bias. Gates: LSTM i f g o; GRU r z n."""
    f = Family("recurrent")
    for batch, length, width_in, width in ((1, 1, 2, 3), (2, 4, 3, 2), (3, 5, 1, 4), (2, 7, 4, 4)):
        for name, gates in (("lstm", 4), ("gru", 3)):
            module = (torch.nn.LSTM if name == "lstm" else torch.nn.GRU)(width_in, width, batch_first=True).double()
            state = [f.normal(batch, width) for _ in range(2 if name == "lstm" else 1)]
            weights = [
                f.normal(width_in, gates * width),
                f.normal(width, gates * width),
                f.normal(gates * width),
                f.normal(gates * width),
            ]
            with torch.no_grad():
                for p, w in zip(module.parameters(), weights):
                    p.copy_(T(w.T if w.ndim == 2 else w))
            x = f.normal(batch, length, width_in)
            tx, ts = T(x, True), [T(s, True) for s in state]
            initial = tuple(s[None] for s in ts) if name == "lstm" else ts[0][None]
            y, last = module(tx, initial)
            last = [s[0] for s in last] if name == "lstm" else [last[0]]
            notes = dict(
                gates="i f g o" if name == "lstm" else "r z n",
                form=(
                    "h' = (1 - z) n + z h, n = tanh(x W + b + r (h U + c))"
                    if name == "gru"
                    else "c' = f c + i g, h' = o tanh(c')"
                ),
            )
            f.add(name, [x, *state, *weights], [N(y), *map(N, last)], TORCH, loosen=20, **notes)
            g = f.normal(*y.shape)
            y.backward(T(g))
            p = [v.grad.T if v.ndim == 2 else v.grad for v in module.parameters()]
            outputs = [N(tx.grad), *(N(s.grad) for s in ts), *(N(v) for v in p)]
            f.add(
                name + "Gradient",
                [x, *state, *weights, g],
                outputs,
                TORCH,
                loosen=100,
                cotangent="of y alone",
                withRespectTo=list(range(len(outputs))),
                **notes
            )
    return f
