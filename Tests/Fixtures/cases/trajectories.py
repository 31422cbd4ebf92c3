"""Where optimisers are after 1, 10, 50 and 100 steps, on problems that the tests state again; learning rates."""

import types

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytorch_optimizer
import schedulefree
import torch

from .recorder import Family
from .sources import TORCH

OPTAX = f"optax {optax.__version__}"
STEPS = (1, 10, 50, 100)
PLAN = dict(steps=list(STEPS))


def problems(f):
    """Name, parameters, data and the loss: quadratic, Rosenbrock's function in six dimensions, a small network."""

    def quadratic(lib, p, data):
        difference = data[0] @ p[0] - data[1]
        return 0.5 * (difference * difference).mean()

    def rosenbrock(lib, p, data):
        x = p[0]
        return (10 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()

    def network(lib, p, data):
        x, labels = data
        z = lib.tanh(x @ p[0] + p[1]) @ p[2] + p[3]
        logs = z - lib.log(lib.exp(z).sum(1))[:, None]
        return -(logs * labels).sum() / len(labels)

    def normal(*shape):
        return f.random.standard_normal(shape)

    labels = np.eye(2)[f.random.integers(0, 2, 12)]
    return [
        ("quadratic", [normal(5, 4)], [normal(8, 5), normal(8, 4)], quadratic),
        ("rosenbrock", [normal(6) * 0.5], [], rosenbrock),
        ("network", [normal(3, 5), normal(5), normal(5, 2), normal(2)], [normal(12, 3), labels], network),
    ]


def _add(f, op, problem, parameters, data, points, source, **notes):
    f.add(
        op,
        [*parameters, *data],
        [p for point in points for p in point],
        source,
        loosen=5e8,
        absolute=1e-8,
        problem=problem,
        parameterCount=len(parameters),
        **PLAN,
        **notes,
    )


def _torch(f, op, make, *, among=problems, only=None, closure=False, groups=False, after=None, source=TORCH, **notes):
    for name, initial, data, loss in among(f):
        if only and name not in only:
            continue
        for has_rules in (False, True) if groups and name == "network" else (False,):
            p = [torch.tensor(x, requires_grad=True) for x in initial]
            d = [torch.tensor(x) for x in data]
            if has_rules:
                optimizer = make(
                    [
                        dict(params=[x for x in p if x.ndim > 1]),
                        dict(params=[x for x in p if x.ndim < 2], lr=notes["learningRate"] / 2, weight_decay=0.0),
                    ]
                )
            else:
                optimizer = make(p)

            if hasattr(optimizer, "train"):
                optimizer.train()

            def evaluate():
                optimizer.zero_grad()
                value = loss(torch, p, d)
                value.backward()
                return value

            points = []
            for step in range(1, max(STEPS) + 1):
                if closure:
                    if op == "sam":
                        evaluate()
                    optimizer.step(evaluate)
                else:
                    evaluate()
                    optimizer.step()
                if step in STEPS:
                    points.append([x.detach().numpy().copy() for x in p])
            extra = {}
            if after:
                after(optimizer)
                points.append([x.detach().numpy().copy() for x in p])
                extra = dict(averaged=True)
            _add(f, op, name, initial, data, points, source, hasRules=has_rules, **extra, **notes)


def _optax(f, op, make, **notes):
    for name, initial, data, loss in problems(f):
        p = [jnp.asarray(x) for x in initial]
        d = [jnp.asarray(x) for x in data]
        optimizer = make()
        look = isinstance(p, list) and op == "lookahead"
        if look:
            p = optax.LookaheadParams.init_synced(p)
        state = optimizer.init(p)
        slope = jax.jit(jax.grad(lambda q: loss(jnp, q, d)))
        points = []
        for step in range(1, max(STEPS) + 1):
            updates, state = optimizer.update(slope(p.fast if look else p), state, p)
            p = optax.apply_updates(p, updates)
            if step in STEPS:
                points.append([np.asarray(x) for x in (p.fast if look else p)])
        _add(f, op, name, initial, data, points, OPTAX, hasRules=False, **notes)


def _first_order(f):
    t = torch.optim
    for momentum, dampening, decay, nesterov in ((0, 0, 0, False), (0.9, 0, 0.01, True), (0.8, 0.1, 0, False)):
        _torch(
            f, "sgd",
            lambda p: t.SGD(p, 0.01, momentum, dampening, decay, nesterov),
            groups=True, learningRate=0.01, momentum=momentum, dampening=dampening, weightDecay=decay,
            isNesterov=nesterov,
        )  # fmt: skip
    for name, kind in (("adam", t.Adam), ("adamW", t.AdamW)):
        for decay, ams in ((0, False), (0.02, True)):
            _torch(
                f, name, lambda p: kind(p, 0.02, (0.8, 0.95), 1e-7, decay, ams), groups=True, learningRate=0.02,
                betas=[0.8, 0.95], epsilon=1e-7, weightDecay=decay, isAMSGrad=ams,
            )  # fmt: skip
    for name, kind, more in (("nadam", t.NAdam, dict(momentum_decay=0.004)), ("radam", t.RAdam, {})):
        for decay, decoupled in ((0, False), (0.02, False), (0.02, True)):
            _torch(
                f, name,
                lambda p: kind(
                    p, 0.005, (0.85, 0.97), 1e-7, decay, decoupled_weight_decay=decoupled, **more
                ),
                groups=True, learningRate=0.005, betas=[0.85, 0.97], epsilon=1e-7, weightDecay=decay,
                isDecoupled=decoupled,
            )  # fmt: skip
    for decay, fall, initial in ((0, 0, 0), (0.01, 0.02, 0.1)):
        _torch(
            f, "adagrad", lambda p: t.Adagrad(p, 0.1, fall, decay, initial, 1e-9), groups=True, learningRate=0.1,
            rateDecay=fall, weightDecay=decay, initialSum=initial, epsilon=1e-9,
        )  # fmt: skip
    for decay in (0, 0.01):
        _torch(
            f, "adadelta", lambda p: t.Adadelta(p, 1.0, 0.9, 1e-5, decay), groups=True, learningRate=1.0, decay=0.9,
            epsilon=1e-5, weightDecay=decay,
        )  # fmt: skip
    for decay, momentum, centered in ((0, 0, False), (0.01, 0.8, False), (0, 0.5, True)):
        _torch(
            f, "rmsProp", lambda p: t.RMSprop(p, 0.001, 0.9, 1e-6, decay, momentum, centered), groups=True,
            learningRate=0.001, decay=0.9, epsilon=1e-6, weightDecay=decay, momentum=momentum, isCentered=centered,
        )  # fmt: skip
    for decay in (0, 0.02):
        _torch(
            f, "adafactor", lambda p: t.Adafactor(p, 0.01, -0.7, (None, 1e-3), 1.2, decay), groups=True,
            learningRate=0.01, decayExponent=-0.7, clippingThreshold=1.2, weightDecay=decay,
        )  # fmt: skip
    free = lambda p: schedulefree.AdamWScheduleFree(p, 0.03, (0.9, 0.98), 1e-7, 0.01, foreach=False)
    _torch(
        f, "scheduleFree", free, after=lambda o: o.eval(), source=f"schedulefree 1.4, {TORCH}", learningRate=0.03,
        betas=[0.9, 0.98], epsilon=1e-7, weightDecay=0.01,
    )  # fmt: skip


def _from_optax(f):
    for decay in (0, 0.05):
        _optax(
            f, "lion", lambda: optax.lion(0.003, 0.9, 0.98, weight_decay=decay), learningRate=0.003, betas=[0.9, 0.98],
            weightDecay=decay,
        )  # fmt: skip
        _optax(
            f, "lamb", lambda: optax.lamb(0.01, 0.9, 0.99, 1e-6, weight_decay=decay), learningRate=0.01,
            betas=[0.9, 0.99], epsilon=1e-6, weightDecay=decay,
        )  # fmt: skip
        for nesterov in (False, True):
            _optax(
                f, "lars",
                lambda: optax.lars(
                    0.5, weight_decay=decay, trust_coefficient=0.01, eps=1e-9, momentum=0.8, nesterov=nesterov
                ),
                learningRate=0.5, weightDecay=decay, trustCoefficient=0.01, epsilon=1e-9, momentum=0.8,
                isNesterov=nesterov,
            )  # fmt: skip
    _optax(
        f, "lookahead", lambda: optax.lookahead(optax.adam(0.02), 6, 0.4), learningRate=0.02, interval=6, share=0.4
    )


def _second_order(f):
    source = f"pytorch_optimizer, {TORCH}"
    for adaptive in (False, True):
        _torch(
            f, "sam",
            lambda p: pytorch_optimizer.SAM(
                p, torch.optim.SGD, rho=0.1, adaptive=adaptive, lr=0.01, momentum=0.8
            ),
            closure=True, source=source, learningRate=0.01, momentum=0.8, radius=0.1, isAdaptive=adaptive,
        )  # fmt: skip
    _curved(f, problems)


def _curved(f, among):
    source = f"pytorch_optimizer, {TORCH}"
    _torch(
        f, "shampoo",
        lambda p: pytorch_optimizer.Shampoo(p, 0.05, 0.0, 0.02, True, False, 1, 1e-4), among=among,
        only=("quadratic", "network", "classes"), source=source, learningRate=0.05, weightDecay=0.02, epsilon=1e-4,
    )  # fmt: skip
    for search in (None, "strong_wolfe"):
        _torch(
            f, "lbfgs",
            lambda p: torch.optim.LBFGS(
                p, 1.0 if search else 0.1, 4, 7, 1e-7, 1e-9, 5, search
            ),
            among=among, closure=True, only=("quadratic", "rosenbrock", "classes"),
            learningRate=1.0 if search else 0.1, iterations=4, evaluations=7, memory=5, hasSearch=search is not None,
        )  # fmt: skip


def _muon(f, among=problems):
    """In float 64 instead of bfloat16; PyTorch's matrices are [out, in]."""
    import torch.optim._muon as muon

    names = {k: getattr(torch, k) for k in dir(torch)}
    wide = types.SimpleNamespace(**{**names, "bfloat16": torch.float64})
    muon._zeropower_via_newtonschulz.__globals__["torch"] = wide
    for scaling in ("original", "match_rms_adamw", "spectral_unclamped"):
        for name, initial, data, loss in among(f):
            if name == "rosenbrock":
                continue
            p = [torch.tensor(x.T.copy() if x.ndim == 2 else x, requires_grad=True) for x in initial]
            d = [torch.tensor(x) for x in data]
            matrices, rest = [x for x in p if x.ndim == 2], [x for x in p if x.ndim < 2]
            optimizers = [muon.Muon(matrices, 0.02, 0.05, 0.9, adjust_lr_fn=scaling)]
            if rest:
                optimizers.append(torch.optim.SGD(rest, 0.1))
            points = []
            for step in range(1, max(STEPS) + 1):
                for o in optimizers:
                    o.zero_grad()
                loss(torch, [x.T if x.ndim == 2 else x for x in p], d).backward()
                for o in optimizers:
                    o.step()
                if step in STEPS:
                    points.append([x.detach().T.numpy().copy() if x.ndim == 2 else x.detach().numpy().copy() for x in p])
            _add(
                f, "muon", name, initial, data, points, TORCH, hasRules=False, learningRate=0.02, weightDecay=0.05,
                momentum=0.9, scaling=scaling,
            )  # fmt: skip


def _tables(f, name="table", loss=lambda rows, weights: (torch.tanh(rows) * weights).sum()):
    """Rows of a table: the loss is the sum of tanh(table[indices]) times weights, other indices at every step."""
    table, weights = f.random.standard_normal((7, 3)), f.random.standard_normal((5, 3))
    indices = f.random.integers(0, 6, (max(STEPS), 5))
    for op, make, notes in (
        ("sgd", lambda p: torch.optim.SGD(p, 0.05), dict(learningRate=0.05)),
        ("adagrad", lambda p: torch.optim.Adagrad(p, 0.1), dict(learningRate=0.1, epsilon=1e-10)),
        (
            "lazyAdam",
            lambda p: torch.optim.SparseAdam(p, 0.02, (0.8, 0.95), 1e-7),
            dict(learningRate=0.02, betas=[0.8, 0.95], epsilon=1e-7),
        ),
    ):
        p = torch.tensor(table, requires_grad=True)
        optimizer = make([p])
        points = []
        for step in range(1, max(STEPS) + 1):
            optimizer.zero_grad()
            rows = torch.nn.functional.embedding(torch.tensor(indices[step - 1]), p, sparse=True)
            loss(rows, torch.tensor(weights)).backward()
            optimizer.step()
            if step in STEPS:
                points.append([p.detach().numpy().copy()])
        _add(f, op, name, [table], [weights, indices], points, TORCH, hasRules=False, **notes)


def trajectories():
    f = Family("trajectories")
    # Rates are small enough that no trajectory circles a minimum, where rounding decides; PyTorch's counters follow the
    # default type.
    torch.set_default_dtype(torch.float64)
    _first_order(f)
    _from_optax(f)
    _second_order(f)
    _tables(f)
    _muon(f)
    torch.set_default_dtype(torch.float32)
    return f


def classes(f):
    """A convex problem with one minimum: soft-max regression with a penalty on the weights."""

    def loss(lib, p, data):
        x, labels = data
        z = x @ p[0]
        logs = z - lib.log(lib.exp(z).sum(1))[:, None]
        return -(logs * labels).sum() / len(labels) + 0.02 * (p[0] * p[0]).sum()

    labels = np.eye(3)[f.random.integers(0, 3, 10)]
    weights, data = f.random.standard_normal((4, 3)), f.random.standard_normal((10, 4))
    return [("classes", [weights], [data, labels], loss)]


def more_trajectories():
    """A third problem for what cannot solve one of the first three, or has no matrix there, and two more tables."""
    f = Family("moreTrajectories")
    torch.set_default_dtype(torch.float64)
    _curved(f, classes)
    _muon(f, classes)
    _tables(f, "tableSquares", lambda rows, weights: ((rows - weights) ** 2).sum())
    _tables(f, "tableProducts", lambda rows, weights: torch.sigmoid((rows[1:] * rows[:-1] * weights[1:]).sum(1)).sum())
    torch.set_default_dtype(torch.float32)
    return f


def schedules():
    """Outputs: the rate before each of the first 60 steps."""
    f = Family("schedules")
    s = torch.optim.lr_scheduler

    def record(op, make, start=0.1, count=60, **notes):
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], start)
        scheduler = make(optimizer)
        rates = []
        for _ in range(count):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
        f.add(op, [], [np.array(rates)], TORCH, loosen=5e7, absolute=1e-12, **notes)

    record("constant", lambda o: s.LambdaLR(o, lambda _: 1))
    record("step", lambda o: s.StepLR(o, 7, 0.3), factor=0.3, interval=7)
    record("multiStep", lambda o: s.MultiStepLR(o, [5, 20, 20, 41], 0.5), factor=0.5, milestones=[5, 20, 20, 41])
    record("exponential", lambda o: s.ExponentialLR(o, 0.93), factor=0.93)
    record("cosine", lambda o: s.CosineAnnealingLR(o, 60, 0.01), stepCount=60, floor=0.01)
    for period, factor in ((10, 1), (4, 2), (3, 3)):
        record(
            "cosineRestart", lambda o: s.CosineAnnealingWarmRestarts(o, period, factor, 0.003), period=period,
            periodFactor=factor, floor=0.003,
        )  # fmt: skip
    for exponent in (1.0, 2.0, 0.5):
        record("polynomial", lambda o: s.PolynomialLR(o, 40, exponent), stepCount=40, exponent=exponent)
    for annealing in ("cos", "linear"):
        for phases in (False, True):
            record(
                "oneCycle",
                lambda o: s.OneCycleLR(
                    o, 0.5, total_steps=60, pct_start=0.35, anneal_strategy=annealing, div_factor=20,
                    final_div_factor=500, three_phase=phases, cycle_momentum=False,
                ),
                count=59, peak=0.5, stepCount=60, rise=0.35, annealing=annealing, hasThreePhases=phases,
            )  # fmt: skip
    record(
        "warmupStableDecay",
        lambda o: s.SequentialLR(
            o, [s.LinearLR(o, 0.1, 1.0, 9), s.ConstantLR(o, 1.0, 1), s.LinearLR(o, 1.0, 0.0, 25)], [9, 25]
        ),
        warmupSteps=10, stableSteps=15, decaySteps=25,
    )  # fmt: skip
    record(
        "cyclic", lambda o: s.CyclicLR(o, 0.1, 0.4, 7, 5, cycle_momentum=False), high=0.4, upSteps=7, downSteps=5, factor=1.0
    )  # fmt: skip
    record(
        "cyclic", lambda o: s.CyclicLR(o, 0.1, 0.4, 6, mode="triangular2", cycle_momentum=False), high=0.4, upSteps=6,
        downSteps=6, factor=0.5,
    )  # fmt: skip
    record(
        "sequential", lambda o: s.SequentialLR(o, [s.ExponentialLR(o, 0.9), s.StepLR(o, 5, 0.5)], [12]), milestone=12
    )
    record("chained", lambda o: s.ChainedScheduler([s.ExponentialLR(o, 0.95), s.StepLR(o, 9, 0.5)], o))
    values = [1, 0.9, 0.91, 0.9, 0.95, 0.9, 0.8, 0.81, 0.82, 0.83, 0.79999, 0.9, 0.9, 0.9, 0.9, 0.7, 0.8, 0.9, 1, 1, 1]
    for mode, threshold, patience, cooldown in (("min", "rel", 2, 0), ("max", "rel", 3, 2), ("min", "abs", 1, 1)):
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], 1.0)
        scheduler = s.ReduceLROnPlateau(
            optimizer, mode, 0.4, patience, threshold=0.01, threshold_mode=threshold, cooldown=cooldown, min_lr=0.02
        )
        rates = []
        for value in values:
            scheduler.step(value)
            rates.append(optimizer.param_groups[0]["lr"])
        f.add(
            "plateau", [np.array(values)], [np.array(rates)], TORCH, loosen=5e7, absolute=1e-12, isLargerBetter=mode == "max",
            isRelative=threshold == "rel", patience=patience, cooldown=cooldown,
        )  # fmt: skip
    return f

