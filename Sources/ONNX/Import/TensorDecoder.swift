import Martlet
import MartletFormats
import MartletGraph

/// Turns tensors of a model into values; every size is checked against the bytes that are there.
struct TensorDecoder {
  /// The folder that external data is in; nil where there is none.
  let folder: String?

  /// The value of a tensor.
  ///
  /// - Parameter payload: Its raw data, if that was kept apart.
  func value(of proto: ONNXTensorProto, payload: SharedBytes? = nil) throws -> ONNXValue {
    do {
      let type = try TensorDecoder.elementType(proto)
      let shape = try TensorDecoder.shape(proto.dims)
      let count = shape.checkedElementCount!
      if type == .string {
        return .strings(ONNXStrings(try texts(proto, count: count), shape: shape)).marked(isConstant: true)
      }
      guard let carrier = type.carrier else { throw ONNXError(.unsupported, "\(type) is not supported") }
      let data = try bytes(proto, payload, type, count: count)
      let stored = StoredTensor(dtype: carrier, shape: shape, bytes: data).normalized()
      return .tensor(ONNXTensor(Tensor(stored: stored), as: type)).marked(isConstant: true)
    } catch let error as ONNXError {
      throw ONNXError(error.kind, "tensor \(FormatError.quoted(proto.name)): \(error.message)")
    } catch let error as FormatError {
      throw ONNXError(error)
    }
  }

  static func elementType(_ proto: ONNXTensorProto) throws -> ONNXElementType {
    guard let type = ONNXElementType(rawValue: proto.dataType) else {
      throw ONNXError(.malformed, "element type \(proto.dataType) does not exist")
    }
    if proto.hasSegment { throw ONNXError(.unsupported, "data in segments is not supported") }
    return type
  }

  /// A shape from sizes in a file.
  static func shape(_ dimensions: [Int64]) throws -> Shape {
    guard dimensions.count <= Shape.maximumRank else {
      throw ONNXError(.limit, "\(dimensions.count) dimensions are more than \(Shape.maximumRank)")
    }
    let sizes = dimensions.map { Int($0) }
    guard let bytes = StoredTensor.sizeInBytes(dtype: .float64, shape: sizes), bytes <= 1 << 48 else {
      throw ONNXError(.malformed, "the sizes \(dimensions) are negative, or multiply to too many elements")
    }
    return Shape(sizes)
  }
}

// MARK: - Data

extension TensorDecoder {
  private func texts(_ proto: ONNXTensorProto, count: Int) throws -> [String] {
    guard proto.stringData.count == count else {
      throw ONNXError(.mismatch, "\(proto.stringData.count) texts are not the \(count) of its sizes")
    }
    return proto.stringData.map { String(decoding: $0, as: UTF8.self) }
  }

  /// The elements in their carrier, dense and row-major.
  private func bytes(
    _ proto: ONNXTensorProto, _ payload: SharedBytes?, _ type: ONNXElementType, count: Int
  ) throws -> SharedBytes {
    if proto.dataLocation == .external {
      return try PackedElements.expanded(external(proto), type, count: count)
    }
    if let payload { return try PackedElements.expanded(payload, type, count: count) }
    if proto.hasRawData { return try PackedElements.expanded(SharedBytes([UInt8](proto.rawData)), type, count: count) }
    return try listed(proto, type, count: count)
  }

  /// The elements of one of the lists of numbers.
  private func listed(_ proto: ONNXTensorProto, _ type: ONNXElementType, count: Int) throws -> SharedBytes {
    switch type {
    case .float32: return try TensorDecoder.list(proto.floatData, count)
    case .float64: return try TensorDecoder.list(proto.doubleData, count)
    case .int64: return try TensorDecoder.list(proto.int64Data, count)
    case .uint64: return try TensorDecoder.list(proto.uint64Data, count)
    case .uint32: return try TensorDecoder.list(proto.uint64Data.map { UInt32(truncatingIfNeeded: $0) }, count)
    case .int32: return try TensorDecoder.list(proto.int32Data, count)
    case .uint16, .int16, .float16, .bfloat16:
      return try TensorDecoder.list(proto.int32Data.map { UInt16(truncatingIfNeeded: $0) }, count)
    default:
      // An entry for each byte, which holds one element of 8 bits or several narrower ones.
      let packed = proto.int32Data.map { UInt8(truncatingIfNeeded: $0) }
      return try PackedElements.expanded(SharedBytes(packed), type, count: count)
    }
  }

  private static func list<Number: BitwiseCopyable>(_ numbers: [Number], _ count: Int) throws -> SharedBytes {
    guard numbers.count == count else {
      throw ONNXError(.mismatch, "\(numbers.count) numbers are not the \(count) of its sizes")
    }
    return SharedBytes(numbers.withUnsafeBytes { [UInt8]($0) })
  }

  /// The bytes of another file that the tensor names.
  private func external(_ proto: ONNXTensorProto) throws -> SharedBytes {
    var entries: [String: String] = [:]
    for entry in proto.externalData where entries.updateValue(entry.value, forKey: entry.key) != nil {
      throw ONNXError(.malformed, "external data names \(FormatError.quoted(entry.key)) twice")
    }
    guard let location = entries["location"] else { throw ONNXError(.malformed, "external data has no location") }
    guard let folder else { throw ONNXError(.missing, "external data needs a model that was read from a file") }
    let data = try MappedFile(location: location, in: folder).bytes
    let offset = try TensorDecoder.number(entries["offset"], "offset") ?? 0
    guard offset <= data.count else {
      throw ONNXError(.truncated, "external data begins at byte \(offset), past the end of its file (\(data.count))")
    }
    let length = try TensorDecoder.number(entries["length"], "length") ?? data.count - offset
    guard length <= data.count - offset else {
      throw ONNXError(
        .truncated, "external data of \(length) bytes at \(offset) ends past the end of its file (\(data.count))")
    }
    return data[offset..<(offset + length)]
  }

  private static func number(_ text: String?, _ name: String) throws -> Int? {
    guard let text else { return nil }
    guard let number = Int(text), number >= 0 else {
      throw ONNXError(.malformed, "the \(name) \(FormatError.quoted(text)) of external data is no number")
    }
    return number
  }
}
