"""Has schemathesis ask a real server everything that its OpenAPI document describes, as everybody who can ask:
`api.py PHASEFLAG SCHEMATHESIS FOLDER [--long]`.

Each credential gets a server of its own, so that what one destroys is there for the next.
"""

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from world import Server, fill

SEED = 20261123
# Random requests for each operation.
CASES = 4
CASES_LONG = 50
# Every bound of every parameter and field, one after the other, takes longest; in the short form, two ask that.
THOROUGH = ["server-key", "admin"]
# Together with their servers, that is what a small machine has.
AT_ONCE = 2
REQUEST_SECONDS = 20
# How often a parameter is the id of something that is there.
KNOWN = 0.8

# Answers that do not end: schemathesis would wait for each. `tests/it` reads them.
STREAMS = ["followChanges", "followProject", "ofrepFollow"]
# What takes away the credential, or the world, that the others are asked with is asked after them.
LAST = ["logout", "changePassword", "resetPassword", "resetTesting"]

# What is asked for otherwise than schemathesis does by itself, each with the reason.
CHECKS = {
    # No schema can say which rule names a variation of its flag, that a page and a cursor exclude each other, or that
    # an environment is frozen.
    "positive_data_acceptance": "enabled = false",
    # Who leaves the access token away and still sends an API key is told 403, where the check wants 401. That nobody
    # gets anything without a credential is in the table of `tests/it/authorization.rs`, for every operation.
    "missing_required_header": "enabled = false",
}


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def api_key(kind):
    return lambda server: {"X-API-Key": server.ready["environments"]["development"][f"{kind}_key"]}


def signed_in(role):
    return lambda server: bearer(server.sign_in(role)["access_token"])


CREDENTIALS = {
    "nobody": lambda server: {},
    "server-key": api_key("server"),
    "client-key": api_key("client"),
    "admin": signed_in("admin"),
    "editor": signed_in("editor"),
    "viewer": signed_in("viewer"),
    "personal-token": lambda server: bearer(server.ready["admin"]["token"]),
}


def config(server, headers, known):
    """What schemathesis is told, as TOML; the JSON of texts, numbers and lists is TOML as well."""
    lines = [f"seed = {SEED}", f"request-timeout = {REQUEST_SECONDS}", 'suppress-health-check = ["all"]',
             "continue-on-failure = true", "warnings = false", f"base-url = {json.dumps(server.url)}"]
    for name, values in known.items():
        lines += [f"[dictionaries.{name}]", f"values = {json.dumps(values)}"]
    lines += ["[parameters]"]
    for name in known:
        for place in ("path", "query"):
            lines.append(f'"{place}.{name}" = {{ dictionary = "{name}", probability = {KNOWN} }}')
    lines += ["[headers]", *(f"{name} = {json.dumps(value)}" for name, value in headers.items())]
    lines += ["[checks]", *(f"{name} = {{ {told} }}" for name, told in CHECKS.items())]
    # The credential is the one that is under test, and not that of an account which schemathesis makes.
    lines += ["[auth]", "auto-signup = false"]
    return "\n".join(lines) + "\n"


def ask(program, schemathesis, folder, name, long):
    """Asks as one of them, and answers what was found."""
    began = time.monotonic()
    server = Server(program, folder, name)
    try:
        settings = folder / f"{name}.toml"
        settings.write_text(config(server, CREDENTIALS[name](server), fill(server)))
        command = [schemathesis, "--config-file", settings, "run", f"{server.url}/openapi.json", "--no-color",
                   "--generation-deterministic", "--max-examples", str(CASES_LONG if long else CASES)]
        if not long and name not in THOROUGH:
            command += ["--phases", "examples,fuzzing,stateful"]
        without = [it for id in STREAMS + LAST for it in ("--exclude-operation-id", id)]
        alone = [it for id in LAST for it in ("--include-operation-id", id)]
        found = []
        for chosen in (without, alone):
            run = subprocess.run(command + chosen, capture_output=True, text=True, cwd=folder)
            if run.returncode != 0:
                found.append(run.stdout + run.stderr)
    finally:
        faults = server.stop()
    print(f"{name}: {'FOUND' if found or faults else 'nothing'} in {time.monotonic() - began:.0f} s", flush=True)
    return found + faults


def main():
    program, schemathesis, folder, *more = sys.argv[1:]
    long = "--long" in more
    with ThreadPoolExecutor(AT_ONCE) as pool:
        # What takes longest begins first.
        names = sorted(CREDENTIALS, key=lambda name: name not in THOROUGH)
        asked = [pool.submit(ask, program, schemathesis, Path(folder), name, long) for name in names]
        found = [text for it in asked for text in it.result()]
    if found:
        raise SystemExit("\n".join(found))


main()
