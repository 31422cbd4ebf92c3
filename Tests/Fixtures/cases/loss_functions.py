"""Losses beyond losses.*: outputs are the loss, then its gradient with respect to the inputs in `withRespectTo`."""

import numpy as np
import torch
import torch.nn.functional as F
import torchvision

from .recorder import Family
from .sources import TORCH

VISION = f"torchvision {torchvision.__version__.split('+')[0]}"
REDUCTIONS = ("mean", "sum", "none")


def loss_functions():
    f = Family("lossFunctions")

    def normal(*shape):
        return f.random.standard_normal(shape)

    def record(op, inputs, function, to=(0,), source=TORCH, loosen=500, **notes):
        t = [torch.tensor(x, requires_grad=i in to) for i, x in enumerate(inputs)]
        y = function(*t)
        y.sum().backward()
        gradients = [t[i].grad.numpy() for i in to]
        f.add(op, inputs, [y.detach().numpy(), *gradients], source, loosen=loosen, withRespectTo=list(to), **notes)

    for r in REDUCTIONS:
        _classes(f, r, record, normal)
        _elements(f, r, record, normal)
        _margins(f, r, record, normal)
        _boxes(f, r, record)
        _ctc(f, r, record, normal)
    _own(f, record, normal)
    return f


def _classes(f, r, record, normal):
    for shape in ((4, 3), (2, 3, 5)):
        z, w = normal(*shape) * 2, f.random.uniform(0.2, 2, shape[-1])
        y = f.random.integers(0, shape[-1], shape[:-1])
        y.flat[-1] = 1
        move = lambda z: z.movedim(-1, 1)
        for smoothing in (0.0, 0.2):
            for ignored in (None, 1):
                notes = dict(reduction=r, labelSmoothing=smoothing, ignoredLabel=ignored)
                record(
                    "softmaxCrossEntropy",
                    [z, y, w],
                    lambda z, y, w: F.cross_entropy(
                        move(z), y, w, ignore_index=-100 if ignored is None else ignored, reduction=r,
                        label_smoothing=smoothing,
                    ),
                    **notes,
                )  # fmt: skip
                if smoothing == 0:
                    for has_weights in (False, True):
                        record(
                            "negativeLogLikelihood",
                            [np.log(f.random.dirichlet(np.ones(shape[-1]), shape[:-1])), y, w],
                            lambda p, y, w: F.nll_loss(
                                move(p), y, w if has_weights else None,
                                ignore_index=-100 if ignored is None else ignored, reduction=r,
                            ),
                            hasWeights=has_weights, **notes,
                        )  # fmt: skip
            p = f.random.dirichlet(np.ones(shape[-1]), shape[:-1])
            for has_weights in (False, True):
                record(
                    "softmaxCrossEntropyProbabilities",
                    [z, p, w],
                    lambda z, p, w: F.cross_entropy(
                        move(z), move(p), w if has_weights else None, reduction=r, label_smoothing=smoothing
                    ),
                    reduction=r, labelSmoothing=smoothing, hasWeights=has_weights,
                )  # fmt: skip
        for squared in (False, True):
            record(
                "multiMargin", [z.reshape(-1, shape[-1]), y.reshape(-1)],
                lambda z, y: F.multi_margin_loss(z, y, 2 if squared else 1, 0.8, reduction=r), reduction=r,
                isSquared=squared, margin=0.8,
            )  # fmt: skip


