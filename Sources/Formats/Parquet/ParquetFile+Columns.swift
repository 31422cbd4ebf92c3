import MartletGraph

extension ParquetFile {
  /// A column of whole numbers; decimals give their digits, without the point.
  ///
  /// - Throws: `FormatError` if there is no such column, it is of another type, a value is missing or above 2^63, or the
  ///   file is damaged.
  public func integers(column name: String) throws(FormatError) -> [Int] {
    let (column, decoder) = try read(name)
    try requireAll(decoder, name)
    switch decoder.values {
    case .int32(let values):
      return column.type == .uint32 ? values.map { Int(UInt32(bitPattern: $0)) } : values.map { Int($0) }
    case .int64(let values):
      guard column.type != .uint64 || values.allSatisfy({ $0 >= 0 }) else {
        throw FormatError(.mismatch, file: file, "has a number above 2^63", tensor: name)
      }
      return values.map { Int($0) }
    default: throw mismatch(column, "whole numbers")
    }
  }

  /// A column of numbers of any kind, truth values as 0 and 1; decimals are divided by their scale. Missing ones are NaN.
  ///
  /// - Throws: `FormatError` if there is no such column, it holds texts, or the file is damaged.
  public func doubles(column name: String) throws(FormatError) -> [Double] {
    let (column, decoder) = try read(name)
    let values: [Double]
    switch decoder.values {
    case .booleans(let flags): values = flags.map { $0 ? 1 : 0 }
    case .int32(let numbers):
      values = column.type == .uint32 ? numbers.map { Double(UInt32(bitPattern: $0)) } : numbers.map { Double($0) }
    case .int64(let numbers):
      values = column.type == .uint64 ? numbers.map { Double(UInt64(bitPattern: $0)) } : numbers.map { Double($0) }
    case .float32(let numbers): values = numbers.map { Double($0) }
    case .float64(let numbers): values = numbers
    case .bytes: throw mismatch(column, "numbers")
    }
    guard column.scale > 0 else { return spread(values, decoder, missing: .nan) }
    var divisor = 1.0
    for _ in 0..<min(column.scale, 400) { divisor *= 10 }
    return spread(values.map { $0 / divisor }, decoder, missing: .nan)
  }

  /// A column of truth values.
  ///
  /// - Throws: `FormatError` if there is no such column, it is of another type, a value is missing, or the file is damaged.
  public func booleans(column name: String) throws(FormatError) -> [Bool] {
    let (column, decoder) = try read(name)
    try requireAll(decoder, name)
    guard case .booleans(let flags) = decoder.values else { throw mismatch(column, "truth values") }
    return flags
  }

  /// A column of texts; nil where one is missing.
  ///
  /// - Throws: `FormatError` if there is no such column, it is of another type, a text is not UTF-8, or the file is damaged.
  public func strings(column name: String) throws(FormatError) -> [String?] {
    let (column, decoder) = try read(name)
    guard case .bytes(let pooled) = decoder.values else { throw mismatch(column, "texts") }
    var known: [String] = []
    for entry in 0..<pooled.distinctCount {
      guard let text = String(validating: pooled.string(Int32(entry)), as: UTF8.self) else {
        throw FormatError(.malformed, file: file, "has a text that is not UTF-8", tensor: name)
      }
      known.append(text)
    }
    return optional(pooled.entries.map { known[Int($0)] }, decoder)
  }

  /// A column of byte strings; nil where one is missing.
  ///
  /// - Throws: `FormatError` if there is no such column, it is of another type, or the file is damaged.
  public func byteStrings(column name: String) throws(FormatError) -> [[UInt8]?] {
    let (column, decoder) = try read(name)
    guard case .bytes(let pooled) = decoder.values else { throw mismatch(column, "byte strings") }
    let known = (0..<pooled.distinctCount).map { [UInt8](pooled.string(Int32($0))) }
    return optional(pooled.entries.map { known[Int($0)] }, decoder)
  }

  /// A column of numbers or truth values as a tensor of its own type, shape `[rowCount]`. Missing floats are NaN.
  ///
  /// - Throws: `FormatError` if there is no such column, it holds texts, a whole number or truth value is missing, or the
  ///   file is damaged.
  public func tensor(column name: String) throws(FormatError) -> StoredTensor {
    let (column, decoder) = try read(name)
    let shape: Shape = [rowCount]
    switch decoder.values {
    case .float32(let values): return StoredTensor(spread(values, decoder, missing: .nan), shape: shape)
    case .float64(let values): return StoredTensor(spread(values, decoder, missing: .nan), shape: shape)
    default: try requireAll(decoder, name)
    }
    switch decoder.values {
    case .booleans(let flags): return StoredTensor(flags, shape: shape)
    case .int32(let values) where column.type == .uint32:
      return StoredTensor(values.map { UInt32(bitPattern: $0) }, shape: shape)
    case .int32(let values): return StoredTensor(values, shape: shape)
    case .int64(let values) where column.type == .uint64:
      return StoredTensor(values.map { UInt64(bitPattern: $0) }, shape: shape)
    case .int64(let values): return StoredTensor(values, shape: shape)
    default: throw mismatch(column, "numbers")
    }
  }

  private func mismatch(_ column: ParquetColumn, _ wanted: String) -> FormatError {
    FormatError(.mismatch, file: file, "is of type \(column.type), not \(wanted)", tensor: column.name)
  }

  private func requireAll(_ decoder: ParquetDecoder, _ name: String) throws(FormatError) {
    guard let row = decoder.presence.firstIndex(of: false) else { return }
    throw FormatError(.mismatch, file: file, "has no value in row \(row)", tensor: name)
  }

  /// The values with something in place of those that are missing.
  private func spread<Value>(_ values: [Value], _ decoder: ParquetDecoder, missing: Value) -> [Value] {
    if decoder.presence.isEmpty { return values }
    var next = values.makeIterator()
    return decoder.presence.map { $0 ? next.next() ?? missing : missing }
  }

  private func optional<Value>(_ values: [Value], _ decoder: ParquetDecoder) -> [Value?] {
    if decoder.presence.isEmpty { return values }
    var next = values.makeIterator()
    return decoder.presence.map { $0 ? next.next() : nil }
  }
}
