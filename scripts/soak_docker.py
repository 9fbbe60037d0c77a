"""The client of scripts/soak-docker: asks, rewrites the policy, counts.

Which answer a request must get does not depend on the version of the policy: versions
differ in the reason that a refusal gives, and in nothing else.
"""

import base64
import json
import os
import selectors
import socket
import sys
import time

# The requests, in turn: a body or none, and whether it is allowed.
CREATE = {"Image": "bb", "Cmd": ["true"], "Labels": {"soak": "x" * 200}}
KINDS = [
    ("GET", "/v1.41/containers/json", None, True),
    ("POST", "/v1.41/containers/create", {"HostConfig": {"Privileged": False}}, True),
    ("POST", "/v1.41/containers/create", {"HostConfig": {"Privileged": True}}, False),
    ("POST", "/v1.41/containers/create", {"HostConfig": {"NetworkMode": "host"}}, False),
    ("DELETE", "/v1.41/containers/abc?force=1", None, True),
]
SAMPLE_SECONDS = 10
WARM_UP = 20_000
SILENCE_SECONDS = 60


def policy(path, version):
    """Writes the policy in one of its versions, as an editor does: by a rename."""
    text = f"""package docker.authz

version := "v{version}"

allow if count(deny) == 0

deny contains sprintf("privileged (%s)", [version]) if input.Body.HostConfig.Privileged == true

deny contains sprintf("network (%s)", [version]) if input.Body.HostConfig.NetworkMode == "host"
"""
    with open(path + ".new", "w") as file:
        file.write(text)
    os.rename(path + ".new", path)


def message(method, uri, settings):
    """Returns a question as dockerd puts it."""
    question = {"RequestMethod": method, "RequestUri": uri, "RequestHeaders": {"Content-Length": "0"}}
    if settings is not None:
        body = json.dumps(CREATE | settings).encode()
        question["RequestHeaders"] = {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
        }
        question["RequestBody"] = base64.b64encode(body).decode()
    text = json.dumps(question).encode()
    head = (
        f"POST /AuthZPlugin.AuthZReq HTTP/1.1\r\nHost: \r\nContent-Length: {len(text)}\r\n"
        "Accept: application/vnd.docker.plugins.v1.2+json\r\n\r\n"
    )
    return head.encode() + text


MESSAGES = [(message(*kind[:3]), kind[3]) for kind in KINDS]


class Connection:
    """A connection that has one question open at a time."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.received = b""
        self.wanted = None

    def ask(self, number):
        bytes_, self.wanted = MESSAGES[number % len(MESSAGES)]
        self.received = b""
        self.socket.sendall(bytes_)

    def read(self):
        """Reads what is there; returns the answer once it is whole."""
        part = self.socket.recv(65536)
        if not part:
            raise SystemExit("the gate closed a connection")
        self.received += part
        head, found, body = self.received.partition(b"\r\n\r\n")
        if not found:
            return None
        length = next(
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length:")
        )
        return (head, body) if len(body) >= length else None


def rss_kib(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def run(work, pid, requests, connections, growth_mib):
    selector = selectors.DefaultSelector()
    for _ in range(connections):
        one = Connection(f"{work}/gate.sock")
        selector.register(one.socket, selectors.EVENT_READ, one)
    asked = answered = wrong = version = 0
    versions, latencies = set(), []
    start = reloaded = sampled = time.monotonic()
    base = None
    for key in selector.get_map().values():
        key.data.ask(asked)
        key.data.since = time.monotonic()
        asked += 1
    while answered < requests:
        ready = selector.select(SILENCE_SECONDS)
        if not ready:
            raise SystemExit(f"silence for {SILENCE_SECONDS} s: {asked - answered} answers are missing")
        for key, _ in ready:
            one = key.data
            answer = one.read()
            if answer is None:
                continue
            answered += 1
            if answered % 100 == 0:
                latencies.append(time.monotonic() - one.since)
            head, body = answer
            decision = json.loads(body)
            right = head.startswith(b"HTTP/1.1 200") and decision.get("Allow", False) == one.wanted
            if not one.wanted and right:
                versions.add(decision["Msg"])
            if not right:
                wrong += 1
                if wrong <= 5:
                    print("wrong:", head, body, file=sys.stderr)
            if asked < requests:
                one.ask(asked)
                one.since = time.monotonic()
                asked += 1
        now = time.monotonic()
        if now - reloaded >= 1:
            version += 1
            policy(f"{work}/policy.rego", version)
            reloaded = now
        if base is None and answered >= min(WARM_UP, requests // 2):
            base = rss_kib(pid)
        if now - sampled >= SAMPLE_SECONDS:
            print(f"{answered} answers, {answered / (now - start):.0f}/s, {rss_kib(pid) / 1024:.1f} MiB", flush=True)
            sampled = now
    seconds = time.monotonic() - start
    end = rss_kib(pid)
    latencies.sort()
    print(f"asked {asked}, answered {answered}, wrong {wrong}, in {seconds:.0f} s ({answered / seconds:.0f}/s)")
    print(f"policies written {version}")
    at = lambda share: 1000 * latencies[int(share * (len(latencies) - 1))]
    print(f"with {connections} connections: p50 {at(0.5):.2f} ms, p99 {at(0.99):.2f} ms")
    print(f"resident {base / 1024:.1f} MiB after the warm-up, {end / 1024:.1f} MiB at the end")
    with open(f"{work}/log") as log:
        reloads = sum("policy reloaded" in line for line in log)
    print(f"reloads {reloads}, reasons seen {len(versions)}")
    grown = (end - base) / 1024
    bad = wrong or asked != requests or answered != requests or reloads < version // 2
    if grown > growth_mib:
        print(f"memory grew by {grown:.1f} MiB", file=sys.stderr)
        bad = True
    return 1 if bad else 0


if __name__ == "__main__":
    if sys.argv[1] == "policy":
        policy(sys.argv[2], int(sys.argv[3]))
    else:
        _, _, work_, pid_, requests_, connections_, growth_ = sys.argv
        raise SystemExit(run(work_, int(pid_), int(requests_), int(connections_), float(growth_)))
