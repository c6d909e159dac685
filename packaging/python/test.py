"""Runs the function of README.md on the program in this environment: on a log, and on a running tor, if there is one.

    test.py REPOSITORY

Without a tor, ends with status 3.
"""

import contextlib
import json
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading


def function_of_readme(path):
    """Returns the function `events` as README.md has it."""
    code = re.search(r"```python\n(.*?)\n\n\nfor ", path.read_text(), re.DOTALL).group(1)
    names = {}
    exec(code, names)
    return names["events"]


def check_log(events, log):
    """Compares the events of a log with its lines."""
    found = list(events("events", "--status", "FAILED", str(log)))
    lines = log.read_text().splitlines()
    assert [event["line"] for event in found] == [
        number for number, line in enumerate(lines, 1) if re.search(r" 650 STREAM \d+ FAILED ", line)
    ]
    assert len(found) > 10 and all(event["status"] == "FAILED" for event in found)
    print(f"{len(found)} events of a log were read")


@contextlib.contextmanager
def running_tor(folder):
    """Runs a tor that reaches nobody, with its control and SOCKS port as sockets in the folder."""
    configuration = folder / "torrc"
    configuration.write_text(
        f"DataDirectory {folder}/data\nControlSocket {folder}/control\nCookieAuthentication 1\n"
        f"SocksPort unix:{folder}/socks\n__LeaveStreamsUnattached 1\nUseDefaultFallbackDirs 0\n"
        f"DirAuthority nobody orport=1 v3ident={'A' * 40} 127.0.0.1:1 {'A' * 40}\n"
    )
    command = ["tor", "--defaults-torrc", "/dev/null", "-f", configuration]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as tor:
        try:
            for line in tor.stdout:
                if "Bootstrapped 0%" in line:
                    break
            yield
        finally:
            tor.kill()


def ask_for(folder, host):
    """Asks tor's SOCKS port for a connection to a host, and returns the connection."""
    client = socket.socket(socket.AF_UNIX)
    client.connect(f"{folder}/socks")
    client.sendall(b"\x05\x01\x00")
    assert client.recv(2) == b"\x05\x00"
    client.sendall(b"\x05\x01\x00\x03" + bytes([len(host)]) + host.encode() + b"\x01\xbb")
    return client


def check_tor(events):
    """Reads the events of a client's stream while tor runs."""
    with tempfile.TemporaryDirectory() as name, running_tor(name := pathlib.Path(name)):
        found = events("watch", "--control", f"{name}/control")
        clients, heard = [], threading.Event()

        def ask():
            # Events of the first clients may come before the program listens.
            while not heard.wait(0.2) and len(clients) < 300:
                clients.append(ask_for(name, "example.com"))

        asking = threading.Thread(target=ask)
        asking.start()
        first = next(found)
        heard.set()
        asking.join()
        assert (first["status"], first["target_host"], first["target_port"]) == ("NEW", "example.com", 443), first
        for client in clients:
            client.close()
        assert any(event["id"] == first["id"] and event["status"] == "CLOSED" for event in found)
        found.close()
    print("the events of a running tor were read as they came")


def main(repository):
    repository = pathlib.Path(repository)
    events = function_of_readme(repository / "packaging" / "python" / "README.md")
    check_log(events, repository / "tests" / "data" / "onionperf.log")
    if not shutil.which("tor"):
        return 3
    check_tor(events)
    return 0


sys.exit(main(*sys.argv[1:]))
