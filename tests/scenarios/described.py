# SPDX-License-Identifier: MIT
"""conf/control.openapi.json, and whether an answer is one that it describes."""
import json

from harness import ROOT

DESCRIBED = json.loads((ROOT / "conf/control.openapi.json").read_text())


def compare(test, schema, value, where, full=()):
    """Lists named in `full` must have rows."""
    if "$ref" in schema:
        schema = DESCRIBED["components"]["schemas"][schema["$ref"].split("/")[-1]]
    if isinstance(value, dict) and "required" in schema:
        test.assertLessEqual(set(value), set(schema["properties"]), where)
        test.assertLessEqual(set(schema["required"]), set(value), where)
    for name in schema.get("properties", {}) if isinstance(value, dict) else ():
        if name in value:
            compare(test, schema["properties"][name], value[name], f"{where} {name}", full)
    if isinstance(value, list):
        test.assertTrue(value or where not in full, where)
        for item in value:
            compare(test, schema["items"], item, where, full)
    if "enum" in schema:
        test.assertIn(value, schema["enum"], where)


def schema_of(path):
    """Of what GET of this path answers; None: no JSON."""
    operation = DESCRIBED["paths"][path].get("get", {})
    content = operation.get("responses", {}).get("200", {}).get("content", {})
    return content.get("application/json", {}).get("schema")


def compare_with_description(test, path, value, full=()):
    compare(test, schema_of(path), value, path, full)
