"""schema.py - does a document keep the schema that schemas/ publishes? The part of JSON Schema 2020-12 that they use.

A keyword that is not known here raises, so that a schema cannot ask for something that nobody checks.
"""
import re

KINDS = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
WORDS = {"$schema", "$id", "$defs", "title", "description", "default", "then", "else", "required", "properties"}


def is_kind(value, kind):
    if kind in ("integer", "number"):
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        return not isinstance(value, bool) and (whole if kind == "integer" else isinstance(value, (int, float)))
    return isinstance(value, KINDS[kind])


def _number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


SIMPLE = {
    "type": lambda v, a: any(is_kind(v, kind) for kind in ([a] if isinstance(a, str) else a)),
    "const": lambda v, a: v == a,
    "enum": lambda v, a: v in a,
    "minimum": lambda v, a: not _number(v) or v >= a,
    "maximum": lambda v, a: not _number(v) or v <= a,
    "minLength": lambda v, a: not isinstance(v, str) or len(v) >= a,
    "maxLength": lambda v, a: not isinstance(v, str) or len(v) <= a,
    "pattern": lambda v, a: not isinstance(v, str) or re.search(a, v) is not None,
    "minProperties": lambda v, a: not isinstance(v, dict) or len(v) >= a,
    "minItems": lambda v, a: not isinstance(v, list) or len(v) >= a,
    "maxItems": lambda v, a: not isinstance(v, list) or len(v) <= a,
    "uniqueItems": lambda v, a: not a or not isinstance(v, list) or len({repr(x) for x in v}) == len(v),
    "oneOf": lambda v, a: sum(not faults(v, option) for option in a) == 1,
    "anyOf": lambda v, a: any(not faults(v, option) for option in a),
}


def _in_object(value, schema, where):
    known = schema.get("properties", {})
    for name in schema.get("required", []):
        if name not in value:
            yield f"{where}: {name} is missing"
    for name, inner in value.items():
        if name in known:
            yield from faults(inner, known[name], f"{where}/{name}")
        elif isinstance(schema.get("additionalProperties"), dict):
            yield from faults(inner, schema["additionalProperties"], f"{where}/{name}")
        elif schema.get("additionalProperties") is False:
            yield f"{where}: {name} is not known"


def _each(value, schema, where):
    if isinstance(value, dict):
        yield from _in_object(value, schema, where)
    for keyword, argument in schema.items():
        if keyword in SIMPLE:
            if not SIMPLE[keyword](value, argument):
                yield f"{where}: {str(value)[:60]!r} breaks {keyword} {argument!r}"
        elif keyword == "items":
            for index, item in enumerate(value if isinstance(value, list) else []):
                yield from faults(item, argument, f"{where}/{index}")
        elif keyword == "if":
            yield from faults(value, schema.get("else" if faults(value, argument) else "then", {}), where)
        elif keyword not in WORDS and keyword != "additionalProperties":
            raise NotImplementedError(f"{where}: no check for the schema keyword {keyword}")


def resolved(schema, root):
    """`schema` with the references to its own $defs written out. They must not lead in circles."""
    if isinstance(schema, list):
        return [resolved(item, root) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        target = root
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        schema = {**target, **{k: v for k, v in schema.items() if k != "$ref"}}
    return {k: resolved(v, root) for k, v in schema.items() if k != "$defs"}


def faults(value, schema, where=""):
    """What is wrong with `value`, as a list of texts."""
    if "$defs" in schema:
        schema = resolved(schema, schema)
    return list(_each(value, schema, where))


if __name__ == "__main__":
    import json
    import sys

    with open(sys.argv[1], encoding="utf-8") as schema_file, open(sys.argv[2], encoding="utf-8") as document:
        wrong = faults(json.load(document), json.load(schema_file))
    print("\n".join(wrong), end="\n" if wrong else "", file=sys.stderr)
    sys.exit(1 if wrong else 0)
