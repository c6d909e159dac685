"""Runs the function of README.md on the program in this environment: on a log, and on a running tor, if there is one.

    test.py REPOSITORY

Without a tor, ends with status 3.
"""

import contextlib
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading

# Maximum duration of the test in seconds.
MAX_DURATION = 60


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


def check_unread(events, log):
    """Reads a log and a file that is not there: all events of the log come, and then the error."""
    found, status = [], 0
    try:
        found.extend(events("events", str(log), "nowhere.log"))
    except subprocess.CalledProcessError as error:
        status = error.returncode
    assert (len(found), status) == (len(list(events("events", str(log)))), 1), (len(found), status)
    print("a file that cannot be read is an error")


@contextlib.contextmanager
def running_tor(folder):
    """Runs a tor with its control and SOCKS port as sockets in the folder.

    It knows no address outside of this machine. It attaches no stream to a circuit, so that each is open until its client hangs up.
    """
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
                # tor prints this after it has opened both sockets.
                if "Bootstrapped 0%" in line:
                    break
            yield
        finally:
            tor.kill()


def ask_for(folder, host):
    """Asks tor's SOCKS port for a connection to a host, and returns the connection."""
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(MAX_DURATION)
    client.connect(f"{folder}/socks")
    client.sendall(b"\x05\x01\x00")
    assert client.recv(2) == b"\x05\x00"
    client.sendall(b"\x05\x01\x00\x03" + bytes([len(host)]) + host.encode() + b"\x01\xbb")
    return client


def check_tor(events):
    """Reads the events of a client's stream while tor runs."""
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.enter_context(running_tor(folder))
        found = stack.enter_context(contextlib.closing(events("watch", "--control", f"{folder}/control")))
        clients, heard = [], threading.Event()

        def ask():
            # Events of the first clients may come before the program listens.
            while not heard.wait(0.2):
                clients.append(ask_for(folder, "example.com"))

        asking = threading.Thread(target=ask)
        asking.start()
        try:
            # tor may open streams of its own as well.
            new = next(event for event in found if event["status"] == "NEW" and event["target_host"] == "example.com")
        finally:
            heard.set()
            asking.join()
        assert new["target_port"] == 443, new
        for client in clients:
            client.close()
        assert any(event["id"] == new["id"] and event["status"] == "CLOSED" for event in found)
    print("the events of a running tor were read as they came")


def time_is_over(signal_number, frame):
    raise TimeoutError(f"the test takes more than {MAX_DURATION} s")


def main(repository):
    signal.signal(signal.SIGALRM, time_is_over)
    signal.alarm(MAX_DURATION)
    repository = pathlib.Path(repository)
    events = function_of_readme(repository / "packaging" / "python" / "README.md")
    log = repository / "tests" / "data" / "onionperf.log"
    check_log(events, log)
    check_unread(events, log)
    if not shutil.which("tor"):
        return 3
    check_tor(events)
    return 0


sys.exit(main(*sys.argv[1:]))
