"""A throwaway server for each kind of credential, and something behind every path that takes an id."""

import json
import signal
import subprocess
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

SEED = Path(__file__).with_name("seed.yaml")
PASSWORD = "only-for-tests"
STOP_SECONDS = 10
# What is planned is planned for the day after, so that it does not happen meanwhile.
TOMORROW = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"


class Server:
    """The program, with the seed; its log is kept, for what it says of itself."""

    def __init__(self, program, folder, name):
        self.log = folder / f"{name}.log"
        command = [program, "serve", "--ephemeral", "--port", "0", "--seed", str(SEED), "--log-level", "warn",
                   "--webhook-allow-private"]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log)
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(self.log.read_text())
        self.ready = json.loads(line)
        self.url = self.ready["url"]

    def call(self, method, path, token=None, body=None):
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise SystemExit(f"{method} {path}: {error.code} {error.read().decode()}") from error
        return json.loads(text)["data"] if text else None

    def sign_in(self, role):
        body = {"email": f"{role}@example.com", "password": PASSWORD}
        return self.call("POST", "/api/v1/auth/login", body=body)

    def stop(self):
        """Ends it, and answers what it logged of panics and failures."""
        ended = self.process.poll()
        self.process.send_signal(signal.SIGTERM)
        ended = self.process.wait(STOP_SECONDS) if ended is None else ended
        faults = [line for line in self.log.read_text().splitlines() if "panicked" in line or '"ERROR"' in line]
        if ended != 0:
            faults.append(f"the server ended with {ended}")
        return faults


def fill(server):
    """Makes what the seed cannot say, and answers the ids by the names of the parameters that take them."""
    token = server.sign_in("admin")["access_token"]
    post = lambda path, body: server.call("POST", f"/api/v1{path}", token, body)
    get = lambda path: server.call("GET", f"/api/v1{path}", token)
    organization = get("/organizations")[0]["id"]
    project = next(it["id"] for it in get("/projects") if it["key"] == "shop")
    environments = {it["key"]: it["id"] for it in get(f"/environments?project_id={project}")}
    here = environments["development"]
    rule = [{"conditions": [], "percentage_rollout": [{"variation": "on", "percentage": 10}]}]
    toggled = server.call("PUT", f"/api/v1/flags/new-checkout?environment_id={here}", token,
                          {"targeting_rules": rule})
    flag = toggled["id"]
    at = f"/flags/new-checkout/%s?environment_id={here}"
    ramp = {"rule_id": toggled["targeting_rules"][0]["id"], "variation": "on",
            "steps": [{"percentage": 20, "at": TOMORROW}]}
    hook = {"url": "http://127.0.0.1:9/", "events": ["flag.updated"]}
    invitation = {"email": "grace@example.com", "role": "viewer"}
    webhook = post(f"/webhooks?project_id={project}", hook)["id"]
    server.call("POST", f"/api/v1/webhooks/{webhook}/test", token)
    return {
        "organization_id": [organization],
        "project_id": [project],
        "environment_id": list(environments.values()),
        "against": list(environments.values()),
        "flag_id": [flag, "new-checkout", "ranking"],
        "key": ["new-checkout", "ranking"],
        "revision": [1, 2],
        "segment_id": [get(f"/segments?environment_id={here}")[0]["id"], "staff"],
        "schedule_id": [post(at % "schedules", {"at": TOMORROW, "change": {"enabled": False}})["id"]],
        "ramp_id": [post(at % "ramps", ramp)["id"]],
        "webhook_id": [webhook],
        "delivery_id": [it["id"] for it in get(f"/webhooks/{webhook}/deliveries")],
        "invitation_id": [post(f"/organizations/{organization}/invitations", invitation)["id"]],
        "token_id": [get("/auth/tokens")[0]["id"]],
        "api_key_id": [get(f"/api-keys?environment_id={here}")[0]["id"]],
        "user_id": [it["user_id"] for it in get(f"/organizations/{organization}/members") if it["role"] == "viewer"],
    }
