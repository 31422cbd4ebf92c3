#!/bin/bash
# Fuzzes the parsers with libFuzzer and the address sanitizer.
#
#   run.sh [SECONDS [FORMAT…]]      60 seconds for each format by default
#
# ONNX models need the library itself: build it before, with "swift build -c release".
#
# Starts from the corpus in Tests/Fixtures/Fuzz and from the fixtures of each format. What is found is left in the working
# folder (crash-…, timeout-…, oom-…), and the script fails. New inputs are kept in .build/fuzz/corpus; --merge (as the
# first argument) puts a minimal corpus back into Tests/Fixtures/Fuzz.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
build=$root/.build/fuzz
mkdir -p "$build"

merge=
if [[ ${1:-} == --merge ]]; then
  merge=1
  shift
fi
seconds=${1:-60}
shift || true
formats=("$@")
if [[ ${#formats[@]} -eq 0 ]]; then
  formats=(safetensors gguf torch npy npz gzip png jpeg idx json jsonl csv wav tfrecord example event parquet
    tokenizer sentencepiece tiktoken regex onnx)
fi

flags=(-O -swift-version 6 -package-name martlet -parse-as-library -wmo -I "$build" -sanitize=fuzzer,address)
module() {
  local name=$1
  shift
  swiftc "${flags[@]}" -module-name "$name" -emit-module -emit-module-path "$build/$name.swiftmodule" -c "$@" -o "$build/$name.o"
}
# Whether a program is not there, or older than a source in one of the folders.
isOld() {
  local program=$1
  shift
  [[ ! -x $program || -n $(find "$@" -newer "$program" -name '*.swift' -print -quit) ]]
}
if isOld "$build/fuzz" Sources/{Graph,Formats,Data} Benchmarks/Fuzz Tests/Data/Fuzz; then
  module MartletGraph $(find Sources/Graph -name '*.swift')
  module MartletFormats $(find Sources/Formats -name '*.swift')
  # Without training, which needs the library's arithmetic.
  module MartletData $(find Sources/Data/Text Sources/Data/Tokenizers -name '*.swift' ! -name UnigramTrainer.swift) \
    Sources/Data/Loading/DataError.swift
  module MartletFuzz Benchmarks/Fuzz/fuzz.swift Tests/Data/Fuzz/FuzzParser.swift
  swiftc -sanitize=fuzzer,address "$build"/Martlet{Fuzz,Data,Formats,Graph}.o -o "$build/fuzz"
fi

# The reader of ONNX models is watched; what it stands on is linked as it was built.
if [[ " ${formats[*]} " == *" onnx "* ]] && isOld "$build/fuzz-onnx" Sources/ONNX Benchmarks/Fuzz Tests/ONNX/Fuzz; then
  release=$root/.build/release
  flags=(
    -O -swift-version 6 -package-name "$(basename "$root" | tr - _)" -parse-as-library -wmo -sanitize=fuzzer,address -I "$build/onnx"
    -I "$release/Modules" -Xcc -fmodule-map-file="$release/MartletKernels.build/module.modulemap"
    -Xcc -fmodule-map-file="$release/MartletSupport.build/module.modulemap")
  mkdir -p "$build/onnx"
  swiftc "${flags[@]}" -module-name MartletONNX -emit-module -emit-module-path "$build/onnx/MartletONNX.swiftmodule" \
    -c $(find Sources/ONNX -name '*.swift') -o "$build/onnx/ONNX.o"
  swiftc "${flags[@]}" -module-name MartletFuzzONNX -c Benchmarks/Fuzz/fuzz_onnx.swift Tests/ONNX/Fuzz/FuzzModel.swift \
    -o "$build/onnx/Fuzz.o"
  swiftc -sanitize=fuzzer,address "$build"/onnx/{Fuzz,ONNX}.o -lm -o "$build/fuzz-onnx" \
    $(find "$release"/{Martlet,MartletCPU,MartletData,MartletFormats,MartletGraph,MartletKernels,MartletSupport,MartletSymbols,SwiftProtobuf}.build -name '*.o')
fi

fixtures=Tests/Fixtures
# Files to begin with, besides the corpus.
seeds() {
  case $1 in
    safetensors) ls $fixtures/Formats/*.safetensors ;;
    gguf) ls $fixtures/Weights/*.gguf ;;
    torch) ls $fixtures/Weights/*.pt ;;
    npy) ls $fixtures/Formats/*.npy ;;
    npz) ls $fixtures/Formats/{stored,deflated,streamed}.npz ;;
    gzip) ls $fixtures/Formats/*.idx.gz ;;
    png) ls $fixtures/Formats/*.png ;;
    jpeg) ls $fixtures/Formats/*.jpg ;;
    idx) ls $fixtures/Formats/*.idx ;;
    parquet) ls $fixtures/Parquet/*.parquet ;;
    wav) ls $fixtures/Records/*.wav ;;
    tfrecord | example | event) ls $fixtures/Records/*.tfrecord $fixtures/Records/*.tfevents ;;
    tokenizer) ls $fixtures/Tokenizers/{words,bert,gpt2}.json ;;
    sentencepiece) ls $fixtures/Tokenizers/*.model ;;
    tiktoken) ls $fixtures/Tokenizers/*.tiktoken ;;
    onnx) find $fixtures/ONNX -name model.onnx -size -2k | sort | head -300 ;;
  esac
}

for format in "${formats[@]}"; do
  corpus=$build/corpus/$format
  kept=$fixtures/Fuzz/$format
  mkdir -p "$corpus" "$kept"
  # Names of folders too, as models are all called alike.
  for seed in $(seeds "$format"); do cp "$seed" "$corpus/${seed//\//_}"; done
  program=$build/fuzz
  [[ $format == onnx ]] && program=$build/fuzz-onnx
  echo "== $format"
  MARTLET_FUZZ=$format "$program" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=2048 -max_len=65536 \
    -print_final_stats=1 -verbosity=0 "$corpus" "$kept" 2>&1 | grep -vE '^(INFO|stat::(peak|slowest|new))' || exit 1
  if [[ -n $merge ]]; then
    # The few inputs that reach most, of at most 2 KiB, are enough to notice a change.
    small=$build/merged/$format
    rm -rf "$small"
    mkdir -p "$small/all" "$small/kept"
    MARTLET_FUZZ=$format "$program" -merge=1 -merge_control_file="$small/control" -max_len=2048 -verbosity=0 "$small/all" \
      "$kept" "$corpus" > /dev/null 2>&1
    Benchmarks/Fuzz/choose_inputs.py "$small/control" "$small/kept"
    rm -rf "$kept"
    mv "$small/kept" "$kept"
  fi
done
