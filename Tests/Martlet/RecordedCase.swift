import Martlet
import MartletFormats
import MartletGraph
import Testing

/// One answer of another framework, written by `Tests/Fixtures/make_operator_cases.py`, whose header explains the
/// attributes.
struct RecordedCase: Sendable {
  let name: String
  let operation: String
  let attributes: JSON
  let inputs: [Tensor]
  let outputs: [Tensor]
  let absolute: Double
  let relative: Double

  /// All cases of a family.
  static func family(_ name: String) throws -> [RecordedCase] {
    let stem = "\(root)/Fixtures/Operators/\(name)"
    let file = try SafetensorsFile(path: stem + ".safetensors")
    return try #require(JSON(path: stem + ".json").arrayValue).map { try RecordedCase($0, file) }
  }

  private static var root: String {
    let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    return parts.dropLast(2).joined(separator: "/")
  }

  private init(_ json: JSON, _ file: SafetensorsFile) throws {
    let name = try #require(json["case"]?.stringValue)
    func tensors(_ role: String, _ count: Int?) throws -> [Tensor] {
      try (0..<(count ?? 0)).map { Tensor(try file.tensor("\(name)/\(role)\($0)")) }
    }
    self.name = name
    operation = try #require(json["op"]?.stringValue)
    attributes = try #require(json["attributes"])
    inputs = try tensors("in", json["inputs"]?.intValue)
    outputs = try tensors("out", json["outputs"]?.intValue)
    absolute = json["tolerance"]?["absolute"]?.doubleValue ?? 0
    relative = json["tolerance"]?["relative"]?.doubleValue ?? 0
  }
}

extension Tensor {
  fileprivate init(_ stored: StoredTensor) {
    self.init(type: TensorType(stored.dtype, stored.shape)) { memory in
      stored.bytes.withUnsafeBytes { memory.copyMemory(from: $0) }
    }
  }

  /// The elements as doubles; 64-bit integers beyond 2⁵³ are rounded.
  var doubles: [Double] {
    withUnsafeBytes { bytes in (0..<elementCount).map { Literal(dtype, bytes, at: $0).doubleValue } }
  }

  /// The bits of the elements.
  var words: [UInt64] {
    withUnsafeBytes { bytes in (0..<elementCount).map { Literal(dtype, bytes, at: $0).bits } }
  }
}

// MARK: - Attributes

extension RecordedCase {
  func int(_ key: String) -> Int { attributes[key]?.intValue ?? 0 }
  func double(_ key: String) -> Double { attributes[key]?.doubleValue ?? 0 }
  func bool(_ key: String) -> Bool { attributes[key]?.boolValue ?? false }
  func string(_ key: String) -> String { attributes[key]?.stringValue ?? "" }
  func ints(_ key: String) -> [Int] { attributes[key]?.arrayValue?.compactMap(\.intValue) ?? [] }
  func pairs(_ key: String) -> [(before: Int, after: Int)] {
    (attributes[key]?.arrayValue ?? []).map { ($0[0]?.intValue ?? 0, $0[1]?.intValue ?? 0) }
  }

  /// Null means all.
  var axes: Axes {
    if let axis = attributes["axes"]?.intValue { return Axes(axis) }
    return attributes["axes"]?.arrayValue.map { Axes($0.compactMap(\.intValue)) } ?? .all
  }

  var padding: Padding {
    switch string("padding") {
    case "same": return .same
    case "valid": return .valid
    default:
      let pairs = pairs("padding")
      return .explicit(before: Spatial(pairs.map(\.before)), after: Spatial(pairs.map(\.after)))
    }
  }
}

// MARK: - Comparing

extension RecordedCase {
  /// What is wrong with the results of `compute`, or nil.
  func complaint(about compute: (RecordedCase) throws -> [Tensor]) -> String? {
    do {
      let results = try checked {
        let results = try compute(self)
        for result in results { try result.evaluated() }
        return results
      }
      if results.count < outputs.count { return "\(name): \(results.count) results of \(outputs.count)" }
      for (index, (got, expected)) in zip(results, outputs).enumerated() {
        if let difference = difference(got, expected) { return "\(name) result \(index): \(difference)" }
      }
      return nil
    } catch {
      return "\(name): \(error)"
    }
  }

  /// Checks the answers to all cases of a family, on another engine than the usual one if it is given.
  static func check(
    _ family: String, on engine: (any Engine)? = nil, _ answer: (RecordedCase) throws -> [Tensor]
  ) throws {
    let recorder = Recorder.current
    let usual = recorder.engine
    if let engine { recorder.engine = engine }
    defer { recorder.engine = usual }
    let complaints = try RecordedCase.family(family).compactMap { $0.complaint(about: answer) }
    #expect(complaints.isEmpty, "\(complaints.count) cases:\n\(complaints.prefix(25).joined(separator: "\n"))")
  }

  private func difference(_ got: Tensor, _ expected: Tensor) -> String? {
    if got.type != expected.type { return "got \(got.type), expected \(expected.type)" }
    if !expected.dtype.isFloatingPoint {
      let position = zip(got.words, expected.words).enumerated().first { $0.element.0 != $0.element.1 }?.offset
      return position.map { "at \($0) got \(got.doubles[$0]), expected \(expected.doubles[$0])" }
    }
    for (position, (a, b)) in zip(got.doubles, expected.doubles).enumerated() where !agrees(a, b) {
      return "at \(position) got \(a), expected \(b)"
    }
    return nil
  }

  private func agrees(_ a: Double, _ b: Double) -> Bool {
    if a == b || (a.isNaN && b.isNaN) { return true }
    return b.isFinite && abs(a - b) <= absolute + relative * abs(b)
  }
}
