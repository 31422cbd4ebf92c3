#!/bin/sh
# What the framework costs beside the kernels' work, each number with its bar; fails if one is missed. --json for JSON.
set -e
cd "$(dirname "$0")/../.."
exec swift run -c release martlet bench overhead "$@"
