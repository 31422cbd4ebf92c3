/// Decodes the mixture of runs and packed bits that Parquet has for small numbers: levels, places in dictionaries, truth
/// values.
///
/// - Note: "RLE / Bit-Packing Hybrid" in the specification of Parquet's encodings.
enum ParquetRuns {
  /// The first `count` numbers of `width` bits.
  ///
  /// - Throws: `FormatError` if there are less.
  static func decode(
    _ bytes: SharedBytes, width: Int, count: Int, file: String
  ) throws(FormatError) -> [UInt32] {
    guard width <= 32 else { throw FormatError(.malformed, file: file, "has numbers of \(width) bits") }
    var result: [UInt32] = []
    result.reserveCapacity(count)
    var position = 0
    try bytes.withSpan { (input) throws(FormatError) in
      while result.count < count {
        let head = try varint(input, &position, file)
        let wanted = count - result.count
        if head & 1 == 0 {
          let value = try number(input, &position, (width + 7) / 8, file)
          guard head > 1, width == 32 || value >> UInt32(width) == 0 else {
            throw FormatError(.malformed, file: file, "has a run of nothing, or of a number that is too large")
          }
          result.append(contentsOf: repeatElement(value, count: min(wanted, Int(head >> 1))))
        } else {
          let groups = Int(head >> 1)
          let taken = min(wanted, groups * 8)
          guard groups > 0, (taken * width + 7) / 8 <= input.count - position else {
            throw FormatError(.truncated, file: file, "has packed numbers that are cut")
          }
          unpack(input, from: position, width: width, count: taken, into: &result)
          position = min(input.count, position + groups * width)
        }
      }
    }
    return result
  }

  private static func varint(
    _ input: borrowing Span<UInt8>, _ position: inout Int, _ file: String
  ) throws(FormatError) -> UInt32 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 35, by: 7) {
      guard position < input.count else { throw FormatError(.truncated, file: file, "has runs that are cut") }
      let byte = input[position]
      position += 1
      value |= UInt64(byte & 127) << shift
      if byte < 128 {
        guard let result = UInt32(exactly: value) else { break }
        return result
      }
    }
    throw FormatError(.malformed, file: file, "has a run of more than 2^32 numbers")
  }

  private static func number(
    _ input: borrowing Span<UInt8>, _ position: inout Int, _ count: Int, _ file: String
  ) throws(FormatError) -> UInt32 {
    guard count <= input.count - position else { throw FormatError(.truncated, file: file, "has a run that is cut") }
    var value: UInt32 = 0
    for i in 0..<count { value |= UInt32(input[position + i]) << UInt32(8 * i) }
    position += count
    return value
  }

  private static func unpack(
    _ input: borrowing Span<UInt8>, from start: Int, width: Int, count: Int, into result: inout [UInt32]
  ) {
    var (bits, held, next) = (UInt64(0), 0, start)
    let mask = UInt64(1) << UInt64(width) - 1
    for _ in 0..<count {
      while held < width {
        bits |= UInt64(input[next]) << UInt64(held)
        held += 8
        next += 1
      }
      result.append(UInt32(truncatingIfNeeded: bits & mask))
      bits >>= UInt64(width)
      held -= width
    }
  }
}
