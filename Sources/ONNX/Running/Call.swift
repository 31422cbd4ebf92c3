import Martlet

/// A node at work: its inputs and attributes, as an operator asks for them.
struct Call {
  private let node: PlannedNode
  private let inputs: [ONNXValue?]
  private let interpreter: Interpreter

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

// MARK: - Values that decide what is recorded

extension Call {
  /// The elements of an input as integers, computed now if that has not happened yet.
  func integers(_ input: Int) throws -> [Int] { try integers(of: numbers(input)) }

  /// The elements of an input as integers; nil if it is left out.
  func optionalIntegers(_ input: Int) throws -> [Int]? { has(input) ? try integers(input) : nil }

  /// The only element of an input as an integer.
  func integer(_ input: Int) throws -> Int { try only(integers(input), input) }

  /// The only element of an input as an integer; nil if it is left out.
  func optionalInteger(_ input: Int) throws -> Int? { has(input) ? try integer(input) : nil }

  /// The elements of an input as doubles, computed now if that has not happened yet.
  func reals(_ input: Int) throws -> [Double] { try reals(of: numbers(input)) }

  /// The elements of an input as doubles; nil if it is left out.
  func optionalReals(_ input: Int) throws -> [Double]? { has(input) ? try reals(input) : nil }

  /// The only element of an input as a double.
  func real(_ input: Int) throws -> Double { try only(reals(input), input) }

  /// The only element of an input as a double; nil if it is left out.
  func optionalReal(_ input: Int) throws -> Double? { has(input) ? try real(input) : nil }

  /// The elements of a tensor as integers.
  func integers(of numbers: ONNXTensor) throws -> [Int] {
    guard !numbers.tensor.dtype.isFloatingPoint else {
      throw ONNXError(.mismatch, "needs integers, got \(numbers.elementType)")
    }
    return try read(numbers, as: .int64) { $0.bindMemory(to: Int64.self).map { Int($0) } }
  }

  /// The elements of a tensor as doubles.
  func reals(of numbers: ONNXTensor) throws -> [Double] {
    try read(numbers, as: .float64) { Array($0.bindMemory(to: Double.self)) }
  }

  private func only<Number>(_ numbers: [Number], _ input: Int) throws -> Number {
    guard numbers.count == 1 else {
      throw ONNXError(.mismatch, "input \(input) has \(numbers.count) elements, not one")
    }
    return numbers[0]
  }

  private func read<Result>(
    _ numbers: ONNXTensor, as dtype: DType, _ body: (UnsafeRawBufferPointer) -> Result
  ) throws -> Result {
    try Interpreter.checkMistakes()
    try interpreter.evaluate(numbers)
    let tensor = numbers.tensor.dtype == dtype ? numbers.tensor : numbers.tensor.cast(to: dtype)
    let buffer = try tensor.buffer(insideRegions: true)
    return withExtendedLifetime(buffer) {
      body(UnsafeRawBufferPointer(start: buffer.address, count: tensor.type.sizeInBytes))
    }
  }
}

// MARK: - Attributes

extension Call {
  private func mismatch(_ name: String, _ attribute: Attribute, _ expected: String) -> ONNXError {
    ONNXError(.mismatch, "the attribute \"\(name)\" is \(attribute.kind), not \(expected)")
  }

  /// Whether an attribute is there.
  func has(_ name: String) -> Bool { node.attributes[name] != nil }

  /// An attribute that must be there.
  private func required<Value>(_ name: String, _ value: Value?) throws -> Value {
    guard let value else { throw ONNXError(.missing, "the attribute \"\(name)\" is missing") }
    return value
  }

  /// An integer attribute, or nil.
  func optionalInt(_ name: String) throws -> Int? {
    guard let attribute = node.attributes[name] else { return nil }
    guard case .int(let value) = attribute else { throw mismatch(name, attribute, "an integer") }
    return value
  }

  func int(_ name: String, default value: Int) throws -> Int { try optionalInt(name) ?? value }

  func int(_ name: String) throws -> Int { try required(name, optionalInt(name)) }

  /// An integer attribute that says yes or no.
  func flag(_ name: String, default value: Bool = false) throws -> Bool { try optionalInt(name).map { $0 != 0 } ?? value }

