"""Metrics of scikit-learn, torchmetrics, pycocotools, sacreBLEU, rouge-score and jiwer, over all examples at once."""

import contextlib
import io

import jiwer
import numpy as np
import sacrebleu
import sklearn
import sklearn.metrics as sk
import torch
import torchmetrics
import torchmetrics.functional.classification as tc
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from rouge_score import rouge_scorer
from skimage.metrics import structural_similarity

from .recorder import Family

SK = f"scikit-learn {sklearn.__version__}"
TM = f"torchmetrics {torchmetrics.__version__}"
WORDS = "the a cat dog sat ran on under mat hat big red and then it was".split()


def metrics():
    f = Family("metrics")
    for count, classes in ((20, 3), (57, 5), (200, 10), (9, 4)):
        _classes(f, count, classes)
    for count in (12, 80, 301):
        _ranking(f, count)
        _numbers(f, count)
    for shape in ((2, 16, 16, 3), (3, 20, 13, 1), (1, 11, 11, 2)):
        _images(f, shape)
    for sentences in (1, 4, 15):
        _text(f, sentences)
    for images, classes in ((1, 1), (4, 2), (12, 3)):
        _detection(f, images, classes)
    return f


def _add(f, op, inputs, outputs, source, **notes):
    f.add(op, inputs, [np.asarray(outputs, np.float64)], source, loosen=5e7, absolute=1e-9, **notes)


def _classes(f, count, classes):
    z, y = f.random.standard_normal((count, classes)), f.random.integers(0, classes - 1, count)
    z[np.arange(count), y] += 1
    p = z.argmax(1)
    scores = []
    for average in ("micro", "macro", "weighted"):
        for function in (sk.precision_score, sk.recall_score, sk.f1_score, sk.jaccard_score):
            scores.append(function(y, p, average=average, zero_division=0))
    rest = [sk.accuracy_score(y, p), sk.cohen_kappa_score(y, p), sk.matthews_corrcoef(y, p),
            sk.fbeta_score(y, p, beta=2, average="macro", zero_division=0)]  # fmt: skip
    _add(f, "classes", [z, y], scores + rest, SK)
    _add(f, "confusion", [z, y], sk.confusion_matrix(y, p, labels=range(classes)).ravel(), SK)
    top = [sk.top_k_accuracy_score(y, z, k=k, labels=range(classes)) for k in (1, 2, 3)]
    _add(f, "topK", [z, y], top, SK)
    t = torch.tensor(z)
    perplexity = torchmetrics.functional.text.perplexity(t[None], torch.tensor(y)[None]).item()
    _add(f, "perplexity", [z, y], [perplexity], TM)
    q = torch.softmax(t, 1)
    errors = [
        tc.multiclass_calibration_error(q, torch.tensor(y), classes, n_bins=10, norm=n).item() for n in ("l1", "max", "l2")
    ]
    f.add("calibration", [q.numpy(), y], [np.array(errors)], TM, loosen=5e7, absolute=1e-9)


def _ranking(f, count):
    y = f.random.integers(0, 2, count)
    y[:2] = [0, 1]
    for digits in (1, 12):
        s = np.round(f.random.standard_normal(count) + y, digits)
        _add(f, "ranking", [s, y], [sk.roc_auc_score(y, s), sk.average_precision_score(y, s)], SK)


def _numbers(f, count):
    t = f.random.standard_normal(count) * 3 + 100
    p = t + f.random.standard_normal(count)
    _add(f, "regression", [p, t], [sk.mean_absolute_error(t, p), sk.mean_squared_error(t, p), sk.r2_score(t, p)], SK)


def _images(f, shape):
    a = f.random.uniform(0, 1, shape)
    b = np.clip(a + 0.2 * f.random.standard_normal(shape), 0, 1)
    x, y = (torch.tensor(v).movedim(-1, 1) for v in (a, b))
    each = [
        structural_similarity(
            p, q, data_range=1.0, channel_axis=-1, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
        )
        for p, q in zip(a, b)
    ]
    noise = torchmetrics.functional.image.peak_signal_noise_ratio(x, y, data_range=1.0).item()
    # scikit-image averages over windows that lie inside the image alone; torchmetrics mirrors the image.
    f.add("images", [a, b], [np.array([noise, np.mean(each)])], "scikit-image and " + TM, loosen=5e7, absolute=1e-9)


