#!/usr/bin/env python3
"""tiers_vs_man.py - what the manual says about tiers is what the program computes with.

Every tier of lib/tier/tiers.def is an item `.It Cm name` of man/cloudpack-tiers.7, and no other tier is. Every number of
lib/tier/data/*.json is an item `.It Va key` of cloudpack-tiers.7 or cloudpack-model.7 that says its value, for every
Region that has its own, and no other number is. Prints each difference and exits with 1.
"""
import glob
import json
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NUMBER = re.compile(r"(?<![\w.-])\d+(?:\.\d+)?(?![\w-])")


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def items(text, macro):
    """{name: text of its item}; an item of several names is one for each."""
    found, names = {}, []
    for line in text.split("\n"):
        head = re.match(r"\.It %s (.+)$" % macro, line)
        if head:
            names = [n for n in head.group(1).split() if n != ","]
            found.update({n: "" for n in names})
        elif re.match(r"\.(It|El|Bl|Sh|Ss|Pp)\b", line):
            names = []
        for name in names if not head else []:
            found[name] += line + "\n"
    return found


def numbers():
    """{key: set of values} over all data files and Regions."""
    found = {}
    for path in sorted(glob.glob(os.path.join(ROOT, "lib/tier/data/*.json"))):
        for region in json.loads(read(path))["regions"].values():
            for key, entry in region.items():
                found.setdefault(key, set()).add(float(entry["value"]))
    return found


def tier_names():
    """Names as users write them, from each tier's own file."""
    for base in re.findall(r"^CP_TIER\((\w+)\)", read("lib/tier/tiers.def"), re.M):
        yield re.search(r'\.name = "([^"]+)"', read("lib/tier/%s.c" % base)).group(1)


def main():
    tiers_page, model_page = read("man/cloudpack-tiers.7"), read("man/cloudpack-model.7")
    known, told = set(tier_names()), set(items(tiers_page.split(".Ss Numbers")[0], "Cm"))
    bad = ["%s: a tier without a paragraph" % name for name in sorted(known - told)]
    bad += ["%s: a paragraph without a tier" % name for name in sorted(told - known)]

    data, said = numbers(), items(tiers_page, "Va")
    for name, text in items(model_page, "Va").items():
        said[name] = said.get(name, "") + text
    bad += ["%s: a number that the manual does not have" % key for key in sorted(set(data) - set(said))]
    bad += ["%s: a number that the data does not have" % key for key in sorted(set(said) - set(data))]
    for key in sorted(set(data) & set(said)):
        values = {float(n) for n in NUMBER.findall(said[key])}
        bad += ["%s: the manual does not say %r" % (key, value) for value in sorted(data[key] - values)]
    print("\n".join(bad + ["= %d tiers, %d numbers" % (len(known), len(data))]))
    return 1 if bad or not known or not data else 0


if __name__ == "__main__":
    sys.exit(main())
