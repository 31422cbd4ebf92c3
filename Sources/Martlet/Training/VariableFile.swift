import MartletFormats
import MartletGraph

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Variables in a safetensors file, bit for bit.
enum VariableFile {
  /// Writes all variables, and reads the file back to compare.
  static func write(_ variables: [String: Variable], to path: String) throws {
    let stored = try variables.mapValues { try StoredTensor(sharing: $0.tensor) }
    try SafetensorsWriter.write(stored, to: path)
    let file = try SafetensorsFile(path: path)
    for (name, tensor) in stored where !(try file.bytes(name).isSame(as: tensor.bytes)) {
      throw CheckpointError(.damaged, path, "tensor \(FormatError.quoted(name)) reads back differently")
    }
  }

  /// The tensors of a file for the given variables, none of which is changed yet.
  ///
  /// - Throws: ``CheckpointError`` of kind `mismatch` unless names, types and shapes are the same on both sides.
  static func tensors(_ bytes: SharedBytes, for variables: [String: Variable], path: String) throws -> [String: Tensor]
  {
    let file = try SafetensorsFile(bytes: bytes, file: path)
    let unknown = file.names.filter { variables[$0] == nil }
    guard unknown.isEmpty else {
      throw CheckpointError(.mismatch, path, "has \(listed(unknown)), which the model does not")
    }
    let absent = variables.keys.filter { file[$0] == nil }.sorted()
    guard absent.isEmpty else { throw CheckpointError(.mismatch, path, "lacks \(listed(absent))") }
    var result: [String: Tensor] = [:]
    for (name, variable) in variables {
      let stored = try file.tensor(name)
      guard TensorType(stored.dtype, stored.shape) == variable.type else {
        throw CheckpointError(
          .mismatch, path,
          "tensor \(FormatError.quoted(name)) is \(stored.dtype) \(stored.shape), the model has \(variable.type)")
      }
      result[name] = Tensor(stored: stored)
    }
    return result
  }

  private static func listed(_ names: [String]) -> String {
    let shown = names.prefix(3).map { FormatError.quoted($0) }.joined(separator: ", ")
    return names.count > 3 ? "\(shown) and \(names.count - 3) more" : shown
  }
}

extension StoredTensor {
  /// The elements of a tensor, not copied.
  package init(sharing tensor: Tensor) throws {
    let buffer = try tensor.buffer()
    // Holding the buffer also keeps the engine from overwriting it: it is no longer uniquely referenced.
    let memory = UnsafeRawBufferPointer(start: buffer.address, count: tensor.type.sizeInBytes)
    self.init(dtype: tensor.dtype, shape: tensor.shape, bytes: SharedBytes(memory, keptAliveBy: buffer))
  }
}

extension SharedBytes {
  fileprivate func isSame(as other: SharedBytes) -> Bool {
    guard count == other.count else { return false }
    if isEmpty { return true }
    return withUnsafeBytes { a in other.withUnsafeBytes { b in memcmp(a.baseAddress!, b.baseAddress!, a.count) == 0 } }
  }
}
