#!/bin/bash
# Builds the documentation with the toolchain alone, a folder for each module that has articles; any warning fails.
#
#   build.sh [folder]      .build/documentation unless told otherwise
#
# To read it: a web server that serves the folder, such as `python3 -m http.server --directory FOLDER/Martlet`.
set -euo pipefail
cd "$(dirname "$0")/.."
output=${1:-.build/documentation}

Documentation/snippets.sh
for target in Martlet MartletONNX MartletProfiler; do swift build -c release --target "$target"; done
products=$(swift build -c release --show-bin-path)
target=$(swiftc -print-target-info | sed -n 's/^ *"triple": "\(.*\)",$/\1/p' | head -1)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The C modules that Swift modules import are known by the maps that the build made for them.
maps=()
for map in "$products"/Martlet*.build/module.modulemap; do maps+=(-Xcc "-fmodule-map-file=$map"); done

mkdir -p "$output"

# document CATALOG MODULE...: the articles of a catalog with the symbols of some modules.
document() {
  local catalog=$1 name
  shift
  name=$(basename "$catalog" .docc)
  mkdir -p "$work/$name"
  for module in "$@"; do
    swift-symbolgraph-extract -module-name "$module" -target "$target" -I "$products/Modules" "${maps[@]}" \
      -minimum-access-level public -skip-inherited-docs -output-dir "$work/$name"
  done
  # `fileID` and `line` are parameters of every function, and no reader needs them explained each time; so parameters
  # without a line of their own are not reported.
  docc convert "$catalog" --additional-symbol-graph-dir "$work/$name" --output-path "$output/$name" \
    --fallback-display-name "$name" --fallback-bundle-identifier "$name" --warnings-as-errors \
    --disable-parameters-and-returns-validation
  echo "documentation: $output/$name"
}

document Sources/Martlet/Martlet.docc Martlet
document Sources/ONNX/MartletONNX.docc MartletONNX
document Sources/Profiling/MartletProfiling.docc MartletProfiling
