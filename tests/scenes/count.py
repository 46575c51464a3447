#!/usr/bin/env python3
"""count.py TRUTH REPORT: how many matches are right, and how many contradictions found, missed, false.

Prints one line; exit status 1 when an `error` is false, or, with --strict, also when a planted
contradiction is missed or fewer than 99 % of the sessions are matched right.
"""
import json
import sys


def main():
    strict = "--strict" in sys.argv
    truth_path, report_path = [a for a in sys.argv[1:] if not a.startswith("--")]
    truth = json.load(open(truth_path))["connections"]
    report = json.load(open(report_path))
    by_key = {}
    for c in report["connections"]:
        by_key.setdefault((c["client"]["ip"], c["client"]["port"]), []).append(c)
    severity, details = {}, {}
    for f in report["findings"]:
        severity[f["rule"]] = f["severity"]
        details.setdefault((f["connection"], f["rule"]), f["message"])
    right = wrong = unmatched = found = missed = 0
    false = []
    misses = []
    for t in truth:
        for c in by_key.get((t["ip"], t["port"]), []):
            icid = c["log"]["icid"] if c["log"] else None
            if t["icid"] is not None:
                right += icid == t["icid"]
                wrong += icid is not None and icid != t["icid"]
                unmatched += icid is None
            for rule in t["rules"]:
                found += rule in c["findings"]
                missed += rule not in c["findings"]
                if rule not in c["findings"]:
                    misses.append((rule, t["kind"], c["id"], c["verdict"]))
            for rule in c["findings"]:
                if rule.startswith(("log.", "hat.", "policy.")) and rule not in t["rules"] and rule not in (
                        "log.close-mismatch", "hat.undecided"):
                    if not (rule == "log.missing-session" and t["icid"] is None):
                        false.append((severity[rule], rule, c["id"], details.get((c["id"], rule))))
    errors = [f for f in false if f[0] == "error"]
    total = max(1, right + wrong + unmatched)
    print("matched right %d of %d (%.2f %%), wrong %d, unmatched %d; planted found %d, missed %d; "
          "false: %d errors, %d others; clock %s" % (right, total, 100 * right / total, wrong, unmatched, found,
                                           missed, len(errors), len(false) - len(errors), report["clock"]))
    for f in (errors + [x for x in false if x[0] != "error"])[:6]:
        print("  false:", f)
    for m in misses[:6]:
        print("  missed:", m)
    bad = errors or (strict and (missed or right < 0.99 * total))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
