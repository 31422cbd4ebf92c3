/// The values of a column that are there, in order.
enum ParquetValues: Sendable {
  case booleans([Bool])
  case int32([Int32])
  case int64([Int64])
  case float32([Float])
  case float64([Double])
  case bytes(PooledBytes)

  /// No values, of the kind that a column stores.
  init?(_ type: ParquetColumn.ElementType) {
    switch type {
    case .boolean: self = .booleans([])
    case .int32, .uint32: self = .int32([])
    case .int64, .uint64: self = .int64([])
    case .float32: self = .float32([])
    case .float64: self = .float64([])
    case .text, .bytes, .fixedBytes: self = .bytes(PooledBytes())
    case .other: return nil
    }
  }

  var count: Int {
    switch self {
    case .booleans(let values): values.count
    case .int32(let values): values.count
    case .int64(let values): values.count
    case .float32(let values): values.count
    case .float64(let values): values.count
    case .bytes(let values): values.entries.count
    }
  }

  /// Appends the values of a dictionary at the given places; false if one is outside.
  mutating func append(_ dictionary: ParquetValues, at places: [UInt32], base: Int32) -> Bool {
    // Emptied before its array grows, so that the array has one owner and is not copied.
    let before = self
    self = .booleans([])
    switch (consume before, dictionary) {
    case (.int32(var values), .int32(let known)):
      guard ParquetValues.gather(&values, known, places) else { return false }
      self = .int32(values)
    case (.int64(var values), .int64(let known)):
      guard ParquetValues.gather(&values, known, places) else { return false }
      self = .int64(values)
    case (.float32(var values), .float32(let known)):
      guard ParquetValues.gather(&values, known, places) else { return false }
      self = .float32(values)
    case (.float64(var values), .float64(let known)):
      guard ParquetValues.gather(&values, known, places) else { return false }
      self = .float64(values)
    case (.bytes(var values), .bytes(let known)):
      guard values.append(at: places, of: known.entries.count, base: base) else { return false }
      self = .bytes(values)
    default: return false
    }
    return true
  }

  private static func gather<Value>(_ values: inout [Value], _ known: [Value], _ places: [UInt32]) -> Bool {
    values.reserveCapacity(values.count + places.count)
    for place in places {
      guard place < known.count else { return false }
      values.append(known[Int(place)])
    }
    return true
  }
}

/// Byte strings, each kept once however often it occurs.
struct PooledBytes: Sendable {
  private var pool: [UInt8] = []
  /// Where each kept string begins; one more than strings.
  private var starts: [Int] = [0]
  /// For each value which string it is.
  private(set) var entries: [Int32] = []

  /// The number of kept strings.
  var distinctCount: Int { starts.count - 1 }

  func string(_ entry: Int32) -> ArraySlice<UInt8> { pool[starts[Int(entry)]..<starts[Int(entry) + 1]] }

  /// Keeps a string without making it a value.
  mutating func keep(_ bytes: UnsafeRawBufferPointer) {
    pool.append(contentsOf: bytes)
    starts.append(pool.count)
  }

  /// Makes the string that was kept last a value.
  mutating func useLast() { entries.append(Int32(truncatingIfNeeded: distinctCount - 1)) }

  /// Values out of a dictionary of `count` strings that was kept from `base` on; false if a place is outside.
  mutating func append(at places: [UInt32], of count: Int, base: Int32) -> Bool {
    entries.reserveCapacity(entries.count + places.count)
    for place in places {
      guard place < count else { return false }
      entries.append(base + Int32(truncatingIfNeeded: place))
    }
    return true
  }

  /// Keeps all strings of a dictionary; the number of the first.
  mutating func keep(_ dictionary: PooledBytes) -> Int32 {
    let base = Int32(truncatingIfNeeded: distinctCount)
    let shift = pool.count
    pool += dictionary.pool
    starts += dictionary.starts.dropFirst().map { $0 + shift }
    return base
  }
}
