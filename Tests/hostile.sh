#!/bin/bash
# Runs the tests of hostile arguments and calls under the address sanitizer, and those of `--filter PATTERN`.
#
#     Tests/hostile.sh [--filter PATTERN ...]
#
# In a build of its own, which takes minutes the first time; the tests themselves take about two and a half.
set -euo pipefail
cd "$(dirname "$0")/.."
swift test --disable-xctest --sanitize=address --scratch-path .build/address \
  --filter 'MartletTests\.(Hostile|WrongCalls)' "$@"
