import MartletFormats

extension ONNXModel.Port {
  init(_ name: String, _ type: ONNXTypeProto?) throws {
    self.name = name
    guard let type, case .tensorType(let tensor)? = type.value else {
      elementType = nil
      dimensions = nil
      description = type.map(ONNXModel.Port.words) ?? "any type"
      return
    }
    elementType = ONNXElementType(rawValue: tensor.elemType)
    dimensions = tensor.hasShape ? tensor.shape.dim.map(ONNXModel.Dimension.init) : nil
    let sizes = dimensions.map { " [\($0.map(\.description).joined(separator: ", "))]" } ?? ""
    description = (elementType?.description ?? "any type") + sizes
  }

  /// A type that is not a tensor, in words.
  private static func words(_ type: ONNXTypeProto) -> String {
    switch type.value {
    case .tensorType(let tensor): ONNXElementType(rawValue: tensor.elemType)?.description ?? "any type"
    case .sequenceType(let sequence): "sequence of \(words(sequence.elemType))"
    case .optionalType(let optional): "optional \(words(optional.elemType))"
    case .mapType: "map"
    case .sparseTensorType: "sparse tensor"
    default: "any type"
    }
  }

  /// Checks a value against the type, and sizes of one name against each other.
  func check(_ value: ONNXValue, _ sizes: inout [String: Int]) throws {
    guard let elementType else { return }
    let found: ONNXElementType
    switch value {
    case .tensor(let tensor): found = tensor.elementType
    case .strings: found = .string
    case .sequence, .optional:
      throw ONNXError(.mismatch, "the input \(FormatError.quoted(name)) is \(value.kind), not \(description)")
    }
    let shape = value.shape!
    guard found == elementType, let dimensions, dimensions.count == shape.rank else {
      if found == elementType && dimensions == nil { return }
      throw ONNXError(.mismatch, "the input \(FormatError.quoted(name)) is \(value.kind), not \(description)")
    }
    for (dimension, size) in zip(dimensions, shape) {
      switch dimension {
      case .fixed(let expected) where expected != size:
        throw ONNXError(.mismatch, "the input \(FormatError.quoted(name)) is \(value.kind), not \(description)")
      case .named(let label):
        if let other = sizes.updateValue(size, forKey: label), other != size {
          throw ONNXError(
            .mismatch,
            "the input \(FormatError.quoted(name)) is \(value.kind), but \(FormatError.quoted(label)) is \(other) already"
          )
        }
      default: break
      }
    }
  }
}

extension ONNXModel.Dimension: CustomStringConvertible {
  init(_ dimension: ONNXTensorShapeProto.Dimension) {
    switch dimension.value {
    case .dimValue(let size): self = .fixed(Int(size))
    case .dimParam(let name) where !name.isEmpty: self = .named(name)
    default: self = .unknown
    }
  }

  /// The number, the name, or `?`.
  public var description: String {
    switch self {
    case .fixed(let size): "\(size)"
    case .named(let name): name
    case .unknown: "?"
    }
  }
}
