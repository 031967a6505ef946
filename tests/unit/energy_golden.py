#!/usr/bin/env python3
"""energy_golden.py - the rules that the program of arXiv 1608.04170 follows, in double precision, as numbers
for tests: python3 tests/unit/energy_golden.py > tests/unit/energy_golden.h. Shares no code with the plugin."""
import numpy as np

C, H, W = 5, 3, 4
M = H * W
rng = np.random.default_rng(160804170)


def layer(dead=None):
    f = np.maximum(0, rng.normal(0.2, 1, (C, M))).astype(np.float32).astype(np.float64)
    if dead is not None:
        f[dead] = 0
    return f


F, A = layer(), layer()
r = rng.normal(3, 1000, C)


def fmi(k):
    t = np.zeros_like(F)
    t[k] = F.sum(0)
    return t


def random():
    w = r / r.sum()
    return np.array([w[c] * F.sum() * F[c] / F[c].sum() for c in range(C)])


def direct():
    t = np.empty_like(F)
    for src, dst in zip(np.argsort(F.sum(1), kind="stable"), np.argsort(A.sum(1), kind="stable")):
        t[dst] = F[src] - F[src].mean() + A[dst].mean()
    return t


def moments():
    m, d = F.mean(1, keepdims=True), F.std(1, keepdims=True)
    return (F - m) / d * A.std(1, keepdims=True) + A.mean(1, keepdims=True)


def match():  # b = 1: energy, and its gradient by F
    e = F.sum(1) - A.sum(1)
    return (e ** 2).sum() / (2 * C * M), np.repeat(e[:, None], M, 1) / (C * M)


def gram():
    d = F @ F.T - A @ A.T
    return (d ** 2).sum() / (4 * C * C * M), d @ F / (C * C * M)


def show(name, x):
    x = np.asarray(x).ravel()
    rows = [", ".join("%.17g" % v for v in x[i:i + 4]) for i in range(0, len(x), 4)]
    print("static const double golden_%s[] = {\n    %s};" % (name, ",\n    ".join(rows)))


print("/* energy_golden.h - written by energy_golden.py */")
print("enum { GOLDEN_C = %d, GOLDEN_H = %d, GOLDEN_W = %d };" % (C, H, W))
for name, x in [("content", F), ("style", A), ("r", r), ("fmi2", fmi(2)), ("random", random()), ("direct", direct()),
                ("moments", moments()), ("match_energy", match()[0]), ("match_head", match()[1]),
                ("gram_energy", gram()[0]), ("gram_head", gram()[1])]:
    show(name, x)
