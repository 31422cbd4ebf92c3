import MartletFormats
import MartletTestSupport
import Testing

/// How many answers of other frameworks the tests compare with, and that all of them are small.
@Suite struct RecordedCountsTests {
  @Test func `a thousand gradients and three thousand values are recorded, of every kind that breaks things`() throws {
    let (gradients, values) = (try Self.cases().filter(\.isGradient), try Self.cases().filter { !$0.isGradient })
    print("recorded: \(gradients.count) cases of gradients, \(values.count) of values")
    #expect(gradients.count >= 1000)
    #expect(values.count >= 3000)
    #expect(values.count { $0.isSpecial } >= 300, "of NaN and infinities")
    #expect(values.count { $0.isEmpty } >= 100, "of empty tensors")
    #expect(values.count { $0.isScalar } >= 50, "of tensors without dimensions")
    #expect(Set(values.flatMap(\.types)).count >= 12, "of element types")
  }

  @Test func `all that is recorded takes less than twenty megabytes`() throws {
    #expect(try size(of: "\(PublicNames.root)/Tests/Fixtures") < 20_000_000)
  }

  private func size(of path: String) throws -> Int {
    guard let status = FileSystem.status(path) else { return 0 }
    if !status.isDirectory { return status.size }
    return try FileSystem.contents(of: path).reduce(0) { try $0 + size(of: "\(path)/\($1)") }
  }

  private struct Case {
    let isGradient, isSpecial, isEmpty, isScalar: Bool
    let types: [String]
  }

  /// All cases of functions, layers and losses; those of layers and losses have values and gradients in one.
  private static func cases() throws -> [Case] {
    let folder = "\(PublicNames.root)/Tests/Fixtures/Operators"
    let both: Set = ["layerFunctions", "lossFunctions", "losses"]
    let others: Set = ["trajectories", "moreTrajectories", "schedules", "optimizers", "metrics", "distributions"]
    return try FileSystem.contents(of: folder).filter { $0.hasSuffix(".json") }.flatMap { file -> [Case] in
      let family = String(file.dropLast(".json".count))
      if others.contains(family) { return [] }
      let stored = try SafetensorsFile(path: "\(folder)/\(family).safetensors")
      return try #require(JSON(path: "\(folder)/\(file)").arrayValue).flatMap { json -> [Case] in
        let name = try #require(json["case"]?.stringValue)
        let operation = json["op"]?.stringValue ?? ""
        let tensors = (0..<(json["inputs"]?.intValue ?? 0)).map { "\(name)/in\($0)" }.compactMap { stored[$0] }
        func made(_ isGradient: Bool) -> Case {
          Case(
            isGradient: isGradient, isSpecial: json["attributes"]?["special"]?.boolValue ?? false,
            isEmpty: tensors.contains { $0.dimensions.contains(0) },
            isScalar: tensors.contains { $0.dimensions.isEmpty }, types: tensors.map(\.typeName))
        }
        return both.contains(family) ? [made(true), made(false)] : [made(operation.hasSuffix("Gradient"))]
      }
    }
  }
}
