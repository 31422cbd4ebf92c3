import MartletGraph

/// Writes PyTorch files: a dictionary from names to tensors, which `torch.load` reads with `weights_only=True`.
public enum TorchWriter {
  /// Writes tensors in the order given, each with a storage of its own.
  ///
  /// - Throws: `FormatError` if a name is given twice or the file cannot be written.
  public static func write(
    _ tensors: [(name: String, tensor: StoredTensor)], to path: String
  ) throws(FormatError) {
    var names: Set<String> = []
    var pickle = TorchPickle()
    for (i, item) in tensors.enumerated() {
      guard names.insert(item.name).inserted else {
        throw FormatError(.duplicate, file: path, "is given twice", tensor: item.name)
      }
      pickle.append(item.name, item.tensor, key: String(i))
    }
    var writer = try ZipWriter(path: path)
    try writer.append("archive/data.pkl", SharedBytes(pickle.finished))
    try writer.append("archive/byteorder", SharedBytes(Array("little".utf8)))
    for (i, item) in tensors.enumerated() { try writer.append("archive/data/\(i)", item.tensor.bytes) }
    try writer.append("archive/version", SharedBytes(Array("3\n".utf8)))
    try writer.finish()
  }
}

/// The pickle of a dictionary of tensors.
private struct TorchPickle {
  // Protocol 2, an empty dictionary, and a mark for all its items.
  private var bytes: [UInt8] = [0x80, 2, 0x7D, 0x28]

  var finished: [UInt8] { bytes + [0x75, 0x2E] }

  mutating func append(_ name: String, _ tensor: StoredTensor, key: String) {
    let storage = TorchPickle.storageClass(tensor.dtype)
    text(name)
    global("torch._utils", storage == nil ? "_rebuild_tensor_v3" : "_rebuild_tensor_v2")
    bytes.append(0x28)
    bytes.append(0x28)
    text("storage")
    if let storage { global("torch", storage) } else { global("torch.storage", "UntypedStorage") }
    text(key)
    text("cpu")
    integer(storage == nil ? tensor.bytes.count : tensor.shape.elementCount)
    // Close the tuple; it stands for a storage.
    bytes += [0x74, 0x51]
    integer(0)
    tuple(Array(tensor.shape))
    var strides: [Int] = []
    var step = 1
    for size in tensor.shape.reversed() {
      strides.insert(step, at: 0)
      step *= max(size, 1)
    }
    tuple(strides)
    // No gradient wanted, no hooks: an empty ordered dictionary.
    bytes.append(0x89)
    global("collections", "OrderedDict")
    bytes += [0x29, 0x52]
    if storage == nil { global("torch", tensor.dtype.description) }
    bytes += [0x74, 0x52]
  }

  private static func storageClass(_ dtype: DType) -> String? {
    switch dtype {
    case .bool: "BoolStorage"
    case .uint8: "ByteStorage"
    case .int8: "CharStorage"
    case .int16: "ShortStorage"
    case .int32: "IntStorage"
    case .int64: "LongStorage"
    case .float16: "HalfStorage"
    case .bfloat16: "BFloat16Storage"
    case .float32: "FloatStorage"
    case .float64: "DoubleStorage"
    case .uint16, .uint32, .uint64: nil
    }
  }

  private mutating func text(_ text: String) {
    bytes.append(0x58)
    bytes.appendLittle(UInt32(text.utf8.count))
    bytes += text.utf8
  }

  private mutating func global(_ module: String, _ name: String) {
    bytes.append(0x63)
    bytes += "\(module)\n\(name)\n".utf8
  }

  private mutating func integer(_ value: Int) {
    if let small = Int32(exactly: value) {
      bytes.append(0x4A)
      bytes.appendLittle(small)
    } else {
      bytes += [0x8A, 8]
      bytes.appendLittle(Int64(value))
    }
  }

  private mutating func tuple(_ values: [Int]) {
    bytes.append(0x28)
    for value in values { integer(value) }
    bytes.append(0x74)
  }
}
