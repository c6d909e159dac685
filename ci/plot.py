"""Counts the streams of a log of OnionPerf without the tool, and compares the numbers with those of a page that
`tor-streams plot` drew. The picture of a figure has to be well-formed: plot.py LOG PAGE PICTURE."""

import re
import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter, defaultdict
from fractions import Fraction
from html.parser import HTMLParser

# An event behind OnionPerf's date, time and Unix time: Unix time, ID, status, circuit, target and fields.
EVENT = re.compile(rb"\S+ \S+ (\d+\.\d+) 650 STREAM (\w+) ([A-Z_]+) (\w+) (.*?)\r?\n?$")
# The reasons of an event. tor prints a space before the code of a reason for which it has no word (`REASON= UNKNOWN_15`), and newer
# tors print fields after the reasons.
REASON = re.compile(rb" REASON=( ?\w+)(?: REMOTE_REASON=( ?\w+))?(?: (?:SOCKS_|CLIENT_PROTOCOL).*)?$")
# The shares of a curve whose times the page has, in percent.
PERCENTILES = [5, 25, 50, 75, 90, 95, 99]
# The number of causes of failures that the page has, the most frequent first. The others are counted together.
CAUSES = 7


class Stream:
    """The times of a stream's NEW or NEWRESOLVE (`start`), first SUCCEEDED (`answer`), first FAILED and CLOSED, and the reasons of
    the last two (`cause` and `close_cause`). Each is `None` if the log lacks it."""

    def __init__(self, kind, start):
        self.kind, self.start = kind, start
        self.answer = self.failed = self.closed = self.cause = self.close_cause = None

    def end(self):
        if self.has_failed():
            return "failed"
        if self.answer is not None:
            return "answered"
        return "closed, no answer" if self.closed is not None else "no answer, no end"

    def has_failed(self):
        # tor prints no FAILED for a look-up without an answer.
        is_without_answer = self.kind == "look-ups" and self.closed is not None and self.answer is None
        return self.failed is not None or is_without_answer and self.close_cause not in (None, "DONE")


def read(path):
    """Returns the streams of a log."""
    live, streams = {}, []
    for line in open(path, "rb"):
        event = EVENT.match(line)
        if not event:
            continue
        time, number, status, _, rest = event.groups()
        time, status = Fraction(time.decode()), status.decode()
        begins = status in ("NEW", "NEWRESOLVE")
        if begins or number not in live:
            host = rest.split(b" ")[0].rpartition(b":")[0].lower()
            kind = "onion services" if host.endswith(b".onion") else "other connections"
            live[number] = Stream("look-ups" if status == "NEWRESOLVE" else kind, time if begins else None)
            streams.append(live[number])
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
    """Returns a time as the page writes it, with three digits. A limit is the least time that would be rounded to a whole
    larger unit."""
    for limit, unit, factor in ((0.0009995, "µs", 1e6), (0.9995, "ms", 1e3), (float("inf"), "s", 1)):
        if seconds < limit:
            number = float(seconds) * factor
            decimals = 2 if number < 9.995 else 1 if number < 99.95 else 0
            return f"{number:.{decimals}f} {unit}"


def percentiles(times):
    """Returns the row of a curve: the number of times, and for each share the least time that so many of the times do not
    exceed."""
    times = sorted(times)
    # Rounded up, and at least one.
    ranks = [max(-(-len(times) * percent // 100), 1) for percent in PERCENTILES]
    return [f"{len(times):,}"] + [text(times[rank - 1]) for rank in ranks]


class Page(HTMLParser):
    """The rows of the tables in a page, by figure. `cell` is the text of an open cell."""

    def __init__(self, page):
        super().__init__()
        self.figure, self.cell, self.rows = None, None, defaultdict(list)
        self.feed(page)

    def handle_starttag(self, tag, attributes):
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
        # Below the head of the table, a row for each curve.
        found = {row[0]: row[1:] for row in rows[figure][1:]}
        check(figure, found, {name: percentiles(times) for name, times in curves.items()})

    def total(figure):
        """Returns the sum of each column of counts, over the steps of time. Columns of shares have other names."""
        head, *steps = rows[figure]
        counts = [name for name in head if name and name != "from" and not name.endswith("%")]
        number = lambda step, name: int(step[head.index(name)].replace(",", ""))
        return {name: sum(number(step, name) for step in steps) for name in counts}

    check("streams", total("streams"), dict(ends))
    named = total("failures")
    check("failures", sum(named.values()), sum(causes.values()))
    named.pop("other causes", None)
    check("causes", named, {name: causes[name] for name in named})
    check("most frequent", sorted(named.values()), sorted(causes.values())[-CAUSES:])
    check("answers over time", total("answers-over-time")["streams"], sum(map(len, answers.values())))
    ElementTree.parse(picture)
    print(f"{log}: {len(streams)} streams, {sum(ends.values()) - ends['failed']} not failed, five figures with the numbers of the log")


main(*sys.argv[1:])
