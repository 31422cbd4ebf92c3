import Martlet

/// The definition of an ONNX operator: what it is called, and a function that records what it computes.
struct Operator: Sendable {
  /// The function: takes the inputs and attributes of a node, gives its results in order.
  typealias Body = @Sendable (inout Call) throws -> [ONNXValue]

  /// The domain; empty for ONNX's own.
  let domain: String
  /// The operator's type, such as `Conv`.
  let name: String
  /// The versions of the domain's operators in which it exists.
  let versions: ClosedRange<Int>
  /// Inputs that are numbers of the operation rather than weights: sizes, axes, scales of quantization, statistics.
  ///
  /// Initializers that stand only there are constants, never parameters.
  let fixedInputs: Set<Int>
  /// Whether results differ from call to call although the inputs do not.
  let isRandom: Bool
  let body: Body

  init(
    _ name: String, domain: String = "", versions: ClosedRange<Int> = Operator.allVersions,
    fixed fixedInputs: Set<Int> = [], isRandom: Bool = false, _ body: @escaping Body
  ) {
    (self.domain, self.name, self.versions) = (domain, name, versions)
    (self.fixedInputs, self.isRandom, self.body) = (fixedInputs, isRandom, body)
  }

  static let allVersions = 1...Int.max

  /// An operator with one tensor as its result.
  static func one(
    _ name: String, domain: String = "", versions: ClosedRange<Int> = Operator.allVersions,
    fixed fixedInputs: Set<Int> = [], isRandom: Bool = false, _ body: @escaping @Sendable (inout Call) throws -> Tensor
  ) -> Operator {
    Operator(name, domain: domain, versions: versions, fixed: fixedInputs, isRandom: isRandom) { call in
      [ONNXValue(try body(&call))]
    }
  }
}
