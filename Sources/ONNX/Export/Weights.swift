import MartletFormats
import MartletGraph
import SwiftProtobuf

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A constant of an exported model.
struct ExportedTensor {
  let name: String
  let tensor: StoredTensor

  /// Dimensions, type and name, without the elements.
  private var header: ONNXTensorProto {
    var proto = ONNXTensorProto()
    proto.name = name
    proto.dims = tensor.shape.map { Int64($0) }
    proto.dataType = Int32(tensor.dtype.onnx.rawValue)
    return proto
  }

  /// The constant with its elements.
  var embedded: ONNXTensorProto {
    var proto = header
    proto.rawData = tensor.bytes.withUnsafeBytes { Data($0) }
    return proto
  }

  /// The constant with its elements in another file.
  func external(file: String, offset: Int) -> ONNXTensorProto {
    var proto = header
    proto.dataLocation = .external
    proto.externalData = [("location", file), ("offset", "\(offset)"), ("length", "\(tensor.bytes.count)")].map {
      var entry = ONNXStringStringEntryProto()
      (entry.key, entry.value) = ($0, $1)
      return entry
    }
    return proto
  }
}

extension DType {
  /// ONNX's name for the type.
  var onnx: ONNXTensorProto.DataType {
    switch self {
    case .bool: .bool
    case .uint8: .uint8
    case .uint16: .uint16
    case .uint32: .uint32
    case .uint64: .uint64
    case .int8: .int8
    case .int16: .int16
    case .int32: .int32
    case .int64: .int64
    case .float16: .float16
    case .bfloat16: .bfloat16
    case .float32: .float
    case .float64: .double
    }
  }
}
