#!/bin/bash
# Keeps the code in documents equal to the code in Snippets/, which every build compiles.
#
#   snippets.sh            names the documents that differ, and fails if there are any
#   snippets.sh --write    puts the code into the documents
#
# A line `<!-- snippet: Tensors/creation -->` stands before the block of code that is the part of Snippets/Tensors.swift
# between `// snippet.creation` and `// snippet.end`.
set -euo pipefail
cd "$(dirname "$0")/.."

filled() {
  awk '
    function put(file, part,   path, line, isInside, count) {
      path = "Snippets/" file ".swift"
      while ((getline line < path) > 0) {
        if (line == "// snippet.end") isInside = 0
        if (isInside) { print line; count++ }
        if (line == "// snippet." part) isInside = 1
      }
      close(path)
      if (count == 0) {
        print FILENAME ": there is no part " part " in " path > "/dev/stderr"
        exit 2
      }
    }
    /^<!-- snippet: / { split($3, name, "/"); isNext = 1 }
    isSkipping && /^```/ { isSkipping = 0 }
    !isSkipping { print }
    isNext && /^```swift/ { put(name[1], name[2]); isNext = 0; isSkipping = 1 }
  ' "$1"
}

status=0
for document in README.md CONTRIBUTING.md Sources/Martlet/Martlet.docc/*.md; do
  current=$(mktemp)
  filled "$document" > "$current"
  if ! cmp -s "$document" "$current"; then
    if [[ ${1:-} == --write ]]; then
      cat "$current" > "$document"
    else
      echo "$document differs from Snippets/; run Documentation/snippets.sh --write" >&2
      status=1
    fi
  fi
  rm -f "$current"
done
exit $status
