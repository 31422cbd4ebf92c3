public import Martlet

/// What goes into a model and comes out: a tensor, texts, a sequence of values, or a value that may be absent.
public indirect enum ONNXValue: Sendable {
  /// Numbers or Booleans.
  case tensor(ONNXTensor)
  /// Texts in the form of a tensor.
  case strings(ONNXStrings)
  /// Values in an order; all of one kind.
  case sequence([ONNXValue])
  /// A value of type `optional`: there or not.
  case optional(ONNXValue?)

  /// A tensor of one of Martlet's own element types.
  public init(_ tensor: Tensor) { self = .tensor(ONNXTensor(tensor)) }
}

extension ONNXValue {
  /// The tensor, also if it stands in an `optional`; nil for everything else.
  public var tensor: Tensor? { numbers?.tensor }

  var numbers: ONNXTensor? {
    switch self {
    case .tensor(let value): value
    case .optional(let value?): value.numbers
    default: nil
    }
  }

  /// The texts, if it holds texts.
  public var strings: ONNXStrings? {
    switch self {
    case .strings(let value): value
    case .optional(let value?): value.strings
    default: nil
    }
  }

  /// The shape of a tensor of numbers or texts.
  var shape: Shape? { numbers?.tensor.shape ?? strings?.shape }

  /// What it is, for messages: `float32 [2, 3]`, `a sequence of 4`.
  var kind: String {
    switch self {
    case .tensor(let value): "\(value.elementType) \(value.tensor.shape)"
    case .strings(let value): "string \(value.shape)"
    case .sequence(let elements): "a sequence of \(elements.count)"
    case .optional(let value): value.map { "an optional of \($0.kind)" } ?? "an optional without a value"
    }
  }

  /// Every tensor inside, those of sequences included.
  var tensors: [ONNXTensor] {
    switch self {
    case .tensor(let value): [value]
    case .strings: []
    case .sequence(let elements): elements.flatMap(\.tensors)
    case .optional(let value): value?.tensors ?? []
    }
  }

  /// Whether it is the same at every call of the model.
  var isConstant: Bool {
    switch self {
    case .tensor(let value): value.isConstant
    case .strings(let value): value.isConstant
    case .sequence(let elements): elements.allSatisfy(\.isConstant)
    case .optional(let value): value?.isConstant ?? true
    }
  }

  /// The same value, marked as one that is the same at every call of the model.
  func marked(isConstant: Bool) -> ONNXValue {
    switch self {
    case .tensor(var value):
      value.isConstant = isConstant
      return .tensor(value)
    case .strings(var value):
      value.isConstant = isConstant
      return .strings(value)
    case .sequence(let elements): return .sequence(elements.map { $0.marked(isConstant: isConstant) })
    case .optional(let value): return .optional(value?.marked(isConstant: isConstant))
    }
  }
}
