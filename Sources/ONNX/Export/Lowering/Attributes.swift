import SwiftProtobuf

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

extension ONNXAttributeProto {
  private init(_ name: String, _ type: AttributeType) {
    self.init()
    self.name = name
    self.type = type
  }

  static func int(_ name: String, _ value: Int) -> ONNXAttributeProto {
    var attribute = ONNXAttributeProto(name, .int)
    attribute.i = Int64(value)
    return attribute
  }

  static func ints(_ name: String, _ values: some Sequence<Int>) -> ONNXAttributeProto {
    var attribute = ONNXAttributeProto(name, .ints)
    attribute.ints = values.map { Int64($0) }
    return attribute
  }

  static func string(_ name: String, _ value: String) -> ONNXAttributeProto {
    var attribute = ONNXAttributeProto(name, .string)
    attribute.s = Data(value.utf8)
    return attribute
  }

  static func graph(_ name: String, _ value: ONNXGraphProto) -> ONNXAttributeProto {
    var attribute = ONNXAttributeProto(name, .graph)
    attribute.g = value
    return attribute
  }
}
