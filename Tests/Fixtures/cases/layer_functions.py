"""Layers with parameters by name. Inputs: those of the layer, the parameters in `names`, the cotangent; outputs: what the
layer gives (the first `outputCount`), then the gradients, for the first output's cotangent, of the inputs in
`withRespectTo` and of the parameters."""

import os

os.environ["KERAS_BACKEND"] = "torch"
import keras
import numpy as np
import torch
import torch.nn.functional as F
from torch.func import functional_call
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from .recorder import Family
from .sources import TORCH

KERAS = f"keras {keras.__version__}"
last = lambda x: x.movedim(1, -1)
first = lambda x: x.movedim(-1, 1)


class Recorder:
    def __init__(self, name):
        self.f = Family(name)

    def normal(self, *shape, scale=1.0):
        return self.f.random.standard_normal(shape) * scale

    def add(self, op, inputs, parameters, function, source=TORCH, loosen=2e4, to=None, **notes):
        x = [torch.tensor(v) for v in inputs]
        to = [i for i, v in enumerate(x) if v.is_floating_point()] if to is None else to
        for i in to:
            x[i].requires_grad_(True)
        p = {k: torch.tensor(v, requires_grad=True) for k, v in parameters.items()}
        results = function(*x, **{k.replace(".", "_"): v for k, v in p.items()})
        results = results if isinstance(results, tuple) else (results,)
        cotangent = self.normal(*results[0].shape)
        results[0].backward(torch.tensor(cotangent))
        gradients = [x[i].grad for i in to] + [v.grad for v in p.values()]
        zeros = [torch.zeros_like(v) for v in [x[i] for i in to] + list(p.values())]
        self.f.add(
            op,
            [*inputs, *parameters.values(), cotangent],
            [r.detach().numpy() for r in results]
            + [(z if g is None else g).detach().numpy() for g, z in zip(gradients, zeros)],
            source, loosen=loosen, names=list(parameters), inputCount=len(inputs), outputCount=len(results),
            withRespectTo=list(to), **notes,
        )  # fmt: skip


def layer_functions():
    r = Recorder("layerFunctions")
    _convolutions(r)
    _pooling(r)
    _norms(r)
    _recurrent(r)
    _attention(r)
    _others(r)
    _activations(r)
    return r.f


