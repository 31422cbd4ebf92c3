// swift-tools-version: 6.2
import PackageDescription

/// Programs as a user would write them, each in one file.
let package = Package(
  name: "Examples",
  platforms: [.macOS(.v26)],
  dependencies: [.package(name: "Martlet", path: "..")],
  targets: ["Quickstart", "MLP", "SmallGPT", "LSTMTagger"].map { name in
    .executableTarget(
      name: name,
      dependencies: [
        .product(name: "Martlet", package: "Martlet"), .product(name: "MartletData", package: "Martlet"),
      ])
  },
  swiftLanguageModes: [.v6]
)
