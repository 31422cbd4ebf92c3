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
# The types of the graph that Martlet's users meet are documented beside Martlet's own.
for module in Martlet MartletGraph; do
  swift-symbolgraph-extract -module-name "$module" -target "$target" -I "$products/Modules" "${maps[@]}" \
    -minimum-access-level public -skip-inherited-docs -output-dir "$graphs/$module"
done
docc convert Sources/Martlet/Martlet.docc --additional-symbol-graph-dir "$graphs/Martlet" \
  --fallback-display-name Martlet --fallback-bundle-identifier martlet --output-path "$output" --warnings-as-errors
echo "documentation: $output"