def _convolutions(r):
    for n, sizes in ((1, (7,)), (2, (5, 4)), (3, (3, 4, 3))):
        conv = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[n - 1]
        for stride, dilation, pad, extra, groups in ((1, 1, 0, 0, 1), (2, 1, 1, 1, 2), (3, 2, 0, 2, 1)):
            x, w, b = r.normal(2, *sizes, 4), r.normal(*(3,) * n, 6 // groups, 4), r.normal(6)
            # PyTorch's filter is [in, out / groups, window...].
            move = lambda w: w.permute(n + 1, n, *range(n))
            r.add(
                f"transposedConv{n}D", [x], dict(weight=w, bias=b),
                lambda x, weight, bias: last(
                    conv(first(x), move(weight), bias, stride, pad, extra, groups, dilation)
                ),
                stride=stride, dilation=dilation, pad=pad, outputPadding=extra, groups=groups, kernelSize=3,
            )  # fmt: skip
    for n, sizes in ((1, (8,)), (2, (6, 5))):
        conv = (F.conv1d, F.conv2d)[n - 1]
        to = lambda w: w.permute(n + 1, n, *range(n))
        for multiplier, stride, dilation in ((1, 1, 1), (2, 2, 1), (3, 1, 2)):
            x, w, b = r.normal(2, *sizes, 3), r.normal(*(2,) * n, 1, 3 * multiplier), r.normal(3 * multiplier)
            r.add(
                f"depthwiseConv{n}D", [x], dict(weight=w, bias=b),
                lambda x, weight, bias: last(conv(first(x), to(weight), bias, stride, 0, dilation, 3)),
                multiplier=multiplier, stride=stride, dilation=dilation, kernelSize=2,
            )  # fmt: skip
            p = {"depthwise.weight": w, "pointwise.weight": r.normal(*(1,) * n, 3 * multiplier, 5), "pointwise.bias": r.normal(5)}
            r.add(
                f"separableConv{n}D", [x], p,
                lambda x, depthwise_weight, pointwise_weight, pointwise_bias: last(
                    conv(
                        conv(first(x), to(depthwise_weight), None, stride, 0, dilation, 3), to(pointwise_weight),
                        pointwise_bias,
                    )
                ),
                multiplier=multiplier, stride=stride, dilation=dilation, kernelSize=2, outputChannels=5,
            )  # fmt: skip
    for k, s in ((2, 1), (3, 2), ((2, 3), (2, 1))):
        kh, kw = (k, k) if isinstance(k, int) else k
        sh, sw = (s, s) if isinstance(s, int) else s
        h, w = (6 - kh) // sh + 1, (7 - kw) // sw + 1
        x = r.normal(2, 6, 7, 3)
        p = dict(weight=r.normal(h, w, kh * kw * 3, 4), bias=r.normal(h, w, 4))

        def local(x, weight, bias):
            u = x.unfold(1, kh, sh).unfold(2, kw, sw).permute(0, 1, 2, 4, 5, 3).flatten(3)
            return torch.einsum("bhwk,hwko->bhwo", u, weight) + bias

        r.add("locallyConnected2D", [x], p, local, kernelSize=[kh, kw], stride=[sh, sw])
        h = (6 - kh) // sh + 1
        r.add(
            "locallyConnected1D", [r.normal(2, 6, 3)], dict(weight=r.normal(h, kh * 3, 4), bias=r.normal(h, 4)),
            lambda x, weight, bias: torch.einsum(
                "blk,lko->blo", x.unfold(1, kh, sh).permute(0, 1, 3, 2).flatten(2), weight
            )
            + bias,
            kernelSize=kh, stride=sh,
        )  # fmt: skip


def _pooling(r):
    for n, sizes in ((1, (9,)), (2, (7, 6)), (3, (4, 5, 4))):
        x = r.normal(2, *sizes, 3)
        pools = (F.max_pool1d, F.max_pool2d, F.max_pool3d)[n - 1]
        undo = (F.max_unpool1d, F.max_unpool2d, F.max_unpool3d)[n - 1]
        for k, s, pad in ((2, 2, 0), (3, 2, 1)):

            def pool(x):
                y, i = pools(first(x), k, s, pad, return_indices=True)
                return last(y), last(i)

            r.add("maxPoolWithIndices", [x], {}, pool, windowSize=k, stride=s, pad=pad)
        y, i = pools(first(torch.tensor(x)), 2, 2, return_indices=True)
        r.add(
            "maxUnpool", [last(y).contiguous().numpy(), last(i).contiguous().numpy()], {},
            lambda y, i: last(undo(first(y), first(i), 2, 2, output_size=sizes)), size=list(sizes),
        )  # fmt: skip
        lp = (F.lp_pool1d, F.lp_pool2d, F.lp_pool3d)[n - 1]
        for order in (1.0, 2.0, 3.0):
            r.add("lpPool", [np.abs(x)], {}, lambda x: last(lp(first(x), order, 2, 1)), order=order, windowSize=2, stride=1)
        for size in (1, 2, 3):
            mean = (F.adaptive_avg_pool1d, F.adaptive_avg_pool2d, F.adaptive_avg_pool3d)[n - 1]
            top = (F.adaptive_max_pool1d, F.adaptive_max_pool2d, F.adaptive_max_pool3d)[n - 1]
            r.add("adaptiveAveragePool", [x], {}, lambda x: last(mean(first(x), size)), size=size)
            r.add("adaptiveMaxPool", [x], {}, lambda x: last(top(first(x), size)), size=size)


def _norms(r):
    for sizes in ((5,), (3, 4), (2, 3, 2)):
        x, p = r.normal(2, *sizes, 3), dict(scale=r.normal(3), shift=r.normal(3))
        r.add(
            "instanceNorm", [x], p, lambda x, scale, shift: last(F.instance_norm(first(x), weight=scale, bias=shift)),
            isAffine=True,
        )  # fmt: skip
        r.add("instanceNorm", [x], {}, lambda x: last(F.instance_norm(first(x))), isAffine=False)
    for size in (1, 2, 3, 5):
        x = r.normal(2, 3, 4, 6)
        r.add(
            "localResponseNorm", [x], {}, lambda x: last(F.local_response_norm(first(x), size, 0.1, 0.7, 1.2)), size=size
        )
    for inputs, outputs in ((4, 3), (3, 5)):
        x = r.normal(2, inputs)
        p = {"base.weight": r.normal(inputs, outputs), "base.bias": r.normal(outputs), "magnitude": np.abs(r.normal(outputs))}

        def weight_norm(x, base_weight, base_bias, magnitude):
            return F.linear(x, torch._weight_norm(base_weight.T, magnitude[:, None], 0), base_bias)

        r.add("weightNorm", [x], p, weight_norm, inputChannels=inputs, outputChannels=outputs)
        w, b = r.normal(inputs, outputs), r.normal(outputs)
        unit = lambda v: v / np.linalg.norm(v)
        left, right = unit(r.normal(inputs)), unit(r.normal(outputs))
        for training in (False, True):
            module = torch.nn.utils.parametrizations.spectral_norm(torch.nn.Linear(inputs, outputs).double())
            state = module.parametrizations.weight[0]
            state._u.copy_(torch.tensor(right))
            state._v.copy_(torch.tensor(left))
            module.train(training)

            def spectral(x, left, right, base_weight, base_bias):
                names = {"parametrizations.weight.original": base_weight.T, "bias": base_bias}
                return functional_call(module, names, (x,))

            r.add(
                "spectralNorm", [x, left, right], {"base.weight": w, "base.bias": b}, spectral, to=[0], inputChannels=inputs,
                outputChannels=outputs, isTraining=training,
            )  # fmt: skip


def _recurrent(r):
    for kind, gates, biases in (("lstm", 4, ("bias",)), ("gru", 3, ("inputBias", "hiddenBias")), ("rnn", 1, ("bias",))):
        for layers, both in ((1, False), (2, False), (1, True), (2, True)):
            for lengths in (None, [5, 3, 1], [2, 0 + 1, 5]):
                width, count = 3, 2
                module = dict(lstm=torch.nn.LSTM, gru=torch.nn.GRU, rnn=torch.nn.RNN)[kind](
                    count, width, layers, batch_first=True, bidirectional=both
                ).double()
                p, size = {}, count
                for i in range(layers):
                    for direction in ("forward", "backward")[: 1 + both]:
                        at = f"levels.{i}.{direction}."
                        p[at + "inputWeight"] = r.normal(size, gates * width, scale=0.5)
                        p[at + "hiddenWeight"] = r.normal(width, gates * width, scale=0.5)
                        for b in biases:
                            p[at + b] = r.normal(gates * width, scale=0.5)
                    size = width * (1 + both)

                def run(x, *rest, **named):
                    t = {}
                    for i in range(layers):
                        for direction, tail in (("forward", ""), ("backward", "_reverse"))[: 1 + both]:
                            at = f"levels_{i}_{direction}_"
                            t[f"weight_ih_l{i}{tail}"] = named[at + "inputWeight"].T
                            t[f"weight_hh_l{i}{tail}"] = named[at + "hiddenWeight"].T
                            b = named[at + biases[0]]
                            t[f"bias_ih_l{i}{tail}"] = b
                            t[f"bias_hh_l{i}{tail}"] = named[at + biases[1]] if len(biases) > 1 else torch.zeros_like(b)
                    if lengths:
                        x = pack_padded_sequence(x, torch.tensor(lengths), True, False)
                    y, state = functional_call(module, t, (x,))
                    if lengths:
                        y, _ = pad_packed_sequence(y, True, total_length=5)
                    return (y, *(state if kind == "lstm" else (state,)))

                x = r.normal(3, 5, count)
                r.add(
                    "recurrent", [x] + ([np.array(lengths)] if lengths else []), p, run, to=[0], kind=kind,
                    layers=layers, isBidirectional=both, width=width,
                )  # fmt: skip
    for size in (3, 2):
        layer = keras.layers.ConvLSTM2D(3, size, padding="same", return_sequences=True, dtype="float64")
        x = r.normal(2, 4, 5, 4, 2)
        layer.build(x.shape)
        p = dict(
            inputWeight=r.normal(size, size, 2, 12, scale=0.4), hiddenWeight=r.normal(size, size, 3, 12, scale=0.4),
            bias=r.normal(12),
        )  # fmt: skip

        def conv_lstm(x, inputWeight, hiddenWeight, bias):
            y, _ = layer.stateless_call([inputWeight, hiddenWeight, bias], [v.value for v in layer.non_trainable_variables], x)
            return y

        r.add("convLSTM2D", [x], p, conv_lstm, source=KERAS, channels=3, kernelSize=size)


def _attention(r):
    for width, heads, kv in ((8, 4, 2), (12, 6, 1), (8, 2, 2)):
        size = width // heads
        for window, method in ((None, "none"), (3, "none"), (None, "rotary"), (2, "interleaved"), (None, "bias")):
            x = r.normal(2, 6, width)
            p = {
                "query.weight": r.normal(width, width, scale=0.4),
                "key.weight": r.normal(width, kv * size, scale=0.4),
                "value.weight": r.normal(width, kv * size, scale=0.4),
                "output.weight": r.normal(width, width, scale=0.4),
            }

            def turn(t):
                pairs = t.unflatten(-1, (-1, 2)) if method == "interleaved" else torch.stack(t.chunk(2, -1), -1)
                z = torch.view_as_complex(pairs.contiguous())
                half = z.shape[-1]
                speed = 100.0 ** (-torch.arange(half, dtype=torch.float64) / half)
                z = z * torch.polar(torch.ones(6, half, dtype=torch.float64), torch.arange(6.0).double()[:, None] * speed)
                out = torch.view_as_real(z)
                return out.flatten(-2) if method == "interleaved" else torch.cat(out.unbind(-1), -1)

            def run(x, query_weight, key_weight, value_weight, output_weight):
                split = lambda t: t.unflatten(-1, (-1, size)).transpose(1, 2)
                q, k, v = split(x @ query_weight), split(x @ key_weight), split(x @ value_weight)
                if method in ("rotary", "interleaved"):
                    q, k = turn(q), turn(k)
                distance = torch.arange(6)[:, None] - torch.arange(6)
                keep = (distance >= 0) & (distance < (window or 99))
                mask = torch.where(keep, 0.0, -torch.inf).double()
                if method == "bias":
                    n = 2 ** int(np.log2(heads))
                    slopes = [2 ** (-8 * (i + 1) / n) for i in range(n)]
                    slopes += [2 ** (-8 * (i + 1) / (2 * n)) for i in range(0, 2 * (heads - n), 2)]
                    mask = mask - torch.tensor(slopes).double()[:, None, None] * distance.clamp(min=0)
                y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask.expand(2, heads, 6, 6), enable_gqa=True)
                return y.transpose(1, 2).flatten(2) @ output_weight

            r.add(
                "groupedQueryAttention", [x], p, run, headCount=heads, keyHeadCount=kv, window=window, method=method,
                width=width,
            )  # fmt: skip
    parts = ("query", "key", "value")
    for norm_first in (False, True):
        width, heads = 8, 2

        def parameters(names, norms):
            p = {}
            for a in names:
                for part in (*parts, "output"):
                    p[f"{a}.{part}.weight"] = r.normal(width, width, scale=0.4)
                    p[f"{a}.{part}.bias"] = r.normal(width, scale=0.4)
            p["feedForward.expand.weight"], p["feedForward.expand.bias"] = r.normal(width, 16), r.normal(16)
            p["feedForward.contract.weight"], p["feedForward.contract.bias"] = r.normal(16, width), r.normal(width)
            for n in norms:
                p[f"{n}.scale"], p[f"{n}.shift"] = r.normal(width), r.normal(width)
            return p

        def translate(v, attentions, norms):
            t = {}
            for ours, theirs in attentions.items():
                t[theirs + ".in_proj_weight"] = torch.cat([v[f"{ours}_{a}_weight"].T for a in parts])
                t[theirs + ".in_proj_bias"] = torch.cat([v[f"{ours}_{a}_bias"] for a in parts])
                t[theirs + ".out_proj.weight"] = v[f"{ours}_output_weight"].T
                t[theirs + ".out_proj.bias"] = v[f"{ours}_output_bias"]
            for ours, theirs in (("expand", "linear1"), ("contract", "linear2")):
                t[theirs + ".weight"], t[theirs + ".bias"] = v[f"feedForward_{ours}_weight"].T, v[f"feedForward_{ours}_bias"]
            for ours, theirs in norms.items():
                t[theirs + ".weight"], t[theirs + ".bias"] = v[ours + "_scale"], v[ours + "_shift"]
            return t

        for causal in (False, True):
            layer = torch.nn.TransformerEncoderLayer(
                width, heads, 16, 0.0, "gelu", batch_first=True, norm_first=norm_first
            ).double()
            mask = torch.nn.Transformer.generate_square_subsequent_mask(5, dtype=torch.float64) if causal else None
            norms = dict(attentionNorm="norm1", feedForwardNorm="norm2")
            r.add(
                "encoderBlock", [r.normal(2, 5, width)], parameters(["attention"], norms),
                lambda x, **v: functional_call(
                    layer, translate(v, dict(attention="self_attn"), norms), (x,), dict(src_mask=mask)
                ),
                isNormFirst=norm_first, isCausal=causal, width=width, headCount=heads, expansion=2,
            )  # fmt: skip
            layer2 = torch.nn.TransformerDecoderLayer(
                width, heads, 16, 0.0, "relu", batch_first=True, norm_first=norm_first
            ).double()
            norms2 = dict(attentionNorm="norm1", crossNorm="norm2", feedForwardNorm="norm3")
            r.add(
                "decoderBlock", [r.normal(2, 5, width), r.normal(2, 7, width)],
                parameters(["attention", "crossAttention"], norms2),
                lambda x, m, **v: functional_call(
                    layer2,
                    translate(v, dict(attention="self_attn", crossAttention="multihead_attn"), norms2), (x, m),
                    dict(tgt_mask=mask),
                ),
                isNormFirst=norm_first, isCausal=causal, width=width, headCount=heads, expansion=2,
            )  # fmt: skip
    for experts, choices, factor in ((4, 2, 8.0), (3, 1, 1.0), (4, 2, 0.6), (2, 2, 1.25), (5, 3, 1.0)):
        width, inner, tokens = 3, 6, 10
        p = {
            "router.weight": r.normal(width, experts), "expand": r.normal(experts, width, inner),
            "contract": r.normal(experts, inner, width), "expandBias": r.normal(experts, 1, inner),
            "contractBias": r.normal(experts, 1, width),
        }  # fmt: skip

        def mixture(x, router_weight, expand, contract, expandBias, contractBias):
            z = x @ router_weight
            q = z.softmax(-1)
            w, e = q.topk(choices)
            w = w / w.sum(-1, keepdim=True)
            room = max(int(np.ceil(tokens * choices / experts * factor)), 1)
            used, rows = [0] * experts, [0] * tokens
            for c in range(choices):
                for t in range(tokens):
                    k = int(e[t, c])
                    if used[k] < room:
                        used[k] += 1
                        y = F.gelu(x[t] @ expand[k] + expandBias[k, 0]) @ contract[k] + contractBias[k, 0]
                        rows[t] = rows[t] + w[t, c] * y
            balance = (F.one_hot(e[:, 0], experts).double().mean(0) * q.mean(0)).sum() * experts
            size = (z.logsumexp(-1) ** 2).mean()
            rows = [v if torch.is_tensor(v) else torch.zeros(width).double() for v in rows]
            return torch.stack(rows), balance, size

        r.add(
            "mixtureOfExperts", [r.normal(tokens, width)], p, mixture, source=f"loops in {TORCH}", expertCount=experts,
            choiceCount=choices, capacityFactor=factor, expansion=2, width=width,
        )  # fmt: skip


