/// A `tf.train.Example`: named lists of bytes, floats or integers, as records of TFRecord files usually are.
public struct TFExample: Sendable, Hashable {
  /// One list.
  public enum Feature: Sendable, Hashable {
    case bytes([[UInt8]])
    case floats([Float])
    case integers([Int64])
    /// A name without a list.
    case empty
  }

  /// The lists by name.
  public var features: [String: Feature]

  /// An example of the given lists.
  public init(_ features: [String: Feature] = [:]) { self.features = features }

  /// Reads an example.
  ///
  /// - Throws: `FormatError` if the bytes are none, or a name comes twice.
  public init(_ record: SharedBytes, file: String = "tf.train.Example") throws(FormatError) {
    features = [:]
    var example = ProtobufReader(record, file: file)
    while let (number, value) = try example.next() {
      guard number == 1 else { continue }
      var map = ProtobufReader(try value.bytes(file: file), file: file)
      while let (number, value) = try map.next() {
        if number == 1 { try readEntry(try value.bytes(file: file), file) }
      }
    }
  }

  private mutating func readEntry(_ bytes: SharedBytes, _ file: String) throws(FormatError) {
    var entry = ProtobufReader(bytes, file: file)
    var name = ""
    var feature = Feature.empty
    while let (number, value) = try entry.next() {
      if number == 1 { name = try value.string(file: file) }
      if number == 2 { feature = try TFExample.feature(try value.bytes(file: file), file) }
    }
    guard features.updateValue(feature, forKey: name) == nil else {
      throw FormatError(.duplicate, file: file, "example has \(FormatError.quoted(name)) twice")
    }
  }

  private static func feature(_ bytes: SharedBytes, _ file: String) throws(FormatError) -> Feature {
    var reader = ProtobufReader(bytes, file: file)
    var result = Feature.empty
    // Of several members of a "oneof" the last counts.
    while let (number, value) = try reader.next() {
      let list = ProtobufReader(try value.bytes(file: file), file: file)
      switch number {
      case 1: result = .bytes(try byteList(list, file))
      case 2: result = .floats(try floatList(list, file))
      case 3: result = .integers(try integerList(list, file))
      default: break
      }
    }
    return result
  }

  private static func byteList(_ list: ProtobufReader, _ file: String) throws(FormatError) -> [[UInt8]] {
    var (list, result) = (list, [[UInt8]]())
    while let (number, value) = try list.next() {
      if number == 1 { result.append(try value.bytes(file: file).array) }
    }
    return result
  }

  private static func floatList(_ list: ProtobufReader, _ file: String) throws(FormatError) -> [Float] {
    var (list, result) = (list, [Float]())
    while let (number, value) = try list.next() {
      guard number == 1 else { continue }
      if case .bytes(let packed) = value {
        result += try ProtobufReader.packed32(packed, file: file).map { Float(bitPattern: $0) }
      } else {
        result.append(try value.float(file: file))
      }
    }
    return result
  }

  private static func integerList(_ list: ProtobufReader, _ file: String) throws(FormatError) -> [Int64] {
    var (list, result) = (list, [Int64]())
    while let (number, value) = try list.next() {
      guard number == 1 else { continue }
      if case .bytes(let packed) = value {
        result += try ProtobufReader.packedVarints(packed, file: file).map { Int64(bitPattern: $0) }
      } else {
        result.append(Int64(bitPattern: try value.varint(file: file)))
      }
    }
    return result
  }

  /// The example as a record, names in the order of their bytes.
  public func encoded() -> [UInt8] {
    var writer = ProtobufWriter()
    writer.message(1) { map in
      for name in features.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
        map.message(1) { entry in
          entry.string(1, name)
          entry.message(2) { TFExample.write(features[name]!, into: &$0) }
        }
      }
    }
    return writer.bytes
  }

  private static func write(_ feature: Feature, into writer: inout ProtobufWriter) {
    switch feature {
    case .bytes(let values): writer.message(1) { list in for value in values { list.bytes(1, value) } }
    case .floats(let values): writer.message(2) { if !values.isEmpty { $0.packed(1, floats: values) } }
    case .integers(let values):
      writer.message(3) { if !values.isEmpty { $0.packed(1, varints: values.map { UInt64(bitPattern: $0) }) } }
    case .empty: break
    }
  }
}
