import MartletGraph

/// Reads and writes numpy's npy files: one tensor each.
///
/// Versions 1.0 to 3.0, both byte orders and both memory orders are read. Objects, texts, records, complex and extended
/// numbers are refused; nothing in a file is ever evaluated.
public enum Npy {
  /// Reads the file at `path`.
  ///
  /// Little-endian, row-major numbers share the mapped file; others are converted into memory of their own.
  ///
  /// - Throws: `FormatError`; also if the file is longer or shorter than its header says.
  public static func read(path: String) throws(FormatError) -> StoredTensor {
    try decode(MappedFile(path: path).bytes, file: path)
  }

  /// Reads a file that is in memory.
  public static func decode(_ bytes: SharedBytes, file: String = "npy data") throws(FormatError) -> StoredTensor {
    var reader = ByteReader(bytes, file: file)
    let header = try NpyHeader(&reader)
    let size = try header.checkedSize(in: reader.remaining, reader)
    let shape = Shape(header.dimensions)
    var data = bytes[reader.offset...]
    if header.isBigEndian { data = SharedBytes(ByteOrder.swapped(data, elementSize: header.dtype.sizeInBytes)) }
    if header.isFortranOrder, shape.rank > 1, size > 0 {
      data = SharedBytes(rowMajor(data, shape: shape, elementSize: header.dtype.sizeInBytes))
    }
    return StoredTensor(dtype: header.dtype, shape: shape, bytes: data).normalized()
  }

  /// The bytes of a npy file of version 1.0.
  ///
  /// - Throws: `FormatError` of kind `unsupported` for `bfloat16`, which numpy does not have.
  public static func encode(_ tensor: StoredTensor) throws(FormatError) -> [UInt8] {
    try NpyHeader.encoded(dtype: tensor.dtype, shape: tensor.shape) + tensor.bytes.array
  }

  /// Writes a tensor to the file at `path`.
  public static func write(_ tensor: StoredTensor, to path: String) throws(FormatError) {
    var file = try AtomicFile(path: path)
    try file.write(NpyHeader.encoded(dtype: tensor.dtype, shape: tensor.shape))
    try file.write(tensor.bytes)
    try file.commit()
  }

  /// Brings elements stored with the first index fastest into the order with the last index fastest.
  private static func rowMajor(_ data: SharedBytes, shape: Shape, elementSize: Int) -> [UInt8] {
    var strides: [Int] = []
    var step = elementSize
    for size in shape {
      strides.append(step)
      step *= size
    }
    let inner = shape[shape.rank - 1]
    let innerStride = strides[shape.rank - 1]
    var index = [Int](repeating: 0, count: shape.rank - 1)
    var source = 0
    return [UInt8](unsafeUninitializedCapacity: data.count) { result, initialized in
      data.withUnsafeBytes { data in
        for row in 0..<(data.count / (inner * elementSize)) {
          for column in 0..<inner {
            let start = source + column * innerStride
            let end = (row * inner + column) * elementSize
            UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(result)[end..<(end + elementSize)])
              .copyMemory(from: UnsafeRawBufferPointer(rebasing: data[start..<(start + elementSize)]))
          }
          advance(&index, &source, shape, strides)
        }
      }
      initialized = data.count
    }
  }

  /// Goes to the next row: counts up the outer indices, the last of them fastest.
  private static func advance(_ index: inout [Int], _ source: inout Int, _ shape: Shape, _ strides: [Int]) {
    var axis = index.count - 1
    while axis >= 0 {
      index[axis] += 1
      source += strides[axis]
      if index[axis] < shape[axis] { return }
      source -= strides[axis] * shape[axis]
      index[axis] = 0
      axis -= 1
    }
  }
}
