"""Receives webhooks as the README says: `receive.py PHASEFLAG README`."""

import base64
import http.server
import json
import pathlib
import queue
import re
import subprocess
import sys
import threading
import urllib.error
import urllib.request

from standardwebhooks import WebhookVerificationError

program, readme = sys.argv[1:]
section = pathlib.Path(readme).read_text().split("\n## Webhooks\n")[1].split("\n## ")[0]
recipes = re.findall(r"^```python\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
code = {}
for recipe in recipes:
    exec(recipe, code)

# How long anything may take to arrive: longer than the first pause after a failure.
PATIENCE_SECONDS = 30
# The first request is answered so, all others with 204.
FAILURE = 500

arrived = queue.Queue()
answers = iter([FAILURE])


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(next(answers, 204))
        self.end_headers()
        arrived.put((self.headers, body))

    def log_message(self, *_):
        pass


receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
threading.Thread(target=receiver.serve_forever, daemon=True).start()
command = [program, "serve", "--ephemeral", "--port=0", "--webhook-allow-host=127.0.0.1", "--log-level=warn"]
server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
try:
    ready = json.loads(server.stdout.readline())

    def send(method, path, body=None):
        headers = {"Authorization": "Bearer " + ready["admin"]["token"], "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(ready["api_url"] + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request) as answer:
                return json.loads(answer.read() or "null")
        except urllib.error.HTTPError as error:
            sys.exit(f"{method} {path}: {error.code} {error.read().decode()}")

    project = send("GET", "/projects")["data"][0]["id"]
    environment = send("GET", f"/environments?project_id={project}")["data"][0]["id"]
    webhook = {"url": f"http://127.0.0.1:{receiver.server_port}/hook", "events": ["flag.created", "flag.toggled"]}
    webhook["environment_ids"] = [environment]
    secret = send("POST", f"/webhooks?project_id={project}", webhook)["data"]["secret"]

    flag = {"key": "pay-by-link", "name": "Pay by link", "flag_type": "boolean", "default_variation": "off"}
    flag["variations"] = [{"key": "on", "value": True}, {"key": "off", "value": False}]
    send("POST", f"/flags?environment_id={environment}", flag)
    send("POST", f"/flags/pay-by-link/toggle?environment_id={environment}", {"enabled": True})

    def receive():
        headers, body = arrived.get(timeout=PATIENCE_SECONDS)
        event = code["event_of"](secret, headers, body)
        assert event == json.loads(body) and event["flag_key"] == "pay-by-link", event
        assert code["is_genuine"](secret, headers, body), headers
        assert headers["webhook-id"] == event["id"], headers
        # Nobody else's secret, and nothing that was changed on the way.
        other = "whsec_" + base64.b64encode(bytes(24)).decode()
        for forged in [(other, headers, body), (secret, headers, body.replace(b"pay", b"buy"))]:
            assert not code["is_genuine"](*forged), forged
            try:
                code["event_of"](*forged)
            except WebhookVerificationError:
                continue
            raise AssertionError(forged)
        return event

    first, again, second = receive(), receive(), receive()
    assert first == again and first["event_type"] == "flag.created", (first, again)
    assert second["event_type"] == "flag.toggled", second
    print("three webhooks, one of them again after a failure; every signature is genuine")
finally:
    server.terminate()
    server.wait()
