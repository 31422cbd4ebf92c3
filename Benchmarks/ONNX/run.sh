#!/bin/sh
# Runs ONNX's backend tests through Martlet and writes the table of operators.
#
# Without libjpeg-turbo (libturbojpeg.so.0) the three cases that decode JPEG fail.
#
# Usage: run.sh [folder for a Python environment and the cases, kept for the next time]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=${1:-$(mktemp -d)}
mkdir -p "$work"
[ -d "$work/venv" ] || python3 -m venv "$work/venv"
# The last version with the cases as files.
"$work/venv/bin/pip" install --quiet onnx==1.22.0
"$work/venv/bin/python" "$here/backend_tests.py" "$work/cases"
cd "$root"
swift build -c release
.build/release/martlet onnx-tests "$work/cases/node" "$work/cases/simple" "$work/cases/pytorch-converted" \
  "$work/cases/pytorch-operator" "$work/cases/light" --article Sources/ONNX/MartletONNX.docc/OperatorCoverage.md
