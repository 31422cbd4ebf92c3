#!/bin/bash
# Keeps the code in documents equal to code that is compiled: Snippets/ by every build, Examples/ by Examples/run.sh.
#
#   snippets.sh            names the documents that differ, and fails if there are any
#   snippets.sh --write    puts the code into the documents
#
# A block of code belongs to the line before it: `<!-- snippet: Tensors/creation -->` is the part of
# Snippets/Tensors.swift between `// snippet.creation` and `// snippet.end`, `<!-- file: PATH -->` a whole file.
set -euo pipefail
cd "$(dirname "$0")/.."

filled() {
  awk '
    # The lines of a file, or of one part of it.
    function put(path, part,   line, isInside, count) {
      isInside = part == ""
      while ((getline line < path) > 0) {
        if (line == "// snippet.end") isInside = 0
        if (isInside) { print line; count++ }
        if (part != "" && line == "// snippet." part) isInside = 1
      }
      close(path)
      if (count == 0) {
        print FILENAME ": nothing to show of " path " " part > "/dev/stderr"
        exit 2
      }
    }
    /^<!-- snippet: / { split($3, name, "/"); path = "Snippets/" name[1] ".swift"; part = name[2] }
    /^<!-- file: / { path = $3; part = "" }
    isSkipping && /^```/ { isSkipping = 0 }
    !isSkipping { print }
    path != "" && /^```[a-z]/ { put(path, part); path = ""; isSkipping = 1 }
  ' "$1"
}

current=$(mktemp)
trap 'rm -f "$current"' EXIT
status=0
for document in README.md CONTRIBUTING.md Sources/*/*.docc/*.md; do
  filled "$document" > "$current"
  if cmp -s "$document" "$current"; then continue; fi
  if [[ ${1:-} == --write ]]; then
    cat "$current" > "$document"
  else
    echo "$document shows other code than the sources; run Documentation/snippets.sh --write" >&2
    status=1
  fi
done
exit $status
