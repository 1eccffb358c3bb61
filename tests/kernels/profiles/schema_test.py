"""Every data/profiles/*.json holds to profile.schema.json, carries its file's name and has a kernel; faults.json names
faults that there are and classes of the validator.

The part of JSON Schema is that of tests/support/json_schema.hpp. Standard library only.
"""
import glob
import json
import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float)}


def violation(schema, value, root, path=""):
    """None, or where the first keyword does not hold. A keyword that is not known here is an error."""
    for keyword, rule in schema.items():
        found = check(schema, keyword, rule, value, root, path)
        if found:
            return found
    return None


def check(schema, keyword, rule, value, root, path):
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if keyword in ("$schema", "$defs", "title", "description"):
        return None
    if keyword == "$ref":
        return violation(root["$defs"][rule.removeprefix("#/$defs/")], value, root, path)
    if keyword in ("items", "properties", "additionalProperties"):
        return members(schema, keyword, rule, value, root, path)
    holds = {
        "type": lambda: isinstance(value, TYPES[rule]) and (rule == "boolean" or not isinstance(value, bool)),
        "const": lambda: value == rule and type(value) is type(rule),
        "enum": lambda: any(value == v and type(value) is type(v) for v in rule),
        "pattern": lambda: not isinstance(value, str) or re.search(rule, value),
        "minimum": lambda: not number or value >= rule,
        "maximum": lambda: not number or value <= rule,
        "minItems": lambda: not isinstance(value, list) or len(value) >= rule,
        "maxItems": lambda: not isinstance(value, list) or len(value) <= rule,
        "required": lambda: not isinstance(value, dict) or all(name in value for name in rule),
        "oneOf": lambda: sum(violation(s, value, root, path) is None for s in rule) == 1,
    }[keyword]()
    return None if holds else f"{path or '/'}: {keyword}: {json.dumps(value)[:60]}"


def members(schema, keyword, rule, value, root, path):
    if keyword == "items":
        children = [(rule, v, f"{path}/{i}") for i, v in enumerate(value)] if isinstance(value, list) else []
    elif not isinstance(value, dict):
        return None
    elif keyword == "properties":
        children = [(rule[k], v, f"{path}/{k}") for k, v in value.items() if k in rule]
    else:
        others = {k: v for k, v in value.items() if k not in schema.get("properties", {})}
        if rule is False and others:
            return f"{path}/{next(iter(others))}: not allowed"
        children = [(rule, v, f"{path}/{k}") for k, v in others.items()]
    return next((found for s, v, p in children if (found := violation(s, v, root, p))), None)


def sources(name):
    with open(os.path.join(ROOT, "tests", "kernels", "profiles", name), encoding="utf-8") as file:
        return file.read()


def complaints():
    with open(os.path.join(ROOT, "data", "profiles", "profile.schema.json"), encoding="utf-8") as file:
        schema = json.load(file)
    names, code = [], sources("schemes.py") + sources("quantizer.py")
    with open(os.path.join(ROOT, "validate", "include", "hdq", "validate", "explain", "defect.hpp"), encoding="utf-8") as file:
        classes = file.read()
    for path in sorted(glob.glob(os.path.join(ROOT, "data", "profiles", "*.json"))):
        if path.endswith(".schema.json"):
            continue
        with open(path, encoding="utf-8") as file:
            profile = json.load(file)
        names.append(profile.get("name"))
        found = violation(schema, profile, schema)
        if found:
            yield f"{path}: {found}"
        if os.path.basename(path) != f"{names[-1]}.json":
            yield f"{path}: name {names[-1]}"
        for field in ("source", "about"):
            if not profile.get(field):
                yield f"{path}: {field} is missing"
        if f'"{names[-1]}"' not in code:
            yield f"{path}: no kernel"
    for case in json.loads(sources("faults.json")):
        if case["profile"] not in names or f'"{case["fault"]}"' not in code or f'"{case["class"]}"' not in classes:
            yield f"faults.json: {case['profile']}: {case['fault']}"
    if violation(schema, {"profile": 1, "name": "x", "rotation": [{"signs": "s", "kac": "halves"}]}, schema) is None \
            or violation(schema, {"profile": 2, "name": "x"}, schema) is None:
        yield "profile.schema.json accepts what is no profile"


if __name__ == "__main__":
    lines = list(complaints())
    print("\n".join(lines) or "profiles: all hold to the schema")
    sys.exit(1 if lines else 0)
