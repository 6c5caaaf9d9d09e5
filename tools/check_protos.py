#!/usr/bin/env python3
"""Compares the protos with the lock file: nothing may vanish, change its number or its type.

usage: check_protos.py [--accept]
"""
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROTO = ROOT / "protocol" / "proto"
LOCK = PROTO / "cairn_v1.lock"


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def fields(data):
    """The protobuf wire format, enough of it for a descriptor: (number, value) pairs."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        elif key & 7 == 2:
            size, at = varint(data, at)
            value, at = data[at : at + size], at + size
        else:
            raise ValueError(f"wire type {key & 7}")
        yield key >> 3, value


def first(data, number, default=None):
    return next((value for n, value in fields(data) if n == number), default)


def text(data, number):
    return first(data, number, b"").decode()


def describe_message(message, prefix, out):
    name = prefix + text(message, 1)
    for number, value in fields(message):
        if number == 2:
            kind = text(value, 6) or str(first(value, 5))
            out.add(f"{name} {first(value, 3)} {text(value, 1)} type {kind} label {first(value, 4)}")
        elif number == 3:
            describe_message(value, name + ".", out)
        elif number == 4:
            describe_enum(value, name + ".", out)


def describe_enum(enum, prefix, out):
    for number, value in fields(enum):
        if number == 2:
            out.add(f"{prefix}{text(enum, 1)} {first(value, 2, 0)} {text(value, 1)} enum")


def describe(files):
    with tempfile.NamedTemporaryFile() as descriptor:
        subprocess.run(["protoc", f"-I{PROTO}", "-o", descriptor.name, *map(str, files)], check=True)
        data = pathlib.Path(descriptor.name).read_bytes()
    out = set()
    for _, file in fields(data):
        package = text(file, 2) + "."
        for number, value in fields(file):
            if number == 4:
                describe_message(value, package, out)
            elif number == 5:
                describe_enum(value, package, out)
            elif number == 6:
                service = package + text(value, 1)
                for inner, method in fields(value):
                    if inner == 2:
                        out.add(f"{service}.{text(method, 1)} {text(method, 2)} -> {text(method, 3)} method")
    return out


def main():
    files = sorted(PROTO.rglob("*.proto"))
    for file in files:
        if file.relative_to(PROTO).parts[:2] != ("cairn", "v1"):
            print(f"{file.relative_to(ROOT)}: a proto outside cairn/v1 can collide with LibTorch's at start-up")
            return 1
        if not re.search(r"^package cairn\.v1;", file.read_text(), re.M):
            print(f"{file.relative_to(ROOT)}: not in package cairn.v1")
            return 1
    now = describe(files)
    if "--accept" in sys.argv[1:]:
        LOCK.write_text("\n".join(sorted(now)) + "\n")
        return 0
    locked = set(LOCK.read_text().splitlines())
    for line in sorted(locked - now):
        print(f"gone or changed: {line}")
    for line in sorted(now - locked):
        print(f"new, not in {LOCK.relative_to(ROOT)} (tools/check_protos --accept): {line}")
    return 1 if locked != now else 0


if __name__ == "__main__":
    sys.exit(main())
