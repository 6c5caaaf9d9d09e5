#!/usr/bin/env python3
"""Writes the corpus of fuzz_safetensors: python3 make_safetensors_corpus.py FOLDER

A file's name says what a reader must answer: ok-… is read, NNNN-… is refused with error CAIRN-NNNN. The unit
test of safetensors holds every file to its name; the fuzz target starts from all of them. Same bytes each run.
"""

import json
import pathlib
import struct
import sys


def framed(header, data=b"", length=None):
    """Header length, header (text or object), data; `length` tells a lie."""
    text = header if isinstance(header, (bytes, str)) else json.dumps(header, separators=(",", ":"))
    raw = text if isinstance(text, bytes) else text.encode()
    return struct.pack("<Q", len(raw) if length is None else length) + raw + data


def tensor(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def one(dtype="F32", shape=(2,), begin=0, end=8, name="w", data=b"\0" * 8):
    return framed({name: tensor(dtype, list(shape), begin, end)}, data)


def raw_one(members, data=b"\0" * 8):
    return framed('{"w":{' + members + "}}", data)


W = '"dtype":"F32","shape":[2],"data_offsets":[0,8]'
F32 = struct.pack("<2f", 1.5, -2.25)

VALID = {
    "f32": one(data=F32),
    "f16": one("F16", (4,), 0, 8, data=struct.pack("<4e", 1.5, -2.25, 6e-8, 65504)),
    "bf16": one("BF16", (2,), 0, 4, data=struct.pack("<2H", 0x3FC0, 0xC010)),
    "i64-scalar": one("I64", (), 0, 8, data=struct.pack("<q", -7)),
    "i32-u8-bool": framed(
        {"a": tensor("I32", [1], 0, 4), "b": tensor("U8", [3], 4, 7), "c": tensor("BOOL", [1], 7, 8)}, b"\1" * 8
    ),
    "no-tensors": framed({}),
    "empty-tensor-between": framed(
        {"a": tensor("F32", [1], 0, 4), "b": tensor("F32", [0, 5], 4, 4), "c": tensor("F32", [1], 4, 8)}, F32
    ),
    "metadata": framed({"__metadata__": {"format": "pt", "n\u00e9": "\U0001f5ff"}, "w": tensor("F32", [2], 0, 8)}, F32),
    "roles": framed(
        {"__metadata__": {"cairn.roles": "buffer exchanged b\nparameter local a\n"},
         "a": tensor("F32", [1], 0, 4), "b": tensor("F32", [1], 4, 8)}, F32),
    "blanks": framed(' \n{ "w" : { "shape" : [ 2 ] , "dtype" : "F32" ,\t"data_offsets" : [ 0 , 8 ] } }   ', F32),
    "escapes": framed('{"\\u0077\\ud83d\\ude00\\/":{' + W + "}}", F32),
    "rank-8": one(shape=(1, 1, 1, 1, 1, 1, 1, 2)),
    "nan": one(data=struct.pack("<2f", float("nan"), float("inf"))),
}

HOSTILE = {
    # size
    "4202-empty-file": b"",
    "4202-seven-bytes": b"\0" * 7,
    "4202-no-header": framed(b""),
    "4202-header-length-past-end": framed({}, length=3),
    "4202-header-length-over-limit": framed({}, b"\0" * 64, length=(1 << 20) + 1),
    "4202-header-length-max": framed({}, b"\0" * 64, length=(1 << 64) - 1),
    "4202-header-length-negative": framed({}, b"\0" * 64, length=1 << 63),
    "4202-header-cut": one()[:20],
    "4202-data-cut": one(data=b"\0" * 7),
    "4202-data-missing": one(data=b""),
    "4202-trailing-byte": one(data=b"\0" * 9),
    "4202-trailing-data-without-tensors": framed({}, b"\0"),
    # offsets
    "4202-offsets-start-late": one(begin=4, end=12, data=b"\0" * 12),
    "4202-offsets-reversed": one(begin=8, end=0),
    "4202-offsets-gap": framed({"a": tensor("F32", [1], 0, 4), "b": tensor("F32", [1], 8, 12)}, b"\0" * 12),
    "4202-offsets-overlap": framed({"a": tensor("F32", [2], 0, 8), "b": tensor("F32", [2], 4, 12)}, b"\0" * 12),
    "4202-offsets-same-data-twice": framed({"a": tensor("F32", [2], 0, 8), "b": tensor("F32", [2], 0, 8)}, F32),
    "4202-offsets-descending": framed({"a": tensor("F32", [1], 4, 8), "b": tensor("F32", [1], 0, 4)}, F32),
    "4202-offsets-past-end": one(shape=(4,), end=16),
    "4202-offset-max": one(begin=0, end=(1 << 63) - 1),
    "4202-offset-over-64-bits": raw_one('"dtype":"F32","shape":[2],"data_offsets":[0,18446744073709551616]'),
    "4202-offset-negative": one(begin=-8, end=0),
    "4202-offsets-three": raw_one('"dtype":"F32","shape":[2],"data_offsets":[0,8,8]'),
    "4202-offsets-one": raw_one('"dtype":"F32","shape":[2],"data_offsets":[8]'),
    # shape and dtype
    "4202-shape-too-small": one(shape=(1,)),
    "4202-shape-too-large": one(shape=(3,)),
    "4202-shape-overflow-to-right-size": one(shape=(1 << 62, 4, 2)),
    "4202-shape-product-2-to-64": one(shape=(1 << 32, 1 << 32)),
    "4202-shape-negative": one(shape=(-2,)),
    "4202-shape-two-negatives": one(shape=(-1, -2)),
    "4202-shape-fraction": raw_one('"dtype":"F32","shape":[2.0],"data_offsets":[0,8]'),
    "4202-shape-exponent": raw_one('"dtype":"F32","shape":[2e0],"data_offsets":[0,8]'),
    "4202-shape-leading-zero": raw_one('"dtype":"F32","shape":[02],"data_offsets":[0,8]'),
    "4202-shape-string": raw_one('"dtype":"F32","shape":["2"],"data_offsets":[0,8]'),
    "4202-shape-nested": raw_one('"dtype":"F32","shape":[[2]],"data_offsets":[0,8]'),
    "4202-rank-9": one(shape=(1,) * 8 + (2,)),
    "4202-rank-thousands": one(shape=(1,) * 9000),
    "4202-dtype-unknown": one("F64", (1,)),
    "4202-dtype-object": one("O", (1,)),
    "4202-dtype-number": raw_one('"dtype":4,"shape":[2],"data_offsets":[0,8]'),
    "4202-dtype-lower-case": one("f32"),
    # names and members
    "4202-name-twice": framed('{"w":{' + W + '},"w":{"dtype":"F32","shape":[0],"data_offsets":[8,8]}}', F32),
    "4202-name-twice-by-escape": framed(
        '{"w":{' + W + '},"\\u0077":{"dtype":"F32","shape":[0],"data_offsets":[8,8]}}', F32),
    "4202-name-empty": one(name=""),
    "4202-name-257-bytes": one(name="n" * 257),
    "4202-name-with-terminal-escape": one(name="w\x1b[2J"),
    "4202-name-with-nul": one(name="w\0"),
    "4202-name-not-utf8": framed(b'{"\xff\xfe":{' + W.encode() + b"}}", F32),
    "4202-name-overlong-utf8": framed(b'{"\xc0\xaf":{' + W.encode() + b"}}", F32),
    "4202-name-half-surrogate": framed('{"\\ud800":{' + W + "}}", F32),
    "4202-name-two-high-surrogates": framed('{"\\ud800\\ud800":{' + W + "}}", F32),
    "4202-escape-unknown": framed('{"\\x77":{' + W + "}}", F32),
    "4202-escape-short": framed('{"\\u77":{' + W + "}}", F32),
    "4202-member-unknown": raw_one(W + ',"extra":1'),
    "4202-member-twice": raw_one(W + ',"dtype":"F32"'),
    "4202-member-missing": raw_one('"dtype":"F32","shape":[2]'),
    "4202-tensor-not-an-object": framed('{"w":[]}', F32),
    "4202-tensor-null": framed('{"w":null}', F32),
    # JSON
    "4202-json-array": framed("[]"),
    "4202-json-string": framed('"w"'),
    "4202-json-not-closed": framed('{"w":{' + W + "}", F32),
    "4202-json-string-not-closed": framed('{"w', b""),
    "4202-json-trailing-comma": framed('{"w":{' + W + "},}", F32),
    "4202-json-trailing-object": framed('{"w":{' + W + "}}{}", F32),
    "4202-json-comment": framed('{/**/"w":{' + W + "}}", F32),
    "4202-json-single-quotes": framed("{'w':{" + W + "}}", F32),
    "4202-json-bom": framed(b"\xef\xbb\xbf{}"),
    "4202-json-nul-padding": framed(b"{}\0\0"),
    "4202-json-deep": framed('{"w":' + "[" * 9000 + "]" * 9000 + "}"),
    "4202-json-deep-objects": framed('{"w":' * 3000 + "1" + "}" * 3000),
    "4202-json-control-in-string": framed(b'{"a\nb":{' + W.encode() + b"}}", F32),
    "4202-json-huge-number": raw_one('"dtype":"F32","shape":[' + "9" * 9000 + '],"data_offsets":[0,8]'),
    # metadata
    "4202-metadata-twice": framed('{"__metadata__":{},"__metadata__":{}}'),
    "4202-metadata-key-twice": framed('{"__metadata__":{"a":"1","a":"2"}}'),
    "4202-metadata-nested": framed('{"__metadata__":{"a":{"b":"c"}}}'),
    "4202-metadata-number": framed('{"__metadata__":{"a":1}}'),
    "4202-metadata-array": framed('{"__metadata__":[]}'),
    # other formats under this name
    "4207-zip": b"PK\x03\x04\x14\0\0\0\x08\0" + b"\0" * 40,
    "4207-zip-empty": b"PK\x05\x06" + b"\0" * 18,
    "4207-pickle-protocol-2": b"\x80\x02}q\0(X\x06\0\0\0weight",
    "4207-pickle-protocol-4": b"\x80\x04\x95\x1c\0\0\0\0\0\0\0\x8c\x05posix\x94\x8c\x06system\x94",
    "4202-gzip": b"\x1f\x8b\x08\0" + b"\0" * 20,
    "4202-text": b"this is no tensor file at all\n",
}


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    files = {f"ok-{name}": data for name, data in VALID.items()} | HOSTILE
    for name, data in files.items():
        (folder / f"{name}.safetensors").write_bytes(data)
    print(f"{len(files)} files, {len(HOSTILE)} of them hostile")


if __name__ == "__main__":
    main()
