"""Distributions. DENSITY cases: parameters, then points; outputs log-probabilities (SciPy), entropy, mean, variance.
sampleQuantiles: parameters; outputs the points below which 1/200, 2/200, ... of the numbers lie. sampleCounts: parameters;
outputs the probabilities of the first counts, and the value that a chi-square statistic of 100,000 samples exceeds once in
10,000 times. divergence: parameters of both; PyTorch's Kullback-Leibler divergence. gammaSlope: concentrations and numbers;
the derivative of the number at a fixed value of the distribution function."""

import numpy as np
import scipy.special as sp
import scipy.stats as st
import torch
import torch.distributions as td

from .recorder import Family
from .sources import SCIPY, TORCH

# Name: SciPy's, PyTorch's, parameter names and ranges.
CONTINUOUS = dict(
    normal=(lambda m, s: st.norm(m, s), td.Normal, [(-2, 2), (0.3, 3)]),
    logNormal=(lambda m, s: st.lognorm(s, scale=np.exp(m)), td.LogNormal, [(-1, 1), (0.3, 1)]),
    uniform=(lambda a, b: st.uniform(a, b - a), td.Uniform, [(-2, 0), (1, 3)]),
    exponential=(lambda r: st.expon(scale=1 / r), td.Exponential, [(0.3, 3)]),
    laplace=(lambda m, s: st.laplace(m, s), td.Laplace, [(-2, 2), (0.3, 3)]),
    gumbel=(lambda m, s: st.gumbel_r(m, s), td.Gumbel, [(-2, 2), (0.3, 3)]),
    cauchy=(lambda m, s: st.cauchy(m, s), td.Cauchy, [(-2, 2), (0.3, 3)]),
    gamma=(lambda a, r: st.gamma(a, scale=1 / r), td.Gamma, [(0.2, 8), (0.3, 3)]),
    beta=(lambda a, b: st.beta(a, b), td.Beta, [(0.4, 5), (0.4, 5)]),
    studentT=(lambda d, m, s: st.t(d, m, s), None, [(2.5, 9), (-1, 1), (0.5, 2)]),
)
DISCRETE = dict(
    bernoulli=(lambda p: st.bernoulli(p), lambda p: td.Bernoulli(probs=p), [(0.1, 0.9)]),
    geometric=(lambda p: st.geom(p, loc=-1), lambda p: td.Geometric(probs=p), [(0.1, 0.9)]),
    poisson=(lambda r: st.poisson(r), td.Poisson, [(0.3, 60)]),
)


def _add(f, op, inputs, outputs, source, loosen=5e4, **notes):
    f.add(op, inputs, [np.asarray(o, np.float64) for o in outputs], source, loosen=loosen, **notes)


def distributions():
    f = Family("distributions")
    for group, isDiscrete in ((CONTINUOUS, False), (DISCRETE, True)):
        for name, (scipy, torched, ranges) in group.items():
            for shape in ((), (3,), (2, 2), (5,), (1, 4)):
                draw = lambda: [np.asarray(f.random.uniform(a, b, shape)) for a, b in ranges]
                p = draw()
                d = scipy(*p)
                if isDiscrete:
                    x = np.asarray(f.random.integers(0, 2 if name == "bernoulli" else 30, (4, *shape)), np.float64)
                    logs = d.logpmf(x)
                else:
                    x = np.asarray(d.rvs((4, *shape), random_state=f.random))
                    if name in ("uniform", "beta", "gamma", "logNormal", "exponential"):
                        x.flat[0] = -5.0
                    with np.errstate(all="ignore"):
                        logs = d.logpdf(x)
                if name == "cauchy":
                    moments = [np.full(shape, np.nan)] * 2
                else:
                    moments = [d.mean(), d.var()]
                _add(f, name, [*p, x], [logs, d.entropy(), *moments], SCIPY, density=True)
                if torched:
                    q = draw()
                    if name == "uniform":
                        q = [q[0] - 1, q[1] + 1]
                    one, two = torched(*map(torch.tensor, p)), torched(*map(torch.tensor, q))
                    if (type(one), type(two)) in td.kl._KL_REGISTRY or name in ("exponential", "cauchy", "logNormal"):
                        kl = td.kl_divergence(one, two).numpy()
                        _add(f, "divergence", [*p, *q], [kl], TORCH, kind=name)
    _vectors(f)
    _samples(f)
    a = np.concatenate([f.random.uniform(0.05, 2, 30), f.random.uniform(2, 40, 20), f.random.uniform(40, 600, 10)])
    u = f.random.uniform(0.01, 0.99, 60)
    x, h = sp.gammaincinv(a, u), a * 1e-5
    slope = (sp.gammaincinv(a + h, u) - sp.gammaincinv(a - h, u)) / (2 * h)
    f.add("gammaSlope", [a, x], [slope], SCIPY, loosen=2e8, absolute=1e-9)
    return f


