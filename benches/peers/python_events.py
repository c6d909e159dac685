"""Reads STREAM events with a Python library, stem (or cepa, which is imported under its name) or aiostem, as told by lines
on standard input:

load NAME PATH   takes the contents in a file, each ended by CR LF; answers with their number
time NAME        reads them all; answers with the nanoseconds of processor time and the number of events
read NAME        reads them all; answers with a line of JSON for each

The libraries read messages: a message is `STREAM `, then a content.

usage: python_events.py stem|aiostem
"""

import json
import sys
import time


def stem_parser():
    import stem
    import stem.response

    def parse(message):
        # Made from the parts, since finding where a message ends is no part of what the others are measured at.
        event = stem.response.ControlMessage([("650", " ", message)], message)
        # Turns it into an event of the class StreamEvent.
        stem.response.convert("EVENT", event)
        return event

    def fields(event):
        return {
            "id": event.id,
            "status": event.status,
            "circuit_id": event.circ_id,
            "target_host": event.target_address,
            "target_port": event.target_port,
            "reason": event.reason,
            "remote_reason": event.remote_reason,
            "source": event.source,
            "source_addr": event.source_addr,
            "purpose": event.purpose,
        }

    return parse, fields, stem.ProtocolError


def aiostem_parser():
    from aiostem.event import event_from_message
    from aiostem.utils import Message

    def parse(message):
        return event_from_message(Message(status=650, header=message))

    def text(value):
        return None if value is None else str(getattr(value, "value", value))

    def source_addr(addr):
        # tor prints no brackets.
        return None if addr is None else f"{addr.host}:{addr.port}"

    def fields(event):
        return {
            "id": str(event.stream),
            "status": text(event.status),
            "circuit_id": str(event.circuit) if event.circuit else None,
            "target_host": str(event.target).rpartition(":")[0],
            "target_port": event.target.port,
            "reason": text(event.reason),
            "remote_reason": text(event.remote_reason),
            "source": text(event.source),
            "source_addr": source_addr(event.source_addr),
            "purpose": text(event.purpose),
        }

    # Its own errors, pydantic's and those of addresses have no type in common.
    return parse, fields, Exception


parse, fields, errors = {"stem": stem_parser, "aiostem": aiostem_parser}[sys.argv[1]]()


def measure(messages):
    events = 0
    start = time.thread_time_ns()
    for message in messages:
        try:
            parse(message)
            events += 1
        except errors:
            pass
    return time.thread_time_ns() - start, events


def answer(message):
    try:
        return {"Ok": fields(parse(message))}
    except errors as error:
        return {"Err": str(error).partition("\n")[0]}


# The messages by the name of their input.
inputs = {}
for line in sys.stdin:
    # A path may have spaces.
    command, name, *path = line.removesuffix("\n").split(" ", 2)
    if command == "load":
        with open(path[0], encoding="utf-8", newline="") as file:
            inputs[name] = ["STREAM " + content for content in file.read().split("\r\n")[:-1]]
        print(len(inputs[name]), flush=True)
    elif command == "time":
        print(*measure(inputs[name]), flush=True)
    elif command == "read":
        for message in inputs[name]:
            print(json.dumps(answer(message)), flush=True)
