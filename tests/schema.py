#!/usr/bin/env python3
"""Validates reports: schema.py SCHEMA FILE...

FILE is one JSON document, or, when its name ends in .ndjson, one object a line; - is a
document on standard input. SCHEMA may refer to the other schemas of its folder. Beyond
the schema: strict JSON (no repeated key, no float), and what no schema can say, that the
counts of the summary are those of the lists. Exit status 0 when all are valid, 1 if not.
"""
import datetime
import json
import os
import sys
import threading

import jsonschema

try:
    import referencing
except ImportError:  # before version 4.18, as in Debian 12
    referencing = None

formats = jsonschema.FormatChecker()


@formats.checks("date-time", raises=ValueError)
def is_time(text):
    """The library knows this format only with a further package; the digits are in the pattern."""
    return not isinstance(text, str) or datetime.datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")


def strict(text):
    def pairs(items):
        keys = [key for key, _ in items]
        if len(keys) != len(set(keys)):
            raise ValueError("a key comes twice in %s" % keys)
        return dict(items)

    def no_float(number):
        raise ValueError("%s is no integer" % number)

    return json.loads(text, object_pairs_hook=pairs, parse_float=no_float, parse_constant=no_float)


class Check:
    """A schema, for any number of threads: the resolver of Debian 12 remembers where it is."""

    def __init__(self, schema, make):
        self.schema, self.make, self.own = schema, make, threading.local()

    def iter_errors(self, item):
        if not hasattr(self.own, "validator"):
            self.own.validator = self.make()
        return self.own.validator.iter_errors(item)


def validator(path):
    """The schema; the others of its folder are known by their names, so that nothing is fetched."""
    folder = os.path.dirname(os.path.abspath(path))
    schemas = {}
    for name in sorted(os.listdir(folder)):
        if name.endswith(".json"):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                schemas[name] = json.load(file)
            jsonschema.Draft202012Validator.check_schema(schemas[name])
    schema = schemas[os.path.basename(path)]
    known = {other["$id"]: other for other in schemas.values()}

    def make():
        if referencing is None:
            return jsonschema.Draft202012Validator(
                schema, resolver=jsonschema.RefResolver(schema["$id"], schema, store=known), format_checker=formats)
        registry = referencing.Registry().with_resources(
            (name, referencing.Resource.from_contents(other)) for name, other in known.items())
        return jsonschema.Draft202012Validator(schema, registry=registry, format_checker=formats)

    return Check(schema, make)


def count(items, key, names):
    return {name: sum(1 for item in items if item[key] == name) for name in names}


def sums(summary, connections, findings):
    """What the summary says against the lists themselves."""
    if summary["connections"] != len(connections):
        yield "summary.connections is not the number of connections"
    if summary["verdicts"] != count(connections, "verdict", summary["verdicts"]):
        yield "summary.verdicts are not those of the connections"
    if summary["findings"] != count(findings, "severity", summary["findings"]):
        yield "summary.findings are not those of the findings"
    rules = {}
    for finding in findings:
        if finding["connection"] is not None:
            rules.setdefault(finding["connection"], []).append(finding["rule"])
    for connection in connections:
        if connection["findings"] != rules.pop(connection["id"], []):
            yield "connection %d: its findings are not in the list" % connection["id"]
    for connection in rules:
        yield "finding of a connection that is not there: %s" % connection


def faults(check, objects):
    for number, item in enumerate(objects, 1):
        for error in check.iter_errors(item):
            where = "/".join(str(part) for part in error.absolute_path)
            yield "object %d: /%s: %s" % (number, where, error.message[:300])


def lists(objects):
    """(summary, connections, findings) of a document or of lines; None if there is no summary."""
    if len(objects) == 1 and "connections" in objects[0]:
        return objects[0]["summary"], objects[0]["connections"], objects[0]["findings"]
    last = objects[-1] if objects else {}
    if last.get("type") != "summary" or "summary" not in last:
        return None
    return (last["summary"], [o for o in objects if o["type"] == "connection"],
            [o for o in objects if o["type"] == "finding"])


def validate(check, path):
    file = sys.stdin if path == "-" else open(path, encoding="utf-8")
    with file:
        text = file.read()
    try:
        objects = [strict(line) for line in (
            text.splitlines() if path.endswith(".ndjson") else [text])]
    except ValueError as error:
        return ["no JSON: %s" % error]
    found = list(faults(check, objects))
    if not found:
        parts = lists(objects)
        if parts is not None:
            found = list(sums(*parts))
        elif "hatcheck.report/1" in check.schema["title"]:
            found = ["no summary at the end"]
    return found


def main(arguments):
    if len(arguments) < 2:
        sys.exit(__doc__)
    check = validator(arguments[0])
    bad = False
    for path in arguments[1:]:
        for fault in validate(check, path):
            print("%s: %s" % (path, fault))
            bad = True
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