def _vectors(f):
    for batch in ((), (3,), (2, 2)):
        for n in (2, 3, 5):
            logits, other = f.random.standard_normal((*batch, n)), f.random.standard_normal((*batch, n))
            x = f.random.integers(0, n, (4, *batch))
            c = td.Categorical(logits=torch.tensor(logits))
            logs = c.log_prob(torch.tensor(x)).numpy()
            p, k = c.probs.numpy(), np.arange(n)
            mean = (p * k).sum(-1)
            _add(f, "categorical", [logits, x], [logs, c.entropy().numpy(), mean, (p * k * k).sum(-1) - mean**2], TORCH, density=True)  # fmt: skip
            kl = td.kl_divergence(c, td.Categorical(logits=torch.tensor(other))).numpy()
            _add(f, "divergence", [logits, other], [kl], TORCH, kind="categorical")
            a, b = f.random.uniform(0.3, 4, (*batch, n)), f.random.uniform(0.3, 4, (*batch, n))
            d = td.Dirichlet(torch.tensor(a))
            x = f.random.dirichlet(np.ones(n), (4, *batch))
            _add(f, "dirichlet", [a, x], [d.log_prob(torch.tensor(x)).numpy(), d.entropy().numpy(), d.mean.numpy(), d.variance.numpy()], TORCH, density=True)  # fmt: skip
            kl = td.kl_divergence(d, td.Dirichlet(torch.tensor(b))).numpy()
            _add(f, "divergence", [a, b], [kl], TORCH, kind="dirichlet")

            def parameters():
                m = f.random.standard_normal((*batch, n))
                s = f.random.standard_normal((*batch, n, n))
                return m, s @ s.swapaxes(-1, -2) + np.eye(n)

            (m, s), (m2, s2) = parameters(), parameters()
            normal = td.MultivariateNormal(torch.tensor(m), torch.tensor(s))
            x = f.random.standard_normal((4, *batch, n)) * 2
            _add(f, "multivariateNormal", [m, s, x], [normal.log_prob(torch.tensor(x)).numpy(), normal.entropy().numpy(), m, normal.variance.numpy()], TORCH, density=True)  # fmt: skip
            kl = td.kl_divergence(normal, td.MultivariateNormal(torch.tensor(m2), torch.tensor(s2))).numpy()
            _add(f, "divergence", [m, s, m2, s2], [kl], TORCH, kind="multivariateNormal")


def _samples(f):
    levels = np.arange(1, 200) / 200
    cases = dict(
        normal=[(1.5, 0.7)], logNormal=[(0.2, 0.5)], uniform=[(-1, 3)], exponential=[(0.7,)], laplace=[(1, 2)],
        gumbel=[(-1, 1.5)], cauchy=[(0.5, 2)], gamma=[(0.3, 2), (1, 1), (4.5, 0.5), (250, 3)],
        beta=[(0.5, 0.5), (2, 5), (30, 4)], studentT=[(3, 1, 2)],
    )  # fmt: skip
    for name, settings in cases.items():
        for p in settings:
            _add(f, "sampleQuantiles", [np.float64(v) for v in p], [CONTINUOUS[name][0](*p).ppf(levels)], SCIPY, kind=name)
    for name, settings in dict(
        bernoulli=[(0.3,)], geometric=[(0.2,)], poisson=[(0.4,), (4,), (9.5,), (10.5,), (40,), (300,)]
    ).items():
        for p in settings:
            d = DISCRETE[name][0](*p)
            n = 2 if name == "bernoulli" else int(d.ppf(0.9999)) + 1
            chances = d.pmf(np.arange(n))
            used = chances * 1e5 >= 5
            bound = st.chi2(used.sum() - (0 if used.all() and abs(chances.sum() - 1) < 1e-12 else -1)).isf(1e-4)
            _add(f, "sampleCounts", [np.float64(v) for v in p], [chances, bound], SCIPY, kind=name)
