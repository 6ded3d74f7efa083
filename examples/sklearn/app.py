"""Grades coffee lots with a fitted scikit-learn pipeline (model.joblib): no training, only answers."""
import os

import joblib
import numpy as np
from sklearn.pipeline import Pipeline

BUNDLE = joblib.load(os.path.join(os.path.dirname(os.path.abspath(__file__)), "model.joblib"))
MODEL: Pipeline = BUNDLE["model"]
FEATURES = BUNDLE["features"]


class BadLot(ValueError):
    """The caller sent something that is not a lot."""


def _matrix(lots):
    rows = []
    for index, lot in enumerate(lots):
        unknown = sorted(set(lot) - set(FEATURES))
        if unknown:
            raise BadLot(f"lot {index}: unknown measurement {', '.join(unknown)}")
        rows.append([float(lot[name]) if lot.get(name) is not None else np.nan for name in FEATURES])
    if not rows:
        raise BadLot("no lots")
    return np.array(rows)


def grade(lots):
    rows = _matrix(lots)
    probabilities = MODEL.predict_proba(rows)
    return [
        {"grade": str(MODEL.classes_[best]), "confidence": round(float(row[best]), 6)}
        for row, best in zip(probabilities, probabilities.argmax(axis=1))
    ]


def similar(lots, count):
    from sklearn.neighbors import NearestNeighbors

    scaler = MODEL.named_steps["standardscaler"]
    rows = MODEL.named_steps["simpleimputer"].transform(_matrix(lots))
    search = NearestNeighbors(n_neighbors=count).fit(scaler.transform(BUNDLE["known"]))
    distances, found = search.kneighbors(scaler.transform(rows))
    return [
        [{"lot": int(i), "grade": BUNDLE["known_grades"][i], "distance": round(float(d), 6)} for d, i in zip(ds, js)]
        for ds, js in zip(distances, found)
    ]


def evaluate(lots, expected):
    from sklearn.metrics import confusion_matrix, f1_score

    got = [answer["grade"] for answer in grade(lots)]
    labels = [str(c) for c in MODEL.classes_]
    return {
        "labels": labels,
        "confusion": confusion_matrix(expected, got, labels=labels).tolist(),
        "f1": round(float(f1_score(expected, got, average="macro", labels=labels, zero_division=0)), 6),
    }


def handler(event, context):
    action = event.get("action", "grade")
    if action == "grade":
        return {"answers": grade(event["lots"])}
    if action == "similar":
        return {"neighbours": similar(event["lots"], int(event.get("count", 3)))}
    if action == "evaluate":
        return evaluate(event["lots"], event["expected"])
    raise BadLot(f"unknown action {action!r}")
