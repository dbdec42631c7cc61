"""openfeature-sdk with openfeature-provider-ofrep."""

import json
import os
import time

from openfeature import api
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext

checks = 0


def check(actual, expected):
    global checks
    assert actual == expected, (actual, expected)
    checks += 1


def served(details, value, variant, reason):
    check((details.value, type(details.value), details.variant, details.reason),
          (value, type(value), variant, reason))


def failed(details, default, code):
    check((details.value, details.error_code and details.error_code.value, details.reason), (default, code, "ERROR"))


def client(server, key, name):
    api.set_provider(OFREPProvider(server["url"], headers_factory=lambda: {"Authorization": f"Bearer {key}"}), name)
    return api.get_client(name)


with open(os.environ["WORLD"], encoding="utf-8") as file:
    world = json.load(file)
free, limited = world["free"], world["limited"]
user = EvaluationContext("u", {"plan": "pro"})
flags = client(free, free["keys"]["development/server"], "free")
served(flags.get_boolean_details("boolean", False, user), True, "on", "TARGETING_MATCH")
served(flags.get_boolean_details("boolean", True, EvaluationContext("u")), False, "off", "DEFAULT")
served(flags.get_boolean_details("split", False, user), True, "on", "SPLIT")
served(flags.get_string_details("string", "", user), "hello", "greeting", "STATIC")
served(flags.get_integer_details("integer", 0, user), 42, "answer", "STATIC")
served(flags.get_float_details("float", 0.0, user), 0.5, "half", "STATIC")
# Written with a fraction, it is not an integer; a client that is strict about types must see so.
served(flags.get_float_details("whole-float", 0.0, user), 10.0, "ten", "STATIC")
failed(flags.get_integer_details("whole-float", 0, user), 0, "TYPE_MISMATCH")
served(flags.get_object_details("object", {}, user), {"dark": True, "sizes": [1, 2]}, "theme", "STATIC")
check(flags.get_string_details("string", "", user).flag_metadata, {"version": "1"})

failed(flags.get_boolean_details("nobody", True, user), True, "FLAG_NOT_FOUND")
failed(flags.get_boolean_details("string", True, user), True, "TYPE_MISMATCH")
failed(flags.get_boolean_details("split", True, EvaluationContext()), True, "TARGETING_KEY_MISSING")
failed(client(free, "sdk-dev-wrong", "stranger").get_boolean_details("boolean", True, user), True, "GENERAL")

hasty = client(limited, limited["keys"]["production/server"], "hasty")
for _ in range(100):
    details = hasty.get_string_details("string", "", user)
    if details.error_code:
        break
check("Rate limited, retry after: 1" in details.error_message, True)
check("paused" in hasty.get_string_details("string", "", user).error_message, True)
time.sleep(1.2)
check(hasty.get_string_details("string", "", user).value, "hello")
print(f"python: {checks} checks passed")
