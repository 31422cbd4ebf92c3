#!/usr/bin/env python3
"""Compares `martlet tokenize` with the libraries on mixed text in more than ten scripts, and its speed with theirs.

Usage: check_tokenizers.py MARTLET WORK-FOLDER [--lines N] [--time] [TOKENIZER…]

Needs tokenizers, sentencepiece, tiktoken and django (for the text; see make_tokenizer_fixtures.py). Without tokenizers it
compares those that make_tokenizer_fixtures.py trains; others are tokenizer.json files, or ENCODING=FILE for tiktoken
tables.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

# One thread, as the comparison of speed is meant.
os.environ["TOKENIZERS_PARALLELISM"] = "false"

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


def speed(command, tokenizer, lines, encoding):
    arguments = [command, "tokenize", str(tokenizer), "--input", str(lines), "--json", "--time"]
    if encoding:
        arguments += ["--encoding", encoding]
    return json.loads(subprocess.run(arguments, capture_output=True, check=True).stdout)


def library_speed(tokenizer, encoding, lines, rounds=5):
    """Seconds of the library for all lines in one call: the first round, and the best of the others."""
    if encoding:
        e = tiktoken.Encoding("check", pat_str=PATTERNS[encoding], mergeable_ranks=load_tiktoken_bpe(str(tokenizer)),
                              special_tokens={})

        def run():
            for line in lines:
                e.encode_ordinary(line)
    elif tokenizer.suffix == ".model":
        p = sentencepiece.SentencePieceProcessor(model_file=str(tokenizer))

        def run():
            p.encode(lines, num_threads=1)
    else:
        t = Tokenizer.from_file(str(tokenizer))

        def run():
            t.encode_batch(lines)
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return times[0], min(times[1:])


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
    parser.add_argument("--time", action="store_true", help="compare the speed on one thread too")
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
    failures = slow = 0
    for name in names:
        encoding, _, file = name.rpartition("=")
        file = pathlib.Path(file)
        encode = library(file, encoding)
        expected = [encode(line) for line in lines]
        found = martlet(options.martlet, file, path, encoding)
        wrong = [i for i, ((ids, offsets), row) in enumerate(zip(expected, found))
                 if ids != row["ids"] or offsets is not None and [list(o) for o in offsets] != row["offsets"]]
        wrong += range(len(found), len(lines))
        print(f"{file.name}: {len(lines) - len(wrong)} of {len(lines)} lines equal")
        if options.time:
            first, best = library_speed(file, encoding, lines)
            ours = speed(options.martlet, file, path, encoding)
            # The libraries give offsets with each encoding, but for tiktoken and SentencePiece.
            kind = "tokens" if encoding or file.suffix == ".model" else "encodings"
            found = ours[kind]
            size = ours["bytes"] / 1e6
            print(f"    library {size / first:.1f} MB/s at first, {size / best:.1f} at best; martlet "
                  f"{size / found['firstSeconds']:.1f} and {size / found['bestSeconds']:.1f}: "
                  f"{first / found['firstSeconds']:.2f} and {best / found['bestSeconds']:.2f} times as fast")
            slow += found["bestSeconds"] > best
        for i in wrong[:3]:
            print("  ", json.dumps(lines[i])[:200])
            print("   expected", expected[i][0][:40])
            print("   found   ", found[i]["ids"][:40] if i < len(found) else "nothing")
        failures += len(wrong)
    if options.time:
        print(f"slower than the library: {slow} of {len(names)}")
    sys.exit(failures > 0)


main()
