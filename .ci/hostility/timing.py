"""Whether the time that signing in takes tells who has an account: `timing.py PHASEFLAG FOLDER`.

Wrong passwords are tried for an account and for two addresses that have none, over and over, in an order that chance decides.
If the times are of one kind, a time of the account is as often the longer one as the shorter one of such a pair; how far that
may be from a half by chance is known (the standard error of the statistic of Mann and Whitney). A server that does not hash a
password for those whom it does not know is farther away than that by far.
"""

import json
import math
import random
import signal
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path

TRIES = 150
# Standard errors. By chance alone this is met once in two million runs.
FAR = 5
START_SECONDS = 20
STOP_SECONDS = 10
KNOWN = "ada@example.com"
STRANGERS = ["nobody@example.com", "no address"]


def free_port():
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return it.getsockname()[1]


class Door:
    def __init__(self, port):
        self.connection = HTTPConnection("127.0.0.1", port, timeout=START_SECONDS)

    def knock(self, path, email, password):
        """The status and the seconds of an answer."""
        body = json.dumps({"email": email, "password": password})
        began = time.perf_counter()
        self.connection.request("POST", f"/api/v1/auth/{path}", body, {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        answer.read()
        return answer.status, time.perf_counter() - began


def opened(port):
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return Door(port)
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def share(ones, others):
    """How often one is longer than another, ties counting half."""
    longer = sum((one > other) + (one == other) / 2 for one in ones for other in others)
    return longer / (len(ones) * len(others))


def main():
    program, folder = sys.argv[1:]
    port = free_port()
    data = Path(folder) / "timing.redb"
    command = [program, "serve", "--port", str(port), "--data", str(data), "--rate-limit-auth", "0"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        door = opened(port)
        status, _ = door.knock("register", KNOWN, "correct horse battery")
        if status != 201:
            raise SystemExit(f"register: {status}")
        taken = {email: [] for email in [KNOWN, *STRANGERS]}
        turns = [email for email in taken for _ in range(TRIES)]
        random.shuffle(turns)
        for email in turns:
            status, seconds = door.knock("login", email, "incorrect horse battery")
            if status != 401:
                raise SystemExit(f"login as {email}: {status}")
            taken[email].append(seconds)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(STOP_SECONDS)
    error = math.sqrt((2 * TRIES + 1) / (12 * TRIES * TRIES))
    for stranger in STRANGERS:
        found = share(taken[KNOWN], taken[stranger])
        print(f"signing in as an account takes longer than as '{stranger}' {found * 100:.0f} times of a hundred; "
              f"{abs(found - 0.5) / error:.1f} standard errors from a half")
        if abs(found - 0.5) > FAR * error:
            raise SystemExit("the time of signing in tells who has an account")


main()
