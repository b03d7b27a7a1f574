"""Writes small models as ONNX with what onnxruntime makes of some rows.

The tests of crates/routing hold our own reading of the files against these. Run it again with

    python -m venv /tmp/venv && /tmp/venv/bin/pip install -r deploy/models/requirements.txt
    /tmp/venv/bin/python deploy/models/onnx_fixtures.py crates/routing/tests/models

or let the test `onnxruntime_agrees_on_models_written_now` do so, as that of fixtures.py. `export` is how a model of one's
own is written: ONNX names no features, so the file says them, in order, in its metadata.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import xgboost as xgb
from onnxmltools import convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType
from skl2onnx import to_onnx
from sklearn.ensemble import GradientBoostingClassifier

from fixtures import CHECKED_ROWS, NAMES, rows, signal


def export(model, names, file, versions=(("trunkline_customer_version", "1"), ("trunkline_agent_version", "2"))):
    """Writes an XGBoost model as ONNX, with the names of its features and the versions that they are of."""
    write_named(convert_xgboost(model, initial_types=[("input", FloatTensorType([None, len(names)]))]), names, file, versions)


def write_named(converted, names, file, versions=()):
    for key, value in [("trunkline_features", json.dumps(names, ensure_ascii=False)), *versions]:
        entry = converted.metadata_props.add()
        entry.key, entry.value = key, value
    Path(file).write_bytes(converted.SerializeToString())


def expect(folder, name, table):
    """What onnxruntime predicts: of classifiers the chance of the second class."""
    session = onnxruntime.InferenceSession(str(folder / f"{name}.onnx"))
    out = session.run(None, {session.get_inputs()[0].name: table[:CHECKED_ROWS]})[-1]
    predictions = np.asarray(out, dtype=float)
    predictions = predictions[:, 1] if predictions.ndim == 2 and predictions.shape[1] == 2 else predictions.ravel()
    expected = {
        "onnxruntime": onnxruntime.__version__,
        "names": NAMES,
        "rows": [[None if np.isnan(cell) else float(cell) for cell in row] for row in table[:CHECKED_ROWS]],
        "predictions": predictions.tolist(),
    }
    (folder / f"{name}.onnx.expected.json").write_text(json.dumps(expected) + "\n")


def main(folder, seed):
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(seed)
    table = rows(generator, 600)
    score = signal(table)
    label = (score + generator.logistic(0, 1, len(score)) > 0).astype(int)
    common = {"max_depth": 4, "learning_rate": 0.3, "random_state": seed, "n_jobs": 1}

    classifier = xgb.XGBClassifier(n_estimators=12, **common).fit(table, label)
    export(classifier, NAMES, folder / "classifier.onnx")
    expect(folder, "classifier", table)
    regressor = xgb.XGBRegressor(n_estimators=8, **common).fit(table, 1000 * score + generator.normal(0, 300, 600))
    export(regressor, NAMES, folder / "regressor.onnx")
    expect(folder, "regressor", table)
    # Splits by "at most", and a bias of its own; it knows no missing values.
    whole = np.nan_to_num(table)
    boosted = GradientBoostingClassifier(n_estimators=8, max_depth=3, random_state=seed).fit(whole, label)
    write_named(to_onnx(boosted, whole[:1], options={"zipmap": False}), NAMES, folder / "atmost.onnx")
    expect(folder, "atmost", whole)

    # What we must refuse.
    three = xgb.XGBClassifier(n_estimators=1, max_depth=2, n_jobs=1).fit(table, generator.integers(0, 3, 600))
    export(three, NAMES, folder / "refused_classes.onnx")
    counts = xgb.XGBRegressor(n_estimators=1, max_depth=2, n_jobs=1, objective="count:poisson").fit(table, label)
    export(counts, NAMES, folder / "refused_operator.onnx")
    unnamed = convert_xgboost(regressor, initial_types=[("input", FloatTensorType([None, len(NAMES)]))])
    (folder / "refused_unnamed.onnx").write_bytes(unnamed.SerializeToString())


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)
