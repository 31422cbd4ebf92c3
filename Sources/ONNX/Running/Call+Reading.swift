import Martlet
import MartletFormats

/// Values that decide what is recorded: they are computed now, if that has not happened yet.
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
    return try read(numbers, as: Int.self)
  }

  /// The elements of a tensor as doubles.
  func reals(of numbers: ONNXTensor) throws -> [Double] {
    try read(numbers, as: Double.self)
  }

  private func only<Number>(_ numbers: [Number], _ input: Int) throws -> Number {
    guard numbers.count == 1 else {
      throw ONNXError(.mismatch, "input \(input) has \(numbers.count) elements, not one")
    }
    return numbers[0]
  }

  /// The elements converted on the way: a program for it would take longer than all the rest.
  private func read<Scalar: StoredScalar>(_ numbers: ONNXTensor, as _: Scalar.Type) throws -> [Scalar] {
    try Interpreter.checkMistakes()
    try interpreter.evaluate(numbers)
    let tensor = numbers.tensor
    let buffer = try tensor.buffer(insideRegions: true)
    let memory = UnsafeRawBufferPointer(start: buffer.address, count: tensor.type.sizeInBytes)
    // Integers of 64 bits without a sign are taken as their bit patterns.
    let dtype = tensor.dtype == .uint64 && Scalar.storedDType == .int64 ? .int64 : tensor.dtype
    let stored = StoredTensor(
      dtype: dtype, shape: tensor.shape, bytes: SharedBytes(memory, keptAliveBy: buffer))
    do {
      return try stored.converted(to: Scalar.storedDType).values()
    } catch {
      throw ONNXError(error)
    }
  }
}

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
