"""Reads STREAM events with Python's stem, as told by lines on standard input:

load NAME PATH   takes the contents in a file, one a line
time NAME        reads them all; answers with the nanoseconds of processor time and the number of events
read NAME        reads them all; answers with a line of JSON for each
"""

import json
import sys
import time

import stem
import stem.response


def event(content):
    # Made from the parts, since finding where a message ends is no part of what the others are measured at.
    message = stem.response.ControlMessage([("650", " ", content)], content)
    stem.response.convert("EVENT", message)
    return message


def measure(contents):
    events = 0
    start = time.thread_time_ns()
    for content in contents:
        try:
            event(content)
            events += 1
        except stem.ProtocolError:
            pass
    return time.thread_time_ns() - start, events


def fields(content):
    try:
        found = event(content)
    except stem.ProtocolError as error:
        return {"Err": str(error)}
    return {
        "Ok": {
            "id": found.id,
            "status": found.status,
            "circuit_id": found.circ_id,
            "target_host": found.target_address,
            "target_port": found.target_port,
            "reason": found.reason,
            "remote_reason": found.remote_reason,
            "source": found.source,
            "source_addr": found.source_addr,
            "purpose": found.purpose,
        }
    }


corpora = {}
for line in sys.stdin:
    command, name, *path = line.split()
    if command == "load":
        with open(path[0], encoding="utf-8", newline="") as file:
            corpora[name] = ["STREAM " + content for content in file.read().split("\r\n")[:-1]]
        print(len(corpora[name]), flush=True)
    elif command == "time":
        print(*measure(corpora[name]), flush=True)
    elif command == "read":
        for content in corpora[name]:
            print(json.dumps(fields(content)), flush=True)