def _others(r):
    for mode in ("sum", "mean", "max"):
        table = dict(weight=r.normal(6, 3))
        i, offsets = r.f.random.integers(0, 6, 9), np.array([0, 2, 2, 7])
        r.add(
            "embeddingBag", [i, offsets], table,
            lambda i, o, weight: F.embedding_bag(i, weight, o, mode=mode), mode=mode, hasWeights=False,
        )  # fmt: skip
        r.add(
            "embeddingBagOfMatrix", [i.reshape(3, 3)], table, lambda i, weight: F.embedding_bag(i, weight, mode=mode),
            mode=mode,
        )  # fmt: skip
    r.add(
        "embeddingBag", [i, offsets, r.normal(9)], table,
        lambda i, o, s, weight: F.embedding_bag(i, weight, o, mode="sum", per_sample_weights=s), mode="sum", to=[2],
        hasWeights=True,
    )  # fmt: skip
    for a, b, c in ((2, 3, 4), (1, 1, 1), (5, 2, 3)):
        r.add(
            "bilinear", [r.normal(3, 2, a), r.normal(3, 2, b)], dict(weight=r.normal(c, a, b), bias=r.normal(c)),
            lambda x, y, weight, bias: F.bilinear(x, y, weight, bias), sizes=[a, b, c],
        )  # fmt: skip
    for n, sizes in ((1, (5,)), (2, (4, 5)), (3, (3, 4, 3))):
        x = r.normal(2, *sizes, 3)
        for mode in ("constant", "reflect", "replicate", "circular"):
            before, after = [1, 2, 1][:n], [2, 1, 0][:n]
            flat = [v for pair in zip(before[::-1], after[::-1]) for v in pair]
            r.add("padding", [x], {}, lambda x: last(F.pad(first(x), flat, mode)), mode=mode, before=before, after=after)
        for method in ("nearest", ("linear", "bilinear", "trilinear")[n - 1]):
            for factor in (2, 3):
                r.add(
                    "upSampling", [x], {}, lambda x: last(F.interpolate(first(x), scale_factor=factor, mode=method)),
                    factor=factor, isLinear=method != "nearest",
                )  # fmt: skip


