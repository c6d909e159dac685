"""Writes changes of functions into the text of a file of Rust. Part of mutants.py."""

import re

# Comments, texts, characters and lifetimes, in which a bracket opens nothing; then the brackets that do.
TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/|b?r(#*)".*?"\1|b?"(?:\\.|[^"\\])*"|b?'(?:\\[^\n']*'|\\''|[^\\'\n]')|'\w+|[\[\](){}]""", re.DOTALL
)


def body(text, start):
    """Returns the range of a function's body, braces included, which begins behind `start`."""
    depth, opening = 0, None
    for token in TOKEN.finditer(text, start):
        if token[0] in "([{":
            if token[0] == "{" and depth == 0:
                opening = token.start()
            depth += 1
        elif token[0] in ")]}":
            depth -= 1
            if depth == 0 and opening is not None:
                # Braces in the type that the function returns hold a constant.
                if not re.match(r"\s*[>,]", text[token.end() :][:100]):
                    return opening, token.end()
                opening = None
    raise ValueError("a function without an end")


def changed(text, diff):
    """Returns the text with a unified diff of one hunk."""
    lines, hunks = text.split("\n"), diff.split("\n@@ ")
    assert len(hunks) == 2, diff
    head, _, rest = hunks[1].partition("\n")
    first, length = (int(number) for number in re.match(r"-(\d+),(\d+)", head).groups())
    new = [line[1:] for line in rest.split("\n") if line[:1] in (" ", "+")]
    return "\n".join(lines[: first - 1] + new + lines[first - 1 + length :])


def offset(text, place):
    """Returns the offset of a place in a text."""
    at = 0
    for _ in range(place["line"] - 1):
        at = text.index("\n", at) + 1
    return at + place["column"] - 1


class File:
    """A file, and its functions with the bodies that they can have."""

    def __init__(self, text, changes):
        """Takes changes by their number. A change of a function within another one is a change of the outer."""
        self.text = text
        # By the offset of each function that is not within another one: its changed bodies, by the numbers of the changes.
        self.functions = {}
        # Changes of functions that may compute constants.
        self.const = set()
        outer = end = -1
        starts = {number: offset(text, change["function"]["span"]["start"]) for number, change in changes.items()}
        for number, start in sorted(starts.items(), key=lambda item: item[1]):
            if start >= end:
                outer, (opening, end) = start, body(text, start)
                is_const = re.search(r"\bconst\b[^(]*\bfn\b", text[outer:opening])
            if is_const:
                self.const.add(number)
            new = changed(text, changes[number]["diff"])
            opening, closing = body(new, outer)
            self.functions.setdefault(outer, {})[number] = new[opening:closing]

    def render(self, dropped):
        """Returns the text with all changes but those dropped, and the first and last line of each."""
        parts, lines, at, line = [], {}, 0, 1

        def put(text):
            nonlocal line
            parts.append(text)
            line += text.count("\n")

        for start, bodies in sorted(self.functions.items()):
            opening, end = body(self.text, start)
            put(self.text[at:opening])
            put("{ match crate::mutants::chosen() {\n")
            for number, text in bodies.items():
                if number not in dropped:
                    first = line
                    put(f"{number} => {text}\n")
                    lines[number] = (first, line - 1)
            put("_ => " + self.text[opening:end] + "\n} }")
            at = end
        put(self.text[at:])
        return "".join(parts), lines
