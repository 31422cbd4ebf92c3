// swift-tools-version: 6.2
import PackageDescription

/// The tree shows the architecture: a target depends only on what stands below it in this table.
let package = Package(
  name: "Martlet",
  platforms: [.macOS(.v26), .iOS(.v26)],
  products: [
    .library(name: "Martlet", targets: ["Martlet"]),
    .library(name: "MartletData", targets: ["MartletData"]),
    .library(name: "MartletZoo", targets: ["MartletZoo"]),
    .executable(name: "martlet", targets: ["MartletTool"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0")
  ],
  targets: [
    .target(name: "MartletSupport", path: "Sources/Support"),
    .target(name: "MartletKernels", path: "Sources/Kernels"),
    .target(name: "MartletGraph", path: "Sources/Graph"),
    .target(name: "MartletFormats", dependencies: ["MartletGraph"], path: "Sources/Formats"),
    .target(name: "MartletCPU", dependencies: ["MartletGraph", "MartletKernels"], path: "Sources/Engines/CPU"),
    .target(
      name: "Martlet", dependencies: ["MartletGraph", "MartletCPU", "MartletFormats", "MartletSupport"],
      path: "Sources/Martlet"),
    .target(name: "MartletData", dependencies: ["Martlet", "MartletFormats"], path: "Sources/Data"),
    .target(name: "MartletSamples", path: "Sources/Samples"),
    .target(
      name: "MartletZoo",
      dependencies: ["Martlet", "MartletCPU", "MartletData", "MartletFormats", "MartletKernels", "MartletSamples"],
      path: "Sources/Zoo"),
    .executableTarget(
      name: "MartletTool",
      dependencies: ["MartletZoo", .product(name: "ArgumentParser", package: "swift-argument-parser")],
      path: "Sources/Tool"),

    .target(name: "MartletTestSupport", dependencies: ["Martlet", "MartletFormats"], path: "Tests/TestSupport"),
    .testTarget(name: "KernelsTests", dependencies: ["MartletKernels"], path: "Tests/Kernels"),
    .testTarget(name: "GraphTests", dependencies: ["MartletGraph", "MartletTestSupport"], path: "Tests/Graph"),
    .target(name: "MartletTestMemory", path: "Tests/Memory"),
    .testTarget(name: "FormatsTests", dependencies: ["MartletFormats", "MartletTestMemory"], path: "Tests/Formats"),
    .testTarget(
      name: "CPUTests", dependencies: ["MartletCPU", "MartletKernels", "MartletTestSupport"], path: "Tests/Engines/CPU"),
    .testTarget(
      name: "MartletTests", dependencies: ["Martlet", "MartletCPU", "MartletTestSupport"], path: "Tests/Martlet"),
    .testTarget(name: "DataTests", dependencies: ["MartletData", "MartletTestSupport"], path: "Tests/Data"),
    .testTarget(name: "ZooTests", dependencies: ["MartletZoo", "MartletTestSupport"], path: "Tests/Zoo"),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c11
)
