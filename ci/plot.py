"""Counts the streams of a log of OnionPerf without the tool, and compares the numbers with those of a page that
`tor-streams plot` drew. A picture that it drew has to be well-formed: plot.py LOG PAGE PICTURE."""

import re
import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter, defaultdict
from fractions import Fraction
from html.parser import HTMLParser

EVENT = re.compile(rb"\S+ \S+ (\d+\.\d+) 650 STREAM (\w+) ([A-Z_]+) (\w+) (.*?)\r?\n?$")
REASON = re.compile(rb" REASON=( ?\w+)(?: REMOTE_REASON=( ?\w+))?(?: (?:SOCKS_|CLIENT_PROTOCOL).*)?$")
PERCENTILES = [5, 25, 50, 75, 90, 95, 99]


class Stream:
    """The times of a stream, and the reasons of its end. `start` is `None` if the log lacks its beginning."""

    def __init__(self, first, known):
        self.first = first
        self.start = first if known else None
        self.kind = self.answer = self.failed = self.closed = self.cause = self.close_cause = None

    def end(self):
        if self.has_failed():
            return "failed"
        if self.answer is not None:
            return "answered"
        return "closed, no answer" if self.closed is not None else "open at the end"

    def has_failed(self):
        # tor prints no FAILED for a look-up without an answer.
        is_lookup = self.kind == "look-ups" and self.closed is not None and self.answer is None
        return self.failed is not None or is_lookup and self.close_cause not in (None, "DONE")


def read(path):
    """Returns the streams of a log."""
    live, streams = {}, []
    for line in open(path, "rb"):
        event = EVENT.match(line)
        if not event:
            continue
        time, number, status, _, rest = event.groups()
        time, status = Fraction(time.decode()), status.decode()
        if status in ("NEW", "NEWRESOLVE") or number not in live:
            stream = Stream(time, status in ("NEW", "NEWRESOLVE"))
            live[number] = stream
            streams.append(stream)
            host = rest.split(b" ")[0].rpartition(b":")[0].lower()
            stream.kind = "onion services" if host.endswith(b".onion") else "other connections"
            if status == "NEWRESOLVE":
                stream.kind = "look-ups"
        stream = live[number]
        reason = REASON.search(rest)
        cause = "/".join(word.decode().strip() for word in reason.groups() if word) if reason else None
        if status == "SUCCEEDED" and stream.answer is None:
            stream.answer = time
        if status == "FAILED" and stream.failed is None:
            stream.failed, stream.cause = time, cause
        if status == "CLOSED":
            stream.closed, stream.close_cause = time, cause
            del live[number]
    return streams


def text(seconds):
    """Returns a time as the page writes it."""
    for limit, unit, factor in ((0.0009995, "µs", 1e6), (0.9995, "ms", 1e3), (float("inf"), "s", 1)):
        if seconds < limit:
            number = float(seconds) * factor
            return f"{number:.{2 if number < 9.995 else 1 if number < 99.95 else 0}f} {unit}"


def percentiles(times):
    """Returns the row of a curve: the number of times, and for each share the shortest time that it does not exceed."""
    times = sorted(times)
    return [f"{len(times):,}"] + [text(times[max(-(-len(times) * percent // 100), 1) - 1]) for percent in PERCENTILES]


class Page(HTMLParser):
    """The rows of the numbers in a page, by figure, and the names of its elements."""

    def __init__(self, page):
        super().__init__()
        self.figure, self.cell, self.rows, self.tags = None, None, defaultdict(list), Counter()
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags[tag] += 1
        if tag == "figure":
            self.figure = dict(attributes)["id"]
        elif tag == "tr":
            self.rows[self.figure].append([])
        elif tag in ("th", "td"):
            self.cell = ""

    def handle_data(self, data):
        if self.cell is not None:
            self.cell += data

    def handle_endtag(self, tag):
        if tag in ("th", "td"):
            self.rows[self.figure][-1].append(self.cell)
            self.cell = None


def check(name, found, expected):
    if found != expected:
        sys.exit(f"{name}: {found} in the page, {expected} in the log")


def main(log, page, picture):
    streams = read(log)
    rows = Page(open(page, encoding="utf-8").read()).rows
    answers, lifetimes, ends, causes = defaultdict(list), defaultdict(list), Counter(), Counter()
    for stream in streams:
        ends[stream.end()] += 1
        if stream.has_failed():
            causes[stream.cause if stream.failed is not None else stream.close_cause] += 1
        if stream.start is None:
            continue
        if stream.answer is not None:
            answers[stream.kind].append(stream.answer - stream.start)
        end = stream.failed if stream.failed is not None else stream.closed
        if end is not None:
            lifetimes[stream.end()].append(end - stream.start)
    for figure, curves in (("answers", answers), ("lifetimes", lifetimes)):
        check(figure, {row[0]: row[1:] for row in rows[figure][1:]}, {name: percentiles(times) for name, times in curves.items()})

    def total(figure):
        head, *steps = rows[figure]
        counts = [name for name in head if name and name != "from" and not name.endswith("%")]
        number = lambda step, name: int(step[head.index(name)].replace(",", ""))
        return {name: sum(number(step, name) for step in steps) for name in counts}

    check("streams", total("streams"), dict(ends))
    drawn = total("failures")
    check("failures", sum(drawn.values()), sum(causes.values()))
    check("causes", {name: drawn[name] for name in drawn if name != "other causes"}, {name: causes[name] for name in drawn if name != "other causes"})
    check("most frequent", sorted(drawn[name] for name in drawn if name != "other causes"), sorted(sorted(causes.values())[-7:]))
    check("answers over time", total("answers-over-time")["streams"], sum(map(len, answers.values())))
    ElementTree.parse(picture)
    print(f"{log}: {len(streams)} streams, {sum(ends.values()) - ends['failed']} not failed, five figures with the numbers of the log")


main(*sys.argv[1:])
