#!/bin/sh
# Generates onnx-ml.pb.swift and onnx-data.pb.swift from the schemas of the onnx package.
#
# Needs Python and Swift. The schemas are onnx-ml.proto and onnx-data.proto of onnx 1.22.0 (Apache 2.0); their messages
# get the prefix ONNX instead of the package's name. protoc comes with grpcio-tools, the plug-in is built from
# swift-protobuf (about nine minutes). Usage: generate.sh [folder for the build, kept for the next time]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=${1:-$(mktemp -d)}
mkdir -p "$work" && cd "$work"
version=1.39.0
[ -d venv ] || python3 -m venv venv
venv/bin/pip install --quiet grpcio-tools onnx==1.22.0
[ -d swift-protobuf ] || git clone --quiet --depth 1 --branch "$version" https://github.com/apple/swift-protobuf
(cd swift-protobuf && swift build -c release --product protoc-gen-swift)
folder=$(venv/bin/python -c "import onnx, os; print(os.path.dirname(onnx.__file__))")
# Comments stay behind: they are the words of others, and a third of the size.
for schema in onnx-ml onnx-data; do
  sed -e "s,//.*,," -e "s,import \"onnx/,import \"," -e "s/^package onnx;/&\noption swift_prefix = \"ONNX\";/" \
    "$folder/$schema.proto" >"$schema.proto"
done
venv/bin/python -m grpc_tools.protoc -I. \
  --plugin="protoc-gen-swift=swift-protobuf/.build/release/protoc-gen-swift" \
  --swift_opt=Visibility=Internal --swift_out="$here" onnx-ml.proto onnx-data.proto
