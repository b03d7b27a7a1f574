"""Lead scoring on real calls, by the protocol of docs/routing.md: what a model that is trained again and again finds.

    python deploy/models/lead_scoring.py PATH/bank_marketing_contacts.csv [WHERE_TO_KEEP_THE_LAST_MODEL.json]

The calls are taken in order of time. From the middle on, each block of 1,000 calls is scored by a model trained on the
20,000 calls before it, so that every score is of a call that its model has not seen, and of features that were known
when it was made. `duration` is known only afterwards and is never read.
"""

import csv
import sys
from collections import defaultdict, deque

import numpy as np
import xgboost as xgb

WINDOW, STEP, ROUNDS, RESAMPLES = 20_000, 1_000, 120, 1_000
PARAMETERS = {
    "objective": "binary:logistic",
    "max_depth": 4,
    "eta": 0.05,
    "subsample": 0.8,
    "colsample_bytree": 0.6,
    "min_child_weight": 5,
    "nthread": 1,
    "seed": 1,
}
NUMBERS = ["age", "campaign", "pdays", "previous", "emp.var.rate", "cons.price.idx", "cons.conf.idx", "euribor3m",
           "nr.employed"]
CATEGORIES = ["job", "marital", "education", "default", "housing", "loan", "contact", "month", "day_of_week", "poutcome"]
# The share of buyers among the last calls: of all, and of those that are alike in one thing. Customers drift, and this
# is what a team leader sees of it.
TRAILS = [(None, 50), (None, 200), (None, 1_000), ("contact", 200), ("day_of_week", 100), ("poutcome", 100), ("job", 60)]


def trail(keys, bought, length):
    """For each call the share of buyers among the last `length` earlier calls of its key, drawn to 10 % by 10 calls."""
    seen = defaultdict(lambda: deque(maxlen=length))
    shares = np.empty(len(keys))
    for at, key in enumerate(keys):
        shares[at] = (sum(seen[key]) + 1.0) / (len(seen[key]) + 10.0)
        seen[key].append(bought[at])
    return shares


def features(calls, bought, trails):
    """The names and the columns, each known before its call."""
    columns = {}
    for name in NUMBERS:
        column = np.array([float(call[name]) for call in calls])
        # 999 days mean "never contacted before".
        columns[f"customer.{name}"] = np.where(column == 999, np.nan, column) if name == "pdays" else column
    for name in CATEGORIES:
        for value in sorted({call[name] for call in calls}):
            columns[f"customer.{name}={value}"] = np.array([float(call[name] == value) for call in calls])
    for name, length in trails:
        keys = [call[name] if name else None for call in calls]
        columns[f"customer.recent {name or 'calls'} {length}"] = trail(keys, bought, length)
    return list(columns), np.column_stack(list(columns.values())).astype(np.float32)


def assert_nothing_leaks(calls, bought, table):
    """Changing all outcomes from a call on changes no feature up to and including that call's."""
    for at in (len(calls) // 3, len(calls) - 2):
        changed = np.concatenate([bought[:at], 1 - bought[at:]])
        _, other = features(calls, changed, TRAILS)
        assert np.array_equal(other[: at + 1], table[: at + 1], equal_nan=True), f"a feature knows outcomes after {at}"
        assert not np.array_equal(other[at + 1 :], table[at + 1 :], equal_nan=True), "the check itself sees nothing"


def rolling(names, table, bought, start, retrain=True):
    """Scores from `start` on; with `retrain` off by the one model that was trained before it."""
    scores, booster = np.full(len(bought), np.nan), None
    for at in range(start, len(bought), STEP):
        if booster is None or retrain:
            past = slice(max(0, at - WINDOW), at)
            booster = xgb.train(PARAMETERS, xgb.DMatrix(table[past], bought[past], feature_names=names), ROUNDS)
        scores[at : at + STEP] = booster.predict(xgb.DMatrix(table[at : at + STEP], feature_names=names))
    return scores, booster


def auc(scores, bought):
    """The chance that a buyer has a higher score than another; ties count half."""
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    buyers = bought.sum()
    return (ranks[bought == 1].sum() - buyers * (buyers + 1) / 2) / (buyers * (len(bought) - buyers))


def reached(scores, bought, share):
    """The share of buyers among the best-scored `share` of the calls."""
    best = np.argsort(-scores, kind="stable")[: int(len(scores) * share)]
    return bought[best].sum() / bought.sum()


def report(name, scores, bought):
    """The figures with their 95 % bootstrap intervals (percentiles of resampled calls)."""
    generator = np.random.default_rng(1)
    figures = [auc, lambda s, b: reached(s, b, 0.5), lambda s, b: reached(s, b, 0.7)]
    drawn = []
    for _ in range(RESAMPLES):
        rows = generator.integers(0, len(bought), len(bought))
        drawn.append([figure(scores[rows], bought[rows]) for figure in figures])
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    said = [f"{figure(scores, bought):.4f} ({low[at]:.4f} to {high[at]:.4f})" for at, figure in enumerate(figures)]
    print(f"{name}, {len(bought)} calls: AUC {said[0]}; buyers in the better half {said[1]}, in the best 70 % {said[2]}")


def main(path, model=None):
    with open(path, newline="") as file:
        calls = list(csv.DictReader(file))
    bought = np.array([int(call["y"] == "yes") for call in calls])
    for call in calls:
        del call["duration"], call["y"]
    start = len(calls) // 2
    print(f"xgboost {xgb.__version__}, {len(calls)} calls, {bought.mean():.4f} bought, scored from call {start}")
    plain_names, plain = features(calls, bought, [])
    names, table = features(calls, bought, TRAILS)
    assert_nothing_leaks(calls, bought, table)
    report("trained once", rolling(plain_names, plain, bought, start, retrain=False)[0][start:], bought[start:])
    report("rolling, no trails", rolling(plain_names, plain, bought, start)[0][start:], bought[start:])
    scores, booster = rolling(names, table, bought, start)
    report("rolling", scores[start:], bought[start:])
    report("rolling, full windows only", scores[WINDOW:], bought[WINDOW:])
    if model:
        booster.save_model(model)


if __name__ == "__main__":
    main(*sys.argv[1:])
