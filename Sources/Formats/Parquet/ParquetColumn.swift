/// A column of a Parquet file.
public struct ParquetColumn: Sendable, Hashable {
  /// What its values are.
  public enum ElementType: Sendable, Hashable {
    case boolean, int32, int64, uint32, uint64, float32, float64
    /// Texts in UTF-8.
    case text
    /// Bytes of any length.
    case bytes
    /// Bytes of one length.
    case fixedBytes(Int)
    /// Of a kind that is not read here, with its name.
    case other(String)
  }

  /// The name; parts of nested ones are joined by dots.
  public let name: String
  /// What its values are.
  public let type: ElementType
  /// Whether values may be missing.
  public let isOptional: Bool
  /// The number of digits behind the decimal point of whole numbers that are decimals.
  public let scale: Int
  /// How many of it and of the groups around it are optional; the level of values that are there.
  let definitionLevel: Int
}

extension ParquetColumn: CustomStringConvertible {
  /// For people: `price int64, optional`.
  public var description: String { "\(name) \(type)\(isOptional ? ", optional" : "")" }
}

extension ParquetColumn.ElementType: CustomStringConvertible {
  /// The name of the type.
  public var description: String {
    switch self {
    case .boolean: "boolean"
    case .int32: "int32"
    case .int64: "int64"
    case .uint32: "uint32"
    case .uint64: "uint64"
    case .float32: "float32"
    case .float64: "float64"
    case .text: "text"
    case .bytes: "bytes"
    case .fixedBytes(let count): "\(count) bytes"
    case .other(let name): name
    }
  }
}

extension ParquetColumn {
  /// The columns of a schema: the leaves of a tree that is written parents first.
  static func columns(
    of elements: [ParquetMetadata.Element], file: String
  ) throws(FormatError) -> [ParquetColumn] {
    guard let root = elements.first, root.type == nil else {
      throw FormatError(.malformed, file: file, "has no schema")
    }
    var columns: [ParquetColumn] = []
    var nameBytes = 0
    // The groups around the next element: how many of their children are missing, and what they add.
    var open: [(left: Int, path: String, level: Int, isRepeated: Bool)] = [(root.childCount, "", 0, false)]
    for element in elements.dropFirst() {
      while let last = open.last, last.left == 0 { open.removeLast() }
      guard var parent = open.popLast() else {
        throw FormatError(.malformed, file: file, "has a schema with parts that belong to none")
      }
      parent.left -= 1
      open.append(parent)
      guard (0...2).contains(element.repetition) else {
        throw FormatError(.malformed, file: file, "has a column of repetition \(element.repetition)")
      }
      let path = parent.path.isEmpty ? element.name : "\(parent.path).\(element.name)"
      nameBytes += path.utf8.count
      guard nameBytes <= 1 << 24 else { throw FormatError(.limit, file: file, "has column names of more than 16 MiB") }
      let level = parent.level + (element.repetition == 0 ? 0 : 1)
      let isRepeated = parent.isRepeated || element.repetition == 2
      if element.type == nil {
        guard open.count < 32 else { throw FormatError(.limit, file: file, "has a schema that is nested too deep") }
        open.append((element.childCount, path, level, isRepeated))
      } else {
        columns.append(
          ParquetColumn(
            name: path, type: isRepeated ? .other("lists") : type(element), isOptional: level > 0,
            scale: element.convertedType == 5 ? element.scale : 0, definitionLevel: level))
      }
    }
    guard open.allSatisfy({ $0.left == 0 }) else {
      throw FormatError(.truncated, file: file, "has a schema with groups that lack parts")
    }
    return columns
  }

  private static func type(_ element: ParquetMetadata.Element) -> ElementType {
    switch element.type {
    case 0: .boolean
    case 1: element.isUnsigned ? .uint32 : .int32
    case 2: element.isUnsigned ? .uint64 : .int64
    case 3: .other("int96")
    case 4: .float32
    case 5: .float64
    case 6: element.isText ? .text : .bytes
    case 7 where element.convertedType == 5: .other("decimals of \(element.typeLength) bytes")
    case 7 where element.isHalf: .other("float16")
    case 7: element.typeLength > 0 ? .fixedBytes(element.typeLength) : .other("bytes of no length")
    default: .other("type \(element.type ?? -1)")
    }
  }
}
