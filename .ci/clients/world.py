"""Fills two fresh servers over their API, and prints what the clients need to know of them as JSON.

One server counts nothing; of the other, each client gets an environment of its own to exceed the limit in.
"""

import json
import sys
import time
import urllib.error
import urllib.request

START_SECONDS = 10
PASSWORD = "correct horse battery"


def flag(key, flag_type, values, default, **more):
    variations = [{"key": name, "value": value} for name, value in values.items()]
    return {"key": key, "name": key, "flag_type": flag_type, "variations": variations,
            "default_variation": default, "enabled": True, **more}


SWITCH = {"on": True, "off": False}
FOR_PRO = {"conditions": [{"attribute": "plan", "operator": "is", "value": "pro"}], "variation": "on"}
TO_ALL = {"conditions": [], "percentage_rollout": [{"variation": "on", "percentage": 100}]}
FLAGS = [
    flag("boolean", "boolean", SWITCH, "off", targeting_rules=[FOR_PRO]),
    flag("split", "boolean", SWITCH, "off", targeting_rules=[TO_ALL]),
    flag("toggled", "boolean", SWITCH, "off", enabled=False, targeting_rules=[TO_ALL]),
    flag("string", "string", {"greeting": "hello"}, "greeting"),
    flag("integer", "number", {"answer": 42}, "answer"),
    flag("float", "number", {"half": 0.5}, "half"),
    flag("whole-float", "number", {"ten": 10.0}, "ten"),
    flag("object", "json", {"theme": {"dark": True, "sizes": [1, 2]}}, "theme"),
]


class Api:
    def __init__(self, url):
        self.url, self.token = url, None

    def call(self, path, body=None):
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["data"]

    def wait(self):
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                return urllib.request.urlopen(self.url + "/ready").close()
            except (urllib.error.URLError, ConnectionError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)


def fill(url):
    api = Api(url)
    api.wait()
    account = {"email": "ada@example.com", "password": PASSWORD}
    api.call("/api/v1/auth/register", account)
    api.token = api.call("/api/v1/auth/login", account)["access_token"]
    project = api.call("/api/v1/projects")[0]["id"]
    environments = api.call(f"/api/v1/environments?project_id={project}")
    first = environments[0]["id"]
    for body in FLAGS:
        api.call(f"/api/v1/flags?environment_id={first}", body)
    keys = {}
    for environment in environments:
        for kind in ("server", "client"):
            path = f"/api/v1/api-keys?environment_id={environment['id']}"
            made = api.call(path, {"name": "clients", "kind": kind})
            keys[f"{environment['key']}/{kind}"] = made["key"]
    return {"url": url, "token": api.token, "environment": first, "keys": keys}


print(json.dumps({"free": fill(sys.argv[1]), "limited": fill(sys.argv[2])}))
