#!/usr/bin/env python3
"""count.py TRUTH REPORT: how many matches are right, and how many contradictions found, missed, false.

Prints one line; exit status 1 when an `error` is false, or, with --strict, also when a planted
contradiction is missed whose match is said to be sure, more than 2 % are missed, or fewer than 99 % of the
sessions are matched right. (Of two like connections in one second nobody can tell which one was treated
otherwise than logged.)
"""
import collections
import json
import sys

Count = collections.namedtuple(
    "Count", "right wrong unmatched found missed blind errors others faults clock")


# Nothing is planted that these would tell of.
NOT_PLANTED = ("log.close-mismatch", "hat.undecided")


def count(truth_path, report_path):
    """`blind`: of the missed ones those whose match is ambiguous. `faults`: the false and the missed."""
    with open(truth_path, encoding="utf-8") as f:
        truth = json.load(f)["connections"]
    with open(report_path, encoding="utf-8") as f:
        report = json.load(f)
    by_key = {}
    for c in report["connections"]:
        by_key.setdefault((c["client"]["ip"], c["client"]["port"]), []).append(c)
    severity, details = {}, {}
    for f in report["findings"]:
        severity[f["rule"]] = f["severity"]
        details.setdefault((f["connection"], f["rule"]), f["message"])
    right = wrong = unmatched = found = 0
    false, misses, blind = [], [], 0
    for t in truth:
        for c in by_key.get((t["ip"], t["port"]), []):
            icid = c["log"]["icid"] if c["log"] else None
            if t["icid"] is not None:
                right += icid == t["icid"]
                wrong += icid is not None and icid != t["icid"]
                unmatched += icid is None
            for rule in t["rules"]:
                found += rule in c["findings"]
                if rule not in c["findings"]:
                    misses.append(("missed", rule, c["id"], t["kind"], c["verdict"]))
                    blind += c["log"] is not None and c["log"]["confidence"] == "low"
            for rule in c["findings"]:
                if rule in NOT_PLANTED or not rule.startswith(("log.", "hat.", "policy.")):
                    continue
                silent = rule == "log.missing-session" and t["icid"] is None
                if rule not in t["rules"] and not silent:
                    false.append((severity[rule], rule, c["id"], details.get((c["id"], rule))))
    errors = [f for f in false if f[0] == "error"]
    return Count(right, wrong, unmatched, found, len(misses), blind, len(errors),
                 len(false) - len(errors), errors + misses + false, report["clock"])


def bad(n, strict):
    """Why the count will not do, or None."""
    if n.errors:
        return "%d false errors" % n.errors
    if strict and (n.missed > n.blind or n.missed * 50 > n.found + n.missed):
        return "%d missed, %d of them ambiguous" % (n.missed, n.blind)
    if strict and n.right < 0.99 * (n.right + n.wrong + n.unmatched):
        return "%d matched wrong, %d not" % (n.wrong, n.unmatched)
    return None


def line(n):
    total = max(1, n.right + n.wrong + n.unmatched)
    return ("matched right %d of %d (%.2f %%), wrong %d, unmatched %d; planted found %d, missed %d "
            "(%d ambiguous); false: %d errors, %d others" % (
                n.right, total, 100 * n.right / total, n.wrong, n.unmatched, n.found, n.missed,
                n.blind, n.errors, n.others))


def main():
    n = count(*[a for a in sys.argv[1:] if not a.startswith("--")])
    print(line(n) + "; clock %s" % n.clock)
    for fault in n.faults[:12]:
        print("  %s" % (fault,))
    return 1 if bad(n, "--strict" in sys.argv) else 0


if __name__ == "__main__":
    sys.exit(main())