def _text(f, sentences):
    def sentence(low=4):
        return [WORDS[i] for i in f.random.integers(0, len(WORDS), f.random.integers(low, 12))]

    def changed(words):
        return [WORDS[f.random.integers(0, len(WORDS))] if f.random.random() < 0.3 else w for w in words if f.random.random() > 0.1] or ["a"]  # fmt: skip

    references = [[sentence(), sentence()] for _ in range(sentences)]
    for r in references:
        r[1] = changed(r[0])
    found = [changed(r[0]) for r in references]
    join = " ".join
    bleu = sacrebleu.corpus_bleu(
        [join(s) for s in found], [[join(r[i]) for r in references] for i in (0, 1)], tokenize="none", force=True
    ).score
    first = [join(r[0]) for r in references]
    kinds = ("rouge1", "rouge2", "rougeL")
    scorer = rouge_scorer.RougeScorer(kinds)
    rouge = [scorer.score(join(r[0]), join(s)) for r, s in zip(references, found)]
    means = [np.mean([getattr(r[k], part) for r in rouge]) for k in kinds for part in ("precision", "recall", "fmeasure")]
    wer = jiwer.wer(first, [join(s) for s in found])
    cer = jiwer.cer(first, [join(s) for s in found])
    f.add(
        "text", [], [np.array([bleu, *means, wer, cer])], f"sacrebleu {sacrebleu.__version__}, rouge-score, jiwer",
        loosen=5e7, absolute=1e-9, found=found, references=references,
    )  # fmt: skip


def _detection(f, images, classes):
    """Inputs: boxes, scores, labels, image of each; target boxes, labels, image of each."""
    there, found = [], []
    for image in range(images):
        for _ in range(f.random.integers(1, 6)):
            corner, size = f.random.uniform(0, 100, 2), f.random.uniform(5, 130, 2)
            label = int(f.random.integers(0, classes))
            there.append((image, label, np.concatenate([corner, corner + size])))
            for _ in range(f.random.integers(0, 3)):
                moved = there[-1][2] + f.random.standard_normal(4) * 0.12 * np.concatenate([size, size])
                moved[2:] = np.maximum(moved[2:], moved[:2] + 1)
                found.append((image, label, moved, f.random.random()))
        corner = f.random.uniform(0, 100, 2)
        found.append((image, 0, np.concatenate([corner, corner + 30]), f.random.random()))
    wide = lambda b: [b[0], b[1], b[2] - b[0], b[3] - b[1]]
    area = lambda b: (b[2] - b[0]) * (b[3] - b[1])
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = dict(
            info={},
            images=[dict(id=i + 1) for i in range(images)],
            categories=[dict(id=c + 1) for c in range(classes)],
            annotations=[
                dict(id=n + 1, image_id=i + 1, category_id=c + 1, bbox=wide(b), area=area(b), iscrowd=0)
                for n, (i, c, b) in enumerate(there)
            ],
        )
        truth.createIndex()
        results = truth.loadRes(
            [dict(image_id=i + 1, category_id=c + 1, bbox=wide(b), score=s) for i, c, b, s in found]
        )
        run = COCOeval(truth, results, "bbox")
        run.evaluate()
        run.accumulate()
        run.summarize()
    values = np.where(run.stats < 0, np.nan, run.stats)
    column = lambda rows, i: np.array([r[i] for r in rows])
    f.add(
        "detection",
        [np.stack(column(found, 2)), column(found, 3), column(found, 1), column(found, 0),
         np.stack(column(there, 2)), column(there, 1), column(there, 0)],
        [values], "pycocotools 2", loosen=5e7, absolute=1e-9,
    )  # fmt: skip
