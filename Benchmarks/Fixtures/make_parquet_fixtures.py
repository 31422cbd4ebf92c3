#!/usr/bin/env python3
"""Writes Tests/Fixtures/Parquet with pyarrow: one table of 150 rows in every way that is read.

Usage: make_parquet_fixtures.py FOLDER   (needs pyarrow)

The tests know the values by formula: row k of each column.
"""

import decimal
import pathlib
import sys

import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 150
WORDS = ["red", "grün", "日本", ""]


def table():
    k = range(ROWS)
    return pa.table({
        "flag": pa.array([i % 3 == 0 for i in k]),
        "i8": pa.array([i % 200 - 100 for i in k], pa.int8()),
        "i32": pa.array([i * 7 - 300 for i in k], pa.int32()),
        "u32": pa.array([(i * 2654435761) % 2**32 for i in k], pa.uint32()),
        "i64": pa.array([i * 10**15 - 7 for i in k], pa.int64()),
        "u64": pa.array([2**63 + i for i in k], pa.uint64()),
        "f32": pa.array([i * 0.25 - 3 for i in k], pa.float32()),
        "f64": pa.array([i / 8 for i in k], pa.float64()),
        "word": pa.array([WORDS[i % 4] for i in k]),
        "name": pa.array([f"row {i}" for i in k]),
        "raw": pa.array([bytes([i % 256, 255]) for i in k], pa.binary()),
        "code": pa.array([bytes([i % 256] * 3) for i in k], pa.binary(3)),
        "time": pa.array([i * 1000 for i in k], pa.timestamp("ms")),
        "price": pa.array([decimal.Decimal(i) / 100 for i in k], pa.decimal128(9, 2)),
        "maybe": pa.array([None if i % 5 == 0 else i for i in k], pa.int64()),
        "gap": pa.array([None if 50 <= i < 100 else i / 2 for i in k], pa.float64()),
        "hint": pa.array([None if i % 7 == 0 else WORDS[i % 3] for i in k]),
        "point": pa.array([None if i % 4 == 0 else {"x": None if i % 3 == 0 else float(i)} for i in k],
                          pa.struct([("x", pa.float64())])),
        "list": pa.array([[i] for i in k], pa.list_(pa.int64())),
    })


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    data = table()
    for compression in ["none", "snappy", "gzip"]:
        for version in ["1.0", "2.0"]:
            for dictionary in [True, False]:
                name = f"{compression}_v{version[0]}_{'dictionary' if dictionary else 'plain'}.parquet"
                # Statistics and the schema of Arrow are left out, which nobody reads here and which would be half the file.
                pq.write_table(data, folder / name, compression=compression, data_page_version=version,
                               use_dictionary=dictionary, row_group_size=64, write_statistics=False, store_schema=False,
                               store_decimal_as_integer=True, write_page_checksum=compression == "gzip")
    few = data.select(["i64", "word"]).slice(0, 10)
    pq.write_table(few, folder / "zstd.parquet", compression="zstd", store_schema=False)
    pq.write_table(few, folder / "delta.parquet", use_dictionary=False, store_schema=False,
                   column_encoding={"i64": "DELTA_BINARY_PACKED", "word": "PLAIN"})
    pq.write_table(data.slice(0, 0), folder / "empty.parquet", store_schema=False)
    constant = pa.table({"one": pa.array([1] * 1_000_000, pa.int64())})
    pq.write_table(constant, folder / "constant.parquet", store_schema=False)


main()
