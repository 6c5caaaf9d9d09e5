#!/usr/bin/env python3
"""Chooses the test rows of the four hospitals, once and for all.

    split.py FOLDER      reads processed.*.data there, writes rows/*.txt beside this script

A row is usable when none of the columns the schema names is missing; usable rows are counted from 0, as
Cairn's reader counts them. Of each hospital a third of the usable rows of each class becomes its test
set: those whose SHA-256 of "hospital:row" is smallest. The pooled test set is the four of them, numbered
through the four files in the order of HOSPITALS.
"""
import hashlib
import pathlib
import sys

HOSPITALS = ["cleveland", "hungarian", "switzerland", "va"]
USED = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 13]  # of the 14 columns: all but slope, ca and thal
LABEL = 13


def usable_labels(path):
    rows = [line.strip().split(",") for line in path.read_text().splitlines() if line.strip()]
    rows = [row for row in rows if all(row[column].strip() != "?" for column in USED)]
    return [int(float(row[LABEL]) > 0) for row in rows]


def test_rows(hospital, labels):
    chosen = []
    for label in (0, 1):
        rows = [i for i, value in enumerate(labels) if value == label]
        rows.sort(key=lambda i: hashlib.sha256(f"{hospital}:{i}".encode()).digest())
        chosen += rows[: round(len(rows) / 3)]
    return sorted(chosen)


def write(name, rows, about):
    folder = pathlib.Path(__file__).parent / "rows"
    lines = [f"# {about}, made by split.py"]
    for start in range(0, len(rows), 20):
        lines.append(" ".join(map(str, rows[start : start + 20])))
    (folder / f"{name}.txt").write_text("\n".join(lines) + "\n")


def main():
    pooled, first = [], 0
    for hospital in HOSPITALS:
        labels = usable_labels(pathlib.Path(sys.argv[1]) / f"processed.{hospital}.data")
        test = test_rows(hospital, labels)
        train = sorted(set(range(len(labels))) - set(test))
        write(f"{hospital}-train", train, f"training rows of {hospital}")
        write(f"{hospital}-test", test, f"test rows of {hospital}")
        pooled += [first + row for row in test]
        first += len(labels)
        print(f"{hospital:12} {len(labels):4} usable, {len(train):4} train, {len(test):4} test, "
              f"positive {sum(labels)}, of the test rows {sum(labels[i] for i in test)}")
    write("pooled-test", pooled, "test rows of the four hospitals together")


if __name__ == "__main__":
    main()