def _elements(f, r, record, normal):
    for shape in ((6,), (3, 4)):
        a, b = normal(*shape), normal(*shape)
        y, q = f.random.uniform(0, 1, shape), f.random.uniform(0.02, 0.98, shape)
        w, pw = f.random.uniform(0.5, 2, shape), f.random.uniform(0.5, 3, shape[-1])
        record(
            "sigmoidBinaryCrossEntropy", [a * 3, y, pw, w],
            lambda a, y, pw, w: F.binary_cross_entropy_with_logits(a, y, w, reduction=r, pos_weight=pw), reduction=r,
        )  # fmt: skip
        record(
            "binaryCrossEntropy", [q, y, w], lambda q, y, w: F.binary_cross_entropy(q, y, w, reduction=r), reduction=r
        )
        for beta in (1.0, 0.3, 0.0):
            record("smoothL1", [a, b], lambda a, b: F.smooth_l1_loss(a, b, reduction=r, beta=beta), reduction=r, beta=beta)
        for is_log in (False, True):
            target = np.log(y) if is_log else np.where(y < 0.3, 0, y)
            record(
                "klDivergence", [np.log(q), target],
                lambda p, t: F.kl_div(p, t, reduction=r, log_target=is_log), reduction=r, areTargetsLogarithms=is_log,
            )  # fmt: skip
        counts = f.random.integers(0, 6, shape).astype(np.float64)
        for is_log in (False, True):
            for full in (False, True):
                record(
                    "poisson", [a if is_log else np.abs(a) + 0.1, counts],
                    lambda p, k: F.poisson_nll_loss(p, k, is_log, full, reduction=r), reduction=r,
                    arePredictionsLogarithms=is_log, isFull=full,
                )  # fmt: skip
        for full in (False, True):
            record(
                "gaussian", [a, b, np.where(w > 1.8, 1e-9, w)],
                lambda a, b, v: F.gaussian_nll_loss(a, b, v, full, reduction=r), to=(0, 2), loosen=5e4, reduction=r,
                isFull=full,
            )  # fmt: skip


def _margins(f, r, record, normal):
    for shape in ((5, 4), (2, 3, 3)):
        a, b, c = normal(*shape), normal(*shape), normal(*shape)
        s = np.sign(normal(*shape[:-1]))
        full = np.sign(normal(*shape))
        record(
            "hingeEmbedding", [np.abs(a), full],
            lambda d, s: F.hinge_embedding_loss(d, s, 0.8, reduction=r), reduction=r, margin=0.8,
        )  # fmt: skip
        record(
            "marginRanking", [a, b, full], lambda a, b, s: F.margin_ranking_loss(a, b, s, 0.2, reduction=r), to=(0, 1),
            reduction=r, margin=0.2,
        )  # fmt: skip
        for order in (2.0, 1.5):
            for swap in (False, True):
                record(
                    "triplet", [a, b, c],
                    lambda a, b, c: F.triplet_margin_loss(a, b, c, 1.1, order, 1e-6, swap, reduction=r), to=(0, 1, 2),
                    reduction=r, margin=1.1, order=order, isSwapping=swap,
                )  # fmt: skip
        if len(shape) == 2:
            record(
                "cosineEmbedding", [a, b, s],
                lambda a, b, s: F.cosine_embedding_loss(a, b, s, 0.1, reduction=r), to=(0, 1), reduction=r, margin=0.1,
            )  # fmt: skip


def _boxes(f, r, record):
    for count in (1, 6):
        corners = f.random.uniform(0, 4, (2, count, 2))
        sizes = f.random.uniform(0.5, 4, (2, count, 2))
        a, b = (np.concatenate([corners[i], corners[i] + sizes[i]], -1) for i in (0, 1))
        for name, function in (
            ("generalized", torchvision.ops.generalized_box_iou_loss),
            ("distance", torchvision.ops.distance_box_iou_loss),
            ("complete", torchvision.ops.complete_box_iou_loss),
        ):
            record(
                "box", [a, b], lambda a, b: function(a, b, reduction=r), to=(0, 1), source=VISION, loosen=5e3,
                reduction=r, measure=name,
            )  # fmt: skip
        record(
            "box", [a, b],
            lambda a, b: (lambda d: d if r == "none" else getattr(d, r)())(
                1 - torchvision.ops.box_iou(a, b).diagonal()
            ),
            source=VISION, loosen=1e8, reduction=r, measure="intersectionOverUnion",
        )  # fmt: skip
    for shape in ((5,), (2, 3)):
        z, y = f.random.standard_normal(shape), f.random.integers(0, 2, shape).astype(np.float64)
        for balance, focus in ((0.25, 2.0), (0.6, 1.5), (-1, 2.0)):
            record(
                "focal", [z, y],
                lambda z, y: torchvision.ops.sigmoid_focal_loss(z, y, balance, focus, reduction=r), source=VISION,
                reduction=r, balance=balance, focus=focus,
            )  # fmt: skip


