"""Reads an export with PyYAML, compares it with the JSON form, and checks both against the JSON Schema."""

import json
import pathlib

import jsonschema
import yaml

schema = json.loads(pathlib.Path("schema.json").read_text())
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
exported = yaml.safe_load(pathlib.Path("shop.yaml").read_text())
assert exported == json.loads(pathlib.Path("shop.json").read_text()), exported
assert exported["api_keys"][0]["environment"] == "test", exported
seed = yaml.safe_load(pathlib.Path("seed.yaml").read_text())
for document in (exported, seed):
    validator.validate(document)
broken = {**seed, "flags": [{**seed["flags"][0], "flag_type": "maybe"}]}
assert not validator.is_valid(broken)
assert not validator.is_valid({**seed, "flag": []})
