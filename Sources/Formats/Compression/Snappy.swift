/// Reads blocks of Snappy, the compression that most Parquet files use.
///
/// - Note: Google's description of the format: the length, then literals and copies of what came before.
enum Snappy {
  /// Decompresses a block.
  ///
  /// - Parameter size: The bytes that must come out.
  /// - Throws: `FormatError` if the block is cut, refers to what is not there, or gives another number of bytes.
  static func decompress(_ bytes: SharedBytes, size: Int, file: String) throws(FormatError) -> [UInt8] {
    try bytes.withSpan { (input) throws(FormatError) in
      var decoder = SnappyDecoder(file: file, size: size)
      try decoder.run(input)
      return decoder.output
    }
  }
}

private struct SnappyDecoder {
  let file: String
  let size: Int
  var output: [UInt8] = []
  private var position = 0

  init(file: String, size: Int) {
    (self.file, self.size) = (file, size)
  }

  mutating func run(_ input: borrowing Span<UInt8>) throws(FormatError) {
    guard try length(input) == size else { throw error(.malformed, "does not have its stated length") }
    output.reserveCapacity(size)
    while position < input.count {
      let tag = input[position]
      position += 1
      if tag & 3 == 0 { try literal(tag, input) } else { try copy(tag, input) }
    }
    guard output.count == size else { throw error(.truncated, "gives \(output.count) bytes instead of \(size)") }
  }

  private func error(_ kind: FormatError.Kind, _ message: String) -> FormatError {
    FormatError(kind, file: file, "Snappy block \(message)", offset: position)
  }

  private mutating func length(_ input: borrowing Span<UInt8>) throws(FormatError) -> Int {
    var value = 0
    for shift in stride(from: 0, to: 35, by: 7) {
      guard position < input.count else { throw error(.truncated, "ends in its length") }
      value |= Int(input[position] & 127) << shift
      position += 1
      if input[position - 1] < 128 { return value }
    }
    throw error(.malformed, "has a length of more than 32 bits")
  }

  /// A number of so many bytes, the lowest first.
  private mutating func number(_ count: Int, _ input: borrowing Span<UInt8>) throws(FormatError) -> Int {
    guard count <= input.count - position else { throw error(.truncated, "ends in a number") }
    var value = 0
    for i in 0..<count { value |= Int(input[position + i]) << (8 * i) }
    position += count
    return value
  }

  private mutating func literal(_ tag: UInt8, _ input: borrowing Span<UInt8>) throws(FormatError) {
    let short = Int(tag >> 2)
    let count = 1 + (short < 60 ? short : try number(short - 59, input))
    guard count <= input.count - position else { throw error(.truncated, "ends in a literal") }
    guard count <= size - output.count else { throw error(.malformed, "gives more than \(size) bytes") }
    input.extracting(position..<(position + count)).withUnsafeBufferPointer { output.append(contentsOf: $0) }
    position += count
  }

  private mutating func copy(_ tag: UInt8, _ input: borrowing Span<UInt8>) throws(FormatError) {
    let count: Int
    let distance: Int
    switch tag & 3 {
    case 1:
      count = 4 + Int(tag >> 2 & 7)
      distance = Int(tag >> 5) << 8 | (try number(1, input))
    case 2:
      count = 1 + Int(tag >> 2)
      distance = try number(2, input)
    default:
      count = 1 + Int(tag >> 2)
      distance = try number(4, input)
    }
    guard distance > 0, distance <= output.count else { throw error(.malformed, "copies what is not there") }
    guard count <= size - output.count else { throw error(.malformed, "gives more than \(size) bytes") }
    // A copy may run into what it makes itself, so it goes byte by byte where the two overlap.
    let start = output.count - distance
    if distance >= count {
      output.append(contentsOf: output[start..<(start + count)])
    } else {
      for i in 0..<count { output.append(output[start + i]) }
    }
  }
}
