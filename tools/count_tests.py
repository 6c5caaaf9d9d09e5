#!/usr/bin/env python3
"""Counts test cases: every GoogleTest case by its program's JSON report, every other ctest entry as one.

usage: count_tests.py FOLDER   (holds ctest.xml and one NAME.json a GoogleTest program)
Prints "N passed, N failed[, N skipped]"; exits 1 when one failed or none ran.
"""
import json
import pathlib
import sys
import xml.etree.ElementTree as xml


def count_program(report):
    passed = failed = skipped = 0
    for suite in json.loads(report.read_text()).get("testsuites", []):
        for case in suite.get("testsuite", []):
            if case.get("result") == "SKIPPED" or case.get("status") == "NOTRUN":
                skipped += 1
            elif case.get("failures"):
                failed += 1
            else:
                passed += 1
    return passed, failed, skipped


def main():
    folder = pathlib.Path(sys.argv[1])
    passed = failed = skipped = 0
    for entry in xml.parse(folder / "ctest.xml").getroot().iter("testcase"):
        report = folder / (entry.get("name") + ".json")
        ok = entry.get("status") == "run"
        if report.exists():
            counts = count_program(report)
            passed, failed, skipped = (a + b for a, b in zip((passed, failed, skipped), counts))
            if not ok and counts[1] == 0:
                failed += 1  # the program itself crashed or timed out
        elif entry.get("status") in ("notrun", "disabled"):
            skipped += 1
        elif ok:
            passed += 1
        else:
            failed += 1
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
