"""Opens as many connections as the limit of open files allows, up to 20,000, which say nothing; and meanwhile asks as
somebody else: `idle.py PHASEFLAG FOLDER`.

The server serves so many connections at once and no more, and none of them is silent for longer than a head may take. So
one who was there before is served as ever, and one who comes later waits for a place, but not for ever.
"""

import resource
import socket
import statistics
import sys
import time
import urllib.parse
from http.client import HTTPConnection
from pathlib import Path

from world import Server

MOST = 20_000
# What this process and the server's need beside connections.
SPARE_FILES = 200
# `--max-connections` as it is by default.
SERVED = 12_000
# They are cut after the 15 s that a head may take. Then the system's queue has room again, but a client whom it did not
# take knocks again only 1, 3, 7, 15, 31 and 63 s after it came.
LATE_SECONDS = 70
MAX_BYTES_EACH = 16 * 1024
ASKED = 200


def resident(pid):
    line = next(it for it in Path(f"/proc/{pid}/status").read_text().splitlines() if it.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


def ask(connection):
    began = time.monotonic()
    connection.request("GET", "/health")
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise SystemExit(f"/health: {answer.status}")
    return time.monotonic() - began


def crowd(address, count):
    sockets = []
    for number in range(count):
        it = socket.socket()
        it.setblocking(False)
        # From several addresses, so that there are ports enough.
        it.bind((f"127.0.0.{2 + number % 8}", 0))
        it.connect_ex(address)
        sockets.append(it)
    return sockets


def main():
    program, folder = sys.argv[1:]
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = min(MOST, hard - SPARE_FILES)
    server = Server(program, Path(folder), "idle")
    try:
        url = urllib.parse.urlsplit(server.url)
        there = HTTPConnection(url.hostname, url.port, timeout=60)
        alone = statistics.median(ask(there) for _ in range(ASKED))
        before = resident(server.process.pid)
        sockets = crowd((url.hostname, url.port), count)
        among = [ask(there) for _ in range(ASKED)]
        each = (resident(server.process.pid) - before) / min(count, SERVED)
        late = ask(HTTPConnection(url.hostname, url.port, timeout=LATE_SECONDS))
        print(f"{count} idle connections: {each:.0f} bytes each; an answer takes {alone * 1000:.2f} ms alone, "
              f"{statistics.median(among) * 1000:.2f} ms among them, {max(among) * 1000:.0f} ms at worst; "
              f"a newcomer waits {late:.1f} s")
        if each > MAX_BYTES_EACH:
            raise SystemExit(f"an idle connection takes {each:.0f} bytes")
        if late > LATE_SECONDS:
            raise SystemExit(f"a newcomer waited {late:.1f} s")
        for it in sockets:
            it.close()
    finally:
        faults = server.stop()
    if faults:
        raise SystemExit("\n".join(faults))


main()
