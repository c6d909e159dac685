"""Tells public types, functions and constants whose documentation has no example, or one that is too long for a phone.

    doc_examples.py RUSTDOC.json
"""

import json
import re
import sys

# Maximum number of lines that an example shows, and of characters in one.
LINES, COLUMNS = 10, 90


def public_items(items, root):
    """Returns the names and texts of the items that the crate's root names, and of their own functions and constants."""
    for number in items[root]["inner"]["module"]["items"]:
        # The root has items of modules, which are private, by `pub use` only.
        item = items[str(items[str(number)]["inner"]["use"]["id"])]
        name, kind = item["name"], item["inner"]
        yield name, item["docs"] or ""
        for implementation in next(iter(kind.values())).get("impls", []):
            implementation = items[str(implementation)]["inner"]["impl"]
            if implementation["trait"] is None:
                for function in (items[str(number)] for number in implementation["items"]):
                    if function["visibility"] == "public":
                        yield f"{name}::{function['name']}", function["docs"] or ""


def main(path):
    with open(path, encoding="utf-8") as file:
        crate = json.load(file)
    count, wrong = 0, []
    for name, docs in public_items(crate["index"], str(crate["root"])):
        count += 1
        blocks = re.findall(r"^ ?```(.*?)\n(.*?)^ ?```$", docs, re.MULTILINE | re.DOTALL)
        examples = [code for language, code in blocks if language != "text"]
        if not examples:
            wrong.append(f"{name} has no example")
        for example in examples:
            shown = [line for line in example.splitlines() if not re.match(r" ?#( |$)", line)]
            if len(shown) > LINES or max(map(len, shown)) > COLUMNS:
                wrong.append(f"an example of {name} has {len(shown)} lines, the longest of {max(map(len, shown))} characters")
    print("\n".join([*wrong, f"{count} public items with examples" if not wrong else f"{len(wrong)} of {count} public items"]))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
