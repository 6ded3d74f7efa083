#!/usr/bin/env python3
"""config_vs_man.py - every setting of lib/config/keys.def is in man/cloudpack.yml.5, and nothing else is.

A setting is documented by one `.It Ic key` item. The item must also say the choices and the default that keys.def has,
so that a changed default cannot leave an old one in the page. Prints each difference and exits with 1; 2 when a file
cannot be read as expected.

    config_vs_man.py [KEYS.DEF [PAGE]]
"""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
STRING = r'"((?:[^"\\]|\\.)*)"'
# CP_KEY(field, "path", KIND, min, max, "choices", "default", "example", "help")
KEY = re.compile(r"^CP_KEY\(\s*\w+\s*,\s*%s\s*,\s*(\w+)\s*,[^,]+,[^,]+,\s*%s\s*,\s*%s\s*," % (STRING, STRING, STRING), re.M)
ITEM = re.compile(r"^\.It Ic (\S+)\s*$")


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def settings(text):
    """{path: (choices, default)} of keys.def."""
    found = {}
    for path, _kind, choices, default in KEY.findall(text):
        if path in found:
            raise ValueError("%s is there twice" % path)
        found[path] = ([c for c in choices.split("|") if c], default)
    lines = len(re.findall(r"^CP_KEY\(", text, re.M))
    if lines == 0 or lines != len(found):
        raise ValueError("%d CP_KEY lines, %d understood" % (lines, len(found)))
    return found


def items(text):
    """{key: text of its item} of the page; the macros' names are left out, escapes removed."""
    found, key = {}, None
    for line in text.split("\n"):
        match = ITEM.match(line)
        if match:
            key = match.group(1)
            if key in found:
                raise ValueError("%s is there twice" % key)
            found[key] = []
        elif re.match(r"\.(It|El|Sh|Ss)\b", line):
            key = None
        elif key:
            found[key].append(re.sub(r"^\.\w+ ", "", line.replace("\\&", "")))
    return {k: "\n".join(lines) for k, lines in found.items()}


def says(text, word):
    """True when `word` stands alone in `text`: "3.1" is not said by "3.10"."""
    return re.search(r"(?<![\w.-])%s(?![\w-]|\.\w)" % re.escape(word), text) is not None


def differences(known, documented):
    for key in known:
        if key not in documented:
            yield "%s: in keys.def, not in the page" % key
            continue
        choices, default = known[key]
        for word in choices + ([default] if default else []):
            if not says(documented[key], word):
                yield "%s: the page does not say %s" % (key, word)
    for key in documented:
        if key not in known:
            yield "%s: in the page, not in keys.def" % key


def main(argv):
    keys = argv[1] if len(argv) > 1 else os.path.join(ROOT, "lib", "config", "keys.def")
    page = argv[2] if len(argv) > 2 else os.path.join(ROOT, "man", "cloudpack.yml.5")
    path = keys
    try:
        known = settings(read(keys))
        path = page
        documented = items(read(page))
    except (OSError, ValueError) as error:
        print("%s: %s" % (path, error), file=sys.stderr)
        return 2
    wrong = list(differences(known, documented))
    for line in wrong:
        print(line)
    print("= %d settings" % len(known))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
