import MartletGraph

/// Reads IDX files, the format of the MNIST digits: one tensor each, numbers stored highest byte first.
public enum IDX {
  /// Reads the file at `path`; gzip is undone.
  ///
  /// - Throws: `FormatError`; also if the file is longer or shorter than its header says.
  public static func read(path: String) throws(FormatError) -> StoredTensor {
    try decode(MappedFile(path: path).bytes, file: path)
  }

  /// Reads a file that is in memory; gzip is undone.
  public static func decode(_ bytes: SharedBytes, file: String = "IDX data") throws(FormatError) -> StoredTensor {
    let content = Gzip.recognizes(bytes) ? SharedBytes(try Gzip.decompress(bytes, file: file)) : bytes
    var reader = ByteReader(content, file: file)
    try reader.expect([0, 0], "IDX signature")
    let code = try reader.little(UInt8.self, "IDX element type")
    guard let dtype = dtype(of: code) else {
      throw reader.error(.unsupported, "IDX element type \(code) is unknown", at: 2)
    }
    let rank = Int(try reader.little(UInt8.self, "IDX rank"))
    guard rank <= Shape.maximumRank else {
      throw reader.error(.unsupported, "IDX has \(rank) dimensions, more than \(Shape.maximumRank)", at: 3)
    }
    var dimensions: [Int] = []
    for _ in 0..<rank { dimensions.append(Int(try reader.big(UInt32.self, "IDX size"))) }
    guard let size = StoredTensor.sizeInBytes(dtype: dtype, shape: dimensions) else {
      throw reader.error(.limit, "IDX has sizes whose product does not fit in 64 bits", at: 4)
    }
    guard size == reader.remaining else {
      throw reader.error(
        size > reader.remaining ? .truncated : .malformed,
        "IDX header promises \(size) bytes of data, \(reader.remaining) are there")
    }
    var data = content[reader.offset...]
    if dtype.sizeInBytes > 1 { data = SharedBytes(ByteOrder.swapped(data, elementSize: dtype.sizeInBytes)) }
    return StoredTensor(dtype: dtype, shape: Shape(dimensions), bytes: data)
  }

  private static func dtype(of code: UInt8) -> DType? {
    switch code {
    case 0x08: .uint8
    case 0x09: .int8
    case 0x0B: .int16
    case 0x0C: .int32
    case 0x0D: .float32
    case 0x0E: .float64
    default: nil
    }
  }
}

/// Reversal of the bytes of each element.
enum ByteOrder {
  static func swapped(_ data: SharedBytes, elementSize: Int) -> [UInt8] {
    var result = data.array
    for start in stride(from: 0, to: result.count, by: elementSize) {
      for i in 0..<(elementSize / 2) { result.swapAt(start + i, start + elementSize - 1 - i) }
    }
    return result
  }
}
