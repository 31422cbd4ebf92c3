import Martlet

/// A node at work: its inputs and attributes, as an operator asks for them.
struct Call {
  let node: PlannedNode
  private let inputs: [ONNXValue?]
  let interpreter: Interpreter

  init(_ node: PlannedNode, inputs: [ONNXValue?], interpreter: Interpreter) {
    (self.node, self.inputs, self.interpreter) = (node, inputs, interpreter)
  }

  /// The version of the domain's operators that the model asks for.
  var version: Int { node.version }

  /// The number of inputs in the file, those left out in between included.
  var inputCount: Int { inputs.count }

  /// The number of results in the file.
  var outputCount: Int { node.outputs.count }

  /// Whether somebody wants a result.
  func wants(_ output: Int) -> Bool { output < node.outputs.count && node.outputs[output] != nil }

  /// An input that the file names must have a value.
  func checkInputs() throws {
    for (place, slot) in node.inputs.enumerated() where slot != nil && inputs[place] == nil {
      throw ONNXError(.missing, "input \(place) has no value")
    }
  }
}

// MARK: - Inputs

extension Call {
  /// Whether an input is there.
  func has(_ input: Int) -> Bool { input < inputs.count && inputs[input] != nil }

  /// An input of any kind, or nil if it is left out.
  func optionalValue(_ input: Int) -> ONNXValue? { input < inputs.count ? inputs[input] : nil }

  /// An input of any kind.
  func value(_ input: Int) throws -> ONNXValue {
    guard let value = optionalValue(input) else { throw ONNXError(.missing, "input \(input) is left out") }
    return value
  }

  /// A tensor of numbers with its ONNX type.
  func numbers(_ input: Int) throws -> ONNXTensor {
    let value = try value(input)
    guard let numbers = value.numbers else {
      throw ONNXError(.mismatch, "input \(input) is \(value.kind), not a tensor of numbers")
    }
    return numbers
  }

  /// A tensor of numbers.
  func tensor(_ input: Int) throws -> Tensor { try numbers(input).tensor }

  /// A tensor of numbers of at least so many dimensions.
  func tensor(_ input: Int, rank: PartialRangeFrom<Int>) throws -> Tensor {
    let tensor = try tensor(input)
    guard rank.contains(tensor.rank) else {
      throw ONNXError(.mismatch, "input \(input) needs at least \(rank.lowerBound) dimensions, got \(tensor.shape)")
    }
    return tensor
  }

  /// A tensor of numbers of so many dimensions.
  func tensor(_ input: Int, rank: Int) throws -> Tensor {
    let tensor = try tensor(input)
    guard tensor.rank == rank else {
      throw ONNXError(.mismatch, "input \(input) needs \(rank) dimensions, got \(tensor.shape)")
    }
    return tensor
  }

  /// A tensor of numbers, or nil if the input is left out.
  func optionalTensor(_ input: Int) throws -> Tensor? { has(input) ? try tensor(input) : nil }

  /// All inputs from one on, as tensors of numbers.
  func tensors(from first: Int = 0) throws -> [Tensor] {
    try stride(from: first, to: inputs.count, by: 1).filter { has($0) }.map { try tensor($0) }
  }

  /// A tensor of texts.
  func strings(_ input: Int) throws -> ONNXStrings {
    let value = try value(input)
    guard let strings = value.strings else {
      throw ONNXError(.mismatch, "input \(input) is \(value.kind), not a tensor of texts")
    }
    return strings
  }

  /// The elements of a sequence.
  func sequence(_ input: Int) throws -> [ONNXValue] {
    let value = try value(input)
    switch value {
    case .sequence(let elements), .optional(.sequence(let elements)?): return elements
    default: throw ONNXError(.mismatch, "input \(input) is \(value.kind), not a sequence")
    }
  }
}

// MARK: - Checks

extension Call {
  /// An axis that counts from the end where it is negative, made one that counts from the start.
  func axis(_ axis: Int, rank: Int) throws -> Int {
    guard axis >= -rank, axis < rank else {
      throw ONNXError(.mismatch, "axis \(axis) is not in \(-rank)..<\(rank)")
    }
    return axis < 0 ? axis + rank : axis
  }

  /// Several axes, each once.
  func axes(_ axes: [Int], rank: Int) throws -> [Int] {
    let resolved = try axes.map { try axis($0, rank: rank) }
    guard Set(resolved).count == axes.count else { throw ONNXError(.mismatch, "an axis is named twice in \(axes)") }
    return resolved
  }

  /// A shape of computed sizes.
  func shape(_ sizes: [Int]) throws -> Shape {
    guard sizes.count <= Shape.maximumRank else {
      throw ONNXError(.limit, "\(sizes.count) dimensions are more than \(Shape.maximumRank)")
    }
    guard sizes.allSatisfy({ $0 >= 0 }) else { throw ONNXError(.mismatch, "a size in \(sizes) is negative") }
    let shape = Shape(sizes)
    guard Interpreter.isAllowed(shape) else {
      throw ONNXError(.limit, "\(sizes) has more than \(Interpreter.elementLimit) elements")
    }
    return shape
  }

  /// An attribute's word that is none of those the operator knows.
  func unknown(_ name: String, _ value: String) -> ONNXError {
    ONNXError(.unsupported, "the attribute \"\(name)\" is \"\(value)\", which is not known")
  }
}
