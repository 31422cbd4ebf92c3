#!/bin/sh
# Builds every example and runs it; fails if one does. With --count, compares lines of code with the twins in Peers.
set -e
cd "$(dirname "$0")"

# Lines that are neither blank nor comments.
lines() { grep -cvE '^[[:space:]]*($|//|#)' "$1"; }

if [ "$1" = --count ]; then
  for pair in MLP:mlp SmallGPT:small_gpt LSTMTagger:lstm_tagger; do
    swift=$(lines "Sources/${pair%%:*}/main.swift")
    python=$(lines "Peers/${pair##*:}.py")
    echo "${pair%%:*}: $swift lines of Swift, $python of Python"
    [ "$swift" -le "$python" ]
  done
  exit
fi

swift build -c release
bin=$(swift build -c release --show-bin-path)
for name in Quickstart MLP SmallGPT LSTMTagger; do
  echo "== $name"
  "$bin/$name"
done