def _ctc(f, r, record, normal):
    for batch, time, classes, length, blank in ((1, 5, 3, 2, 0), (3, 9, 5, 4, 0), (4, 12, 4, 3, 2)):
        z = normal(batch, time, classes) * 2
        choices = [c for c in range(classes) if c != blank]
        labels = f.random.choice(choices, (batch, length))
        labels[0, -1] = labels[0, 0]
        times = f.random.integers(time - 2, time + 1, batch)
        counts = f.random.integers(0, length + 1, batch)
        counts[0] = length
        if batch > 2:
            times[1], counts[1] = 2, length
            counts[2] = 0
        for zero in (False, True):
            if batch > 2 and not zero and r != "none":
                times[1] = time

            def run(z, labels, times, counts):
                p = z.log_softmax(-1).transpose(0, 1)
                return F.ctc_loss(p, labels, times, counts, blank, r, zero)

            t = torch.tensor(z, requires_grad=True)
            y = run(t, *map(torch.tensor, (labels, times, counts)))
            torch.where(y.isfinite(), y, 0).sum().backward()
            gradient = t.grad.numpy()
            # Of an infinite loss nothing is recorded: its derivative means nothing.
            gradient = np.where(np.isfinite(gradient), gradient, 0)
            if not np.isfinite(y.detach().numpy()).all():
                f.add("ctc", [z, labels, times, counts], [y.detach().numpy()], TORCH, loosen=500, blank=blank,
                      reduction=r, ignoresImpossible=zero, withRespectTo=[])  # fmt: skip
            else:
                f.add("ctc", [z, labels, times, counts], [y.detach().numpy(), gradient], TORCH, loosen=500, blank=blank,
                      reduction=r, ignoresImpossible=zero, withRespectTo=[0])  # fmt: skip


def _own(f, record, normal):
    """By their papers' formulas, since PyTorch has none of these."""
    source = f"formula in {TORCH}"
    for batch, width in ((3, 4), (6, 2), (1, 3)):
        q, k = normal(batch, width), normal(batch, width)
        for temperature in (0.07, 0.5):
            for symmetric in (False, True):

                def info(q, k):
                    z = F.normalize(q, dim=1) @ F.normalize(k, dim=1).T / temperature
                    y = torch.arange(len(q))
                    one = F.cross_entropy(z, y)
                    return (one + F.cross_entropy(z.T, y)) / 2 if symmetric else one

                record(
                    "contrastive", [q, k], info, to=(0, 1), source=source, loosen=5e3, reduction="mean",
                    temperature=temperature, isSymmetric=symmetric,
                )  # fmt: skip
    for shape in ((2, 5), (3, 2, 4)):
        p, t = f.random.uniform(0, 1, shape), f.random.integers(0, 2, shape).astype(np.float64)
        axes = tuple(range(1, len(shape)))
        for smoothing in (1.0, 0.01):
            record(
                "dice", [p, t],
                lambda p, t: (1 - (2 * (p * t).sum(axes) + smoothing) / (p.sum(axes) + t.sum(axes) + smoothing)).mean(),
                source=source, reduction="mean", smoothing=smoothing,
            )  # fmt: skip
            record(
                "tversky", [p, t],
                lambda p, t: (
                    1 - ((p * t).sum(axes) + smoothing)
                    / ((p * t).sum(axes) + 0.3 * (p * (1 - t)).sum(axes) + 0.7 * ((1 - p) * t).sum(axes) + smoothing)
                ).sum(),
                source=source, reduction="sum", smoothing=smoothing,
            )  # fmt: skip
        a, s = normal(*shape), np.sign(normal(*shape))
        for squared in (False, True):
            record(
                "hinge", [a, s], lambda a, s: (F.relu(1 - a * s) ** (2 if squared else 1)).mean(), source=source,
                reduction="mean", isSquared=squared,
            )  # fmt: skip
        record(
            "logCosh", [a * 3, t], lambda a, t: torch.log(torch.cosh(a - t)).mean(), source=source, reduction="mean"
        )
