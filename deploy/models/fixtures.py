"""Trains small models with the real xgboost and writes them with what xgboost itself makes of some rows.

The tests of crates/routing hold our own reading of the files against these. Run it again with

    python -m venv /tmp/venv && /tmp/venv/bin/pip install -r deploy/models/requirements.txt
    /tmp/venv/bin/python deploy/models/fixtures.py crates/routing/tests/models

or let the test `the_real_library_agrees_on_models_trained_now` do so into a temporary folder, by naming that
Python in TRUNKLINE_TEST_XGBOOST.
"""

import json
import sys
from pathlib import Path

import numpy as np
import xgboost as xgb

NAMES = ["value", "recency_days", "industry=retail", "region=east", "calls", "hour"]
CHECKED_ROWS = 48


def rows(generator, count):
    """Rows of mixed features; one cell in eight is missing."""
    table = np.column_stack([
        generator.lognormal(8, 1.5, count),
        generator.exponential(40, count),
        generator.integers(0, 2, count),
        generator.integers(0, 2, count),
        generator.poisson(3, count),
        generator.integers(9, 21, count),
    ]).astype(np.float32)
    table[generator.random(table.shape) < 0.125] = np.nan
    return table


def signal(table):
    """What the rows say about the outcome, before noise."""
    filled = np.nan_to_num(table, nan=0.0)
    return 0.4 * np.log1p(filled[:, 0]) - 0.02 * filled[:, 1] + filled[:, 2] * (filled[:, 5] > 15) - 2


def write(folder, name, booster, table, formats):
    """The model's files, and beside them what xgboost predicts and how it explains it."""
    data = xgb.DMatrix(table[:CHECKED_ROWS], feature_names=NAMES)
    for ending in formats:
        booster.save_model(folder / f"{name}.{ending}")
    expected = {
        "xgboost": xgb.__version__,
        "names": NAMES,
        "rows": [[None if np.isnan(cell) else float(cell) for cell in row] for row in table[:CHECKED_ROWS]],
        "predictions": booster.predict(data).astype(float).tolist(),
        "margins": booster.predict(data, output_margin=True).astype(float).tolist(),
        "contributions": booster.predict(data, pred_contribs=True).astype(float).tolist(),
    }
    (folder / f"{name}.expected.json").write_text(json.dumps(expected) + "\n")


def main(folder, seed):
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(seed)
    table = rows(generator, 600)
    score = signal(table)
    label = (score + generator.logistic(0, 1, len(score)) > 0).astype(int)
    data = xgb.DMatrix(table, label, feature_names=NAMES)

    common = {"max_depth": 4, "eta": 0.3, "seed": seed, "nthread": 1}
    logistic = xgb.train({**common, "objective": "binary:logistic"}, data, 12)
    write(folder, "logistic", logistic, table, ["json", "ubj"])

    amount = xgb.DMatrix(table, 1000 * score + generator.normal(0, 300, len(score)), feature_names=NAMES)
    squared = xgb.train({**common, "objective": "reg:squarederror", "num_parallel_tree": 2, "subsample": 0.7}, amount, 6)
    write(folder, "squared", squared, table, ["json", "ubj"])

    ranked = xgb.DMatrix(table, label, feature_names=NAMES)
    ranked.set_group([20] * 30)
    write(folder, "rank", xgb.train({**common, "objective": "rank:ndcg"}, ranked, 6), table, ["ubj"])

    # What we must refuse, as xgboost writes it.
    tiny = {"max_depth": 2, "nthread": 1, "seed": seed}
    kinds = xgb.DMatrix(
        np.column_stack([generator.integers(0, 9, 600), table[:, 0]]), label,
        feature_names=["branch", "value"], feature_types=["c", "q"], enable_categorical=True,
    )
    xgb.train({**tiny, "max_cat_to_onehot": 1}, kinds, 1).save_model(folder / "refused_categorical.json")
    three = xgb.DMatrix(table, generator.integers(0, 3, 600), feature_names=NAMES)
    many = xgb.train({**tiny, "objective": "multi:softprob", "num_class": 3}, three, 1)
    many.save_model(folder / "refused_classes.json")
    xgb.train({"booster": "gblinear", "nthread": 1}, data, 1).save_model(folder / "refused_linear.json")
    xgb.train({**tiny, "booster": "dart"}, data, 1).save_model(folder / "refused_dart.json")
    xgb.train({**tiny, "objective": "count:poisson"}, data, 1).save_model(folder / "refused_objective.json")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)
