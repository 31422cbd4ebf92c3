// swift-tools-version: 6.2
import PackageDescription

/// The tree shows the architecture: a target depends only on what stands below it in this table.
let package = Package(
  name: "Martlet",
  platforms: [.macOS(.v26), .iOS(.v26)],
  products: [
    .library(name: "Martlet", targets: ["Martlet"]),
    .library(name: "MartletData", targets: ["MartletData"]),
    .library(name: "MartletONNX", targets: ["MartletONNX"]),
    .library(name: "MartletProfiling", targets: ["MartletProfiling", "MartletProfiler"]),
    .library(name: "MartletZoo", targets: ["MartletZoo"]),
    .library(name: "MartletPretrained", targets: ["MartletPretrained"]),
    .executable(name: "martlet", targets: ["MartletTool"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.36.0"),
  ],
  targets: [
    .target(name: "MartletSupport", path: "Sources/Support"),
    .target(name: "MartletSymbols", path: "Sources/Symbols"),
    .target(name: "MartletKernels", path: "Sources/Kernels"),
    .target(name: "MartletGraph", path: "Sources/Graph"),
    .target(name: "MartletFormats", dependencies: ["MartletGraph"], path: "Sources/Formats"),
    .target(
      name: "MartletCPU", dependencies: ["MartletGraph", "MartletKernels", "MartletSupport"],
      path: "Sources/Engines/CPU"),
    .target(
      name: "Martlet",
      dependencies: ["MartletGraph", "MartletCPU", "MartletFormats", "MartletSupport", "MartletSymbols"],
      path: "Sources/Martlet"),
    .target(name: "MartletData", dependencies: ["Martlet", "MartletFormats"], path: "Sources/Data"),
    .target(
      name: "MartletProfiling", dependencies: ["MartletFormats", "MartletGraph"], path: "Sources/Profiling"),
    .target(
      name: "MartletProfiler",
      dependencies: [
        "Martlet", "MartletCPU", "MartletFormats", "MartletGraph", "MartletKernels", "MartletProfiling",
        "MartletSupport", "MartletSymbols",
      ],
      path: "Sources/Profiler"),
    .target(
      name: "MartletONNX",
      dependencies: [
        "Martlet", "MartletData", "MartletFormats", "MartletGraph",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ],
      path: "Sources/ONNX", exclude: ["Generated/generate.sh"]),
    .target(name: "MartletSamples", path: "Sources/Samples"),
    .target(
      name: "MartletZoo",
      dependencies: [
        "Martlet", "MartletCPU", "MartletData", "MartletFormats", "MartletGraph", "MartletKernels", "MartletProfiler",
        "MartletProfiling", "MartletSamples",
      ],
      path: "Sources/Zoo"),
    .target(
      name: "MartletPretrained",
      dependencies: ["Martlet", "MartletData", "MartletFormats", "MartletGraph", "MartletZoo"],
      path: "Sources/Pretrained"),
    .executableTarget(
      name: "MartletTool",
      dependencies: [
        "MartletONNX", "MartletPretrained", "MartletProfiler", "MartletProfiling", "MartletZoo",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Sources/Tool"),

    .target(
      name: "MartletTestSupport", dependencies: ["Martlet", "MartletCPU", "MartletFormats", "MartletTestMemory"],
      path: "Tests/TestSupport"),
    .testTarget(name: "SymbolsTests", dependencies: ["MartletSymbols", "MartletTestSupport"], path: "Tests/Symbols"),
    .testTarget(name: "KernelsTests", dependencies: ["MartletKernels"], path: "Tests/Kernels"),
    .testTarget(name: "GraphTests", dependencies: ["MartletGraph", "MartletTestSupport"], path: "Tests/Graph"),
    .target(name: "MartletTestMemory", path: "Tests/Memory"),
    .testTarget(
      name: "FormatsTests", dependencies: ["MartletFormats", "MartletTestMemory", "MartletTestSupport"],
      path: "Tests/Formats"),
    .testTarget(
      name: "ProfilerTests",
      dependencies: [
        "Martlet", "MartletCPU", "MartletFormats", "MartletKernels", "MartletProfiler", "MartletProfiling",
        "MartletTestSupport", "MartletZoo",
      ],
      path: "Tests/Profiler"),
    .testTarget(
      name: "ProfilingTests", dependencies: ["MartletProfiling", "MartletTestSupport"], path: "Tests/Profiling"),
    .testTarget(
      name: "CPUTests", dependencies: ["MartletCPU", "MartletKernels", "MartletTestSupport"], path: "Tests/Engines/CPU"),
    .testTarget(
      name: "MartletTests", dependencies: ["Martlet", "MartletCPU", "MartletTestSupport"], path: "Tests/Martlet"),
    .testTarget(
      name: "ONNXTests",
      dependencies: ["MartletFormats", "MartletONNX", "MartletTestMemory", "MartletTestSupport", "MartletZoo"],
      path: "Tests/ONNX"),
    .testTarget(
      name: "DataTests", dependencies: ["MartletData", "MartletTestMemory", "MartletTestSupport"], path: "Tests/Data"),
    .testTarget(name: "ZooTests", dependencies: ["MartletZoo", "MartletTestSupport"], path: "Tests/Zoo"),
    .testTarget(
      name: "PretrainedTests", dependencies: ["MartletPretrained", "MartletTestSupport"], path: "Tests/Pretrained"),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c11
)