  /// An attribute that is a number, or nil.
  func optionalFloat(_ name: String) throws -> Double? {
    guard let attribute = node.attributes[name] else { return nil }
    guard case .float(let value) = attribute else { throw mismatch(name, attribute, "a number") }
    return value
  }

  func float(_ name: String, default value: Double) throws -> Double { try optionalFloat(name) ?? value }

  /// A text attribute, or nil.
  func optionalString(_ name: String) throws -> String? {
    guard let attribute = node.attributes[name] else { return nil }
    guard case .string(let value) = attribute else { throw mismatch(name, attribute, "a text") }
    return value
  }

  func string(_ name: String, default value: String) throws -> String { try optionalString(name) ?? value }

  /// A list of integers, or nil.
  func optionalInts(_ name: String) throws -> [Int]? {
    switch node.attributes[name] {
    case nil: return nil
    case .ints(let values): return values
    case .floats(let values) where values.isEmpty: return []
    case .some(let attribute): throw mismatch(name, attribute, "integers")
    }
  }

  func ints(_ name: String) throws -> [Int] { try required(name, optionalInts(name)) }

  /// A list of numbers, or nil.
  func optionalFloats(_ name: String) throws -> [Double]? {
    switch node.attributes[name] {
    case nil: return nil
    case .floats(let values): return values
    case .ints(let values) where values.isEmpty: return []
    case .some(let attribute): throw mismatch(name, attribute, "numbers")
    }
  }

  /// A list of texts, or nil.
  func optionalStrings(_ name: String) throws -> [String]? {
    switch node.attributes[name] {
    case nil: return nil
    case .strings(let values): return values
    case .some(let attribute): throw mismatch(name, attribute, "texts")
    }
  }

  /// A tensor attribute, or nil.
  func optionalValue(_ name: String) throws -> ONNXValue? {
    guard let attribute = node.attributes[name] else { return nil }
    guard case .value(let value) = attribute else { throw mismatch(name, attribute, "a tensor") }
    return value
  }

  /// An attribute that describes a type, or nil.
  func optionalType(_ name: String) throws -> ONNXTypeProto? {
    guard let attribute = node.attributes[name] else { return nil }
    guard case .type(let value) = attribute else { throw mismatch(name, attribute, "a type") }
    return value
  }

  /// An element type that an integer attribute names, or nil.
  func optionalElementType(_ name: String) throws -> ONNXElementType? {
    guard let number = try optionalInt(name), number != 0 else { return nil }
    guard let type = Int32(exactly: number).flatMap({ ONNXElementType(rawValue: $0) }) else {
      throw ONNXError(.malformed, "element type \(number) does not exist")
    }
    return type
  }

  /// A graph attribute.
  func graph(_ name: String) throws -> GraphPlan {
    guard let attribute = node.attributes[name] else {
      throw ONNXError(.missing, "the attribute \"\(name)\" is missing")
    }
    guard case .graph(let graph) = attribute else { throw mismatch(name, attribute, "a graph") }
    return graph
  }

  /// Runs a graph that is an attribute.
  func run(_ graph: GraphPlan, _ inputs: [ONNXValue?] = []) throws -> [ONNXValue] {
    try interpreter.run(graph, inputs)
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
    guard let count = shape.checkedElementCount, count <= Interpreter.elementLimit else {
      throw ONNXError(.limit, "\(sizes) has more than \(Interpreter.elementLimit) elements")
    }
    return shape
  }

  /// An attribute's word that is none of those the operator knows.
  func unknown(_ name: String, _ value: String) -> ONNXError {
    ONNXError(.unsupported, "the attribute \"\(name)\" is \"\(value)\", which is not known")
  }
}

// MARK: - Bytes

extension Call {
  /// The elements of a tensor as they are in files.
  func packedElements(of numbers: ONNXTensor) throws -> [UInt8] {
    try Interpreter.checkMistakes()
    try interpreter.evaluate(numbers)
    return try numbers.packedElements()
  }
}

extension ONNXTensor {
  /// The elements as they are in files.
  func packedElements() throws -> [UInt8] {
    let buffer = try tensor.buffer(insideRegions: true)
    return withExtendedLifetime(buffer) {
      let bytes = UnsafeRawBufferPointer(start: buffer.address, count: tensor.type.sizeInBytes)
      return PackedElements.packed(bytes, elementType, count: tensor.elementCount)
    }
  }
}
