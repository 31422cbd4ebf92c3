"""Losses with gradients, and optimisers."""

import numpy as np
import torch
import torch.nn.functional as F

from .recorder import Family
from .sources import N, T, TORCH


def losses():
    """Outputs: the loss, then its gradient with respect to the first input (of the sum where nothing is reduced)."""
    f = Family("losses")

    def record(name, inputs, function, **notes):
        tensors = [T(x, grad=i == 0) for i, x in enumerate(inputs)]
        y = function(*tensors)
        y.sum().backward()
        f.add(name, inputs, [N(y), N(tensors[0].grad)], TORCH, loosen=10, **notes)

    for reduction in ("mean", "sum", "none"):
        for shape in ((4, 3), (1, 5), (2, 3, 6)):
            z, y = f.normal(*shape) * 3, np.asarray(f.integers(0, shape[-1], *shape[:-1]))
            for smoothing in (0.0, 0.1):
                record(
                    "softmaxCrossEntropy",
                    [z, y],
                    lambda z, y: F.cross_entropy(z.movedim(-1, 1), y, reduction=reduction, label_smoothing=smoothing),
                    reduction=reduction,
                    labelSmoothing=smoothing,
                )
            ignored = y.copy()
            ignored.flat[-1] = -100
            if y.size > 1:
                for smoothing in (0.0, 0.1):
                    record(
                        "softmaxCrossEntropy",
                        [z, ignored],
                        lambda z, y: F.cross_entropy(
                            z.movedim(-1, 1), y, reduction=reduction, label_smoothing=smoothing, ignore_index=-100
                        ),
                        reduction=reduction,
                        labelSmoothing=smoothing,
                        ignoredLabel=-100,
                    )
            p = F.softmax(T(f.normal(*shape)), -1).numpy().astype(np.float32)
            record(
                "softmaxCrossEntropyProbabilities",
                [z, p],
                lambda z, p: F.cross_entropy(z.movedim(-1, 1), p.movedim(-1, 1), reduction=reduction),
                reduction=reduction,
            )
        for shape in ((5,), (3, 4), ()):
            a, b = np.asarray(f.normal(*shape)) * 3, np.asarray(f.normal(*shape), np.float32)
            a = np.asarray(a, np.float32)
            t = np.asarray(f.random.random(shape) < 0.5, np.float32)
            record("meanSquaredError", [a, b], lambda a, b: F.mse_loss(a, b, reduction=reduction), reduction=reduction)
            record("meanAbsoluteError", [a, b], lambda a, b: F.l1_loss(a, b, reduction=reduction), reduction=reduction)
            record(
                "huber",
                [a, b],
                lambda a, b: F.huber_loss(a, b, reduction=reduction, delta=0.7),
                reduction=reduction,
                delta=0.7,
            )
            record(
                "binaryCrossEntropyWithLogits",
                [a, t],
                lambda a, b: F.binary_cross_entropy_with_logits(a, b, reduction=reduction),
                reduction=reduction,
            )
    z = np.array([-200, -30, 0, 30, 200], np.float32)
    record(
        "binaryCrossEntropyWithLogits",
        [z, np.array([1, 0, 0.5, 1, 0], np.float32)],
        lambda a, b: F.binary_cross_entropy_with_logits(a, b, reduction="none"),
        reduction="none",
    )
    z = np.array([[1000, -1000, 0], [-1e4, 1e4, 1e4]], np.float32)
    record(
        "softmaxCrossEntropy",
        [z, np.array([1, 2])],
        lambda z, y: F.cross_entropy(z, y, reduction="none"),
        reduction="none",
        labelSmoothing=0.0,
    )
    return f


_recipes = [
    ("sgd", torch.optim.SGD, dict(lr=0.1), {}),
    ("sgd", torch.optim.SGD, dict(lr=0.1, momentum=0.9), {}),
    ("sgd", torch.optim.SGD, dict(lr=0.05, momentum=0.8, nesterov=True), {}),
    ("sgd", torch.optim.SGD, dict(lr=0.1, momentum=0.9, weight_decay=0.01), {}),
    ("sgd", torch.optim.SGD, dict(lr=0.1, momentum=0.9, dampening=0.2), {}),
    ("adam", torch.optim.Adam, dict(lr=0.01), {}),
    ("adam", torch.optim.Adam, dict(lr=0.1, betas=(0.8, 0.95), eps=1e-4), {}),
    ("adam", torch.optim.Adam, dict(lr=0.01, weight_decay=0.1), {}),
    ("adam", torch.optim.Adam, dict(lr=0.01, amsgrad=True), {}),
    ("adamW", torch.optim.AdamW, dict(lr=0.01, weight_decay=0.1), {}),
    ("adamW", torch.optim.AdamW, dict(lr=0.001, betas=(0.9, 0.95), weight_decay=0.0), {}),
    ("rmsProp", torch.optim.RMSprop, dict(lr=0.01, alpha=0.9), {}),
    ("adagrad", torch.optim.Adagrad, dict(lr=0.1), {}),
]
_words = dict(
    lr="learningRate",
    betas="betas",
    eps="epsilon",
    weight_decay="weightDecay",
    momentum="momentum",
    nesterov="isNesterov",
    dampening="dampening",
    amsgrad="isAMSGrad",
    alpha="decay",
)


def optimizers():
    """Inputs: the parameter, then the gradients of five steps. Outputs: the parameter after each step."""
    f = Family("optimizers")
    for name, kind, options, _ in _recipes:
        for shape in ((4,), (2, 3)):
            start, gradients = f.normal(*shape), [f.normal(*shape) for _ in range(5)]
            p = torch.nn.Parameter(T(start))
            optimizer = kind([p], **options)
            outputs = []
            for g in gradients:
                p.grad = T(g)
                optimizer.step()
                outputs.append(N(p).copy())
            every = {k: v for k, v in optimizer.defaults.items() if k in _words}
            f.add(name, [start, *gradients], outputs, TORCH, loosen=20, **{_words[k]: v for k, v in every.items()})
    for limit in (0.5, 100.0):
        gradients = [f.normal(3), f.normal(2, 2)]
        ps = [torch.nn.Parameter(T(g)) for g in gradients]
        for p, g in zip(ps, gradients):
            p.grad = T(g)
        norm = torch.nn.utils.clip_grad_norm_(ps, limit)
        f.add(
            "clipByGlobalNorm",
            gradients,
            [N(norm), *(N(p.grad) for p in ps)],
            TORCH,
            loosen=20,
            limit=limit,
            note="divides by norm + 1e-6",
        )
    return f
