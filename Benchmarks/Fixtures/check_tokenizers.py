#!/usr/bin/env python3
"""Compares `martlet tokenize` with the libraries on mixed text in more than ten scripts, and its speed with theirs.

Usage: check_tokenizers.py MARTLET WORK-FOLDER [--lines N] [TOKENIZER…]

Needs tokenizers, sentencepiece, tiktoken and django (for the text; see make_tokenizer_fixtures.py). Without tokenizers it
compares those that make_tokenizer_fixtures.py trains; others are tokenizer.json files, or ENCODING=FILE for tiktoken
tables.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import time

import sentencepiece
import tiktoken
from tiktoken.load import load_tiktoken_bpe
from tokenizers import Tokenizer

PATTERNS = {
    "r50k_base": r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s",
    "cl100k_base": (
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]"
        r"|\s+(?!\S)|\s"),
    "o200k_base": "|".join([
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"\p{N}{1,3}", r" ?[^\s\p{L}\p{N}]+[\r\n/]*", r"\s*[\r\n]+", r"\s+(?!\S)", r"\s+"]),
}


def martlet(command, tokenizer, lines, encoding):
    arguments = [command, "tokenize", str(tokenizer), "--input", str(lines), "--json"]
    if encoding:
        arguments += ["--encoding", encoding]
    output = subprocess.run(arguments, capture_output=True, check=True).stdout
    return [json.loads(row) for row in output.decode("utf-8").split("\n") if row]


def library(tokenizer, encoding):
    """A function from a line to ids and offsets (or None)."""
    if encoding:
        e = tiktoken.Encoding("check", pat_str=PATTERNS[encoding], mergeable_ranks=load_tiktoken_bpe(str(tokenizer)),
                              special_tokens={})
        return lambda line: (e.encode(line, disallowed_special=()), None)
    if tokenizer.suffix == ".model":
        p = sentencepiece.SentencePieceProcessor(model_file=str(tokenizer))
        return lambda line: (p.encode(line), None)
    t = Tokenizer.from_file(str(tokenizer))

    def encode(line):
        e = t.encode(line)
        return e.ids, e.offsets
    return encode


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("martlet")
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--lines", type=int, default=10_000)
    parser.add_argument("--vocabulary", type=int, default=4000)
    parser.add_argument("tokenizers", nargs="*")
    options = parser.parse_args()
    here = pathlib.Path(__file__).parent
    if not (options.work / "lines.txt").exists():
        subprocess.run([sys.executable, here / "make_tokenizer_fixtures.py", options.work, "--lines", str(options.lines),
                        "--vocabulary", str(options.vocabulary)], check=True)
    path = options.work / "lines.txt"
    lines = path.read_text(encoding="utf-8").split("\n")
    names = options.tokenizers or [str(p) for p in sorted(options.work.glob("*.json")) + sorted(options.work.glob("*.model"))] + [
        f"cl100k_base={options.work / 'table.tiktoken'}"]
    failures = 0
    for name in names:
        encoding, _, file = name.rpartition("=")
        file = pathlib.Path(file)
        encode = library(file, encoding)
        start = time.perf_counter()
        expected = [encode(line) for line in lines]
        seconds = time.perf_counter() - start
        found = martlet(options.martlet, file, path, encoding)
        wrong = [i for i, ((ids, offsets), row) in enumerate(zip(expected, found))
                 if ids != row["ids"] or offsets is not None and [list(o) for o in offsets] != row["offsets"]]
        wrong += range(len(found), len(lines))
        size = sum(len(line.encode()) for line in lines)
        print(f"{file.name}: {len(lines) - len(wrong)} of {len(lines)} lines equal; the library took {seconds:.2f} s, "
              f"{size / 1e6 / seconds:.1f} MB/s")
        for i in wrong[:3]:
            print("  ", json.dumps(lines[i])[:200])
            print("   expected", expected[i][0][:40])
            print("   found   ", found[i]["ids"][:40] if i < len(found) else "nothing")
        failures += len(wrong)
    sys.exit(failures > 0)


main()