def _activations(r):
    for shape in ((4, 6), (2, 3, 4)):
        x = r.normal(*shape) * 2
        for op, function in dict(
            celu=lambda x: F.celu(x, 0.7), hardShrink=F.hardshrink, softShrink=F.softshrink, tanhShrink=F.tanhshrink,
            threshold=lambda x: F.threshold(x, 0.3, -1.0), relu6=F.relu6, selu=F.selu, mish=F.mish, softsign=F.softsign,
            logSigmoid=F.logsigmoid, hardSigmoid=F.hardsigmoid, hardTanh=F.hardtanh, hardSwish=F.hardswish, glu=F.glu,
            softmin=lambda x: F.softmin(x, -1), silu=F.silu, softplus=F.softplus, elu=F.elu, leakyReLU=F.leaky_relu,
            squarePlus=keras.activations.squareplus, squaredReLU=lambda x: F.relu(x) ** 2,
            swiGLU=lambda x: x.chunk(2, -1)[0] * F.silu(x.chunk(2, -1)[1]),
            geGLU=lambda x: x.chunk(2, -1)[0] * F.gelu(x.chunk(2, -1)[1]),
            reGLU=lambda x: x.chunk(2, -1)[0] * F.relu(x.chunk(2, -1)[1]),
            maxout=lambda x: x.unflatten(-1, (-1, 2)).amax(-1), sparsemax=_sparsemax,
        ).items():  # fmt: skip
            # PyTorch rounds the constants of these to float 32.
            loosen = 5e6 if op in ("celu", "hardSigmoid", "hardSwish") else 2e4
            r.add("activation", [x], {}, function, loosen=loosen, kind=op)
        r.add("prelu", [x], dict(slopes=np.abs(r.normal(shape[-1]))), lambda x, slopes: last(F.prelu(first(x), slopes)))


def _sparsemax(x):
    """By bisection for the bound, since Keras's (3.15) adds up to less than 1."""
    low, high = x.detach().amin(-1, keepdim=True) - 1, x.detach().amax(-1, keepdim=True)
    for _ in range(80):
        middle = (low + high) / 2
        is_low = (x.detach() - middle).clamp(min=0).sum(-1, keepdim=True) > 1
        low, high = torch.where(is_low, middle, low), torch.where(is_low, high, middle)
    support = (x.detach() > high).double()
    bound = ((x * support).sum(-1, keepdim=True) - 1) / support.sum(-1, keepdim=True)
    return (x - bound).clamp(min=0)
