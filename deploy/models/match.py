"""Trains a model of who sells to whom, from what `trunkline routing export-training` wrote.

    trunkline routing export-training --output training.csv
    python deploy/models/match.py training.csv match.ubj
    trunkline model import match.ubj

Each line counts by the inverse of the chance with which it was decided so, so that what was hardly tried is not
overlooked. The versions of the features go into the model, and Trunkline refuses it where they are others.
"""

import csv
import sys

import numpy as np
import xgboost as xgb

WEIGHT_MAX = 20.0


def main(source, target, rounds):
    with open(source, encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    if not lines:
        sys.exit(f"{source} has no decision with an outcome")
    names = [name for name in lines[0] if name.startswith(("customer.", "agent."))]
    table = np.array([[float(line[name] or "nan") for name in names] for line in lines], dtype=np.float32)
    sales = np.array([int(line["sale"]) for line in lines])
    weights = np.array([min(1 / float(line["propensity"]), WEIGHT_MAX) for line in lines])
    data = xgb.DMatrix(table, sales, weight=weights, feature_names=names)
    options = {"objective": "binary:logistic", "max_depth": 3, "eta": 0.2, "seed": 1, "nthread": 1}
    model = xgb.train(options, data, rounds)
    model.set_attr(
        trunkline_customer_version=lines[0]["customer_version"],
        trunkline_agent_version=lines[0]["agent_version"],
    )
    model.save_model(target)
    print(f"{len(lines)} decisions, {int(sales.sum())} sales, {len(names)} features, {rounds} trees: {target}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 40)
