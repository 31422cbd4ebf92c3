#!/bin/bash
# Builds the documentation of module Martlet with the toolchain alone; any warning fails.
#
#   build.sh [folder]      .build/documentation unless told otherwise
#
# To read it: a web server that serves the folder, such as `python3 -m http.server --directory FOLDER`.
set -euo pipefail
cd "$(dirname "$0")/.."
output=${1:-.build/documentation}

Documentation/snippets.sh
swift build -c release --target Martlet
products=$(swift build -c release --show-bin-path)
target=$(swiftc -print-target-info | sed -n 's/^ *"triple": "\(.*\)",$/\1/p' | head -1)
graphs=$(mktemp -d)
trap 'rm -rf "$graphs"' EXIT

# The C modules that Swift modules import are known by the maps that the build made for them.
maps=()
for map in "$products"/Martlet*.build/module.modulemap; do maps+=(-Xcc "-fmodule-map-file=$map"); done
swift-symbolgraph-extract -module-name Martlet -target "$target" -I "$products/Modules" "${maps[@]}" \
  -minimum-access-level public -skip-inherited-docs -output-dir "$graphs"
# `fileID` and `line` are parameters of every function, and no reader needs them explained each time; so parameters
# without a line of their own are not reported.
docc convert Sources/Martlet/Martlet.docc --additional-symbol-graph-dir "$graphs" --output-path "$output" \
  --fallback-display-name Martlet --fallback-bundle-identifier martlet --warnings-as-errors \
  --disable-parameters-and-returns-validation
echo "documentation: $output"
