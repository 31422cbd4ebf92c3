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
  /// ONNX's number for the type.
  var onnx: ONNXTensorProto.DataType {
    ONNXTensorProto.DataType(rawValue: Int(ONNXElementType(self).rawValue)) ?? .undefined
  }
}
