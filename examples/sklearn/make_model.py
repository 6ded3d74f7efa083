"""make_model.py - writes model.joblib: the same file every time, with the versions of requirements.txt.

A pipeline (impute, scale, gradient boosting) that grades coffee lots by six measurements, fitted on synthetic rows of a
seeded generator. The rows the `similar` question searches travel in the same file.
"""
import os

import joblib
import numpy as np
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

FEATURES = ["moisture", "density", "acidity", "sweetness", "body", "defects"]
GRADES = np.array(["commercial", "premium", "specialty"])


def make():
    rng = np.random.default_rng(20261)
    rows = rng.normal([11.0, 700.0, 5.0, 6.0, 6.5, 4.0], [1.0, 40.0, 0.6, 1.0, 0.9, 2.0], size=(400, 6))
    score = rows[:, 3] + rows[:, 4] - 0.6 * rows[:, 5] - np.abs(rows[:, 0] - 11.0) + rng.normal(0, 0.4, 400)
    grade = GRADES[np.digitize(score, np.quantile(score, [0.4, 0.8]))]
    rows[rng.random(rows.shape) < 0.02] = np.nan
    model = make_pipeline(SimpleImputer(), StandardScaler(), GradientBoostingClassifier(n_estimators=20, random_state=7))
    model.fit(rows, grade)
    known = np.nan_to_num(rows[:60], nan=0.0).round(6)
    return {"features": FEATURES, "model": model, "known": known, "known_grades": grade[:60].tolist()}


if __name__ == "__main__":
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "model.joblib")
    joblib.dump(make(), path, compress=("zlib", 9))
    print(path, os.path.getsize(path), "bytes")
