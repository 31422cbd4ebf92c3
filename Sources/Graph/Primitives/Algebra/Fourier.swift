/// A discrete Fourier transform along one axis, of complex numbers as two tensors: real and imaginary parts.
///
/// None is scaled: forward and back again multiplies by the length. Each is linear, and its transpose is one of the
/// others.
public struct Fourier: PrimitiveRules {
  public enum Kind: UInt8, Sendable, Hashable, CaseIterable {
    /// ∑ x[t] exp(-2πi k t / n). Operands and results: real and imaginary parts.
    case forward
    /// ∑ x[k] exp(+2πi k t / n).
    case inverse
    /// The first ⌊n / 2⌋ + 1 results of `forward` for real numbers. One operand, two results.
    case realForward
    /// ⌊n / 2⌋ + 1 complex numbers to n real ones, as if the others were their conjugates; the imaginary parts of the
    /// first and, for even n, of the last count as 0. Two operands, one result.
    case realInverse
  }

  public var kind: Kind
  public var axis: Int
  /// The number of elements of a whole line, n.
  public var length: Int
  /// The type of the operands.
  public var operand: TensorType

  public init(_ kind: Kind, axis: Int, length: Int, of operand: TensorType) {
    self.kind = kind
    self.axis = axis
    self.length = length
    self.operand = operand
  }

  public var name: String {
    switch kind {
    case .forward: "fft"
    case .inverse: "ifft"
    case .realForward: "rfft"
    case .realInverse: "irfft"
    }
  }

  public var primitive: Primitive { .fourier(self) }

  public func mix(into hash: inout StructureHash) {
    hash.mix(kind)
    hash.mix(axis)
    hash.mix(length)
    hash.mix(operand)
  }

  /// The type of each result.
  public var output: TensorType {
    var type = operand
    type.shape[axis] = kind == .realForward ? length / 2 + 1 : length
    return type
  }

  public var resultTypes: [TensorType]? { kind == .realInverse ? nil : [output, output] }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    guard operand.dtype == .float32 || operand.dtype == .float64 else {
      throw GraphError(name, "needs float32 or float64, got \(operand.dtype); cast it first")
    }
    if axis < 0 || axis >= operand.rank { throw GraphError(name, "axis \(axis) is outside \(operand.shape)") }
    if length < 1 { throw GraphError(name, "the length \(length) is less than 1") }
    let expected = kind == .realInverse ? length / 2 + 1 : length
    if operand.shape[axis] != expected {
      throw GraphError(name, "axis \(axis) of \(operand.shape) should have \(expected) elements")
    }
    let count = kind == .realForward ? 1 : 2
    if operands.count != count || operands.contains(where: { $0 != operand }) {
      throw GraphError(name, "needs \(count) operands \(operand), got \(Array(operands))")
    }
    return output
  }

  private func transform(_ kind: Kind, of type: TensorType) -> Fourier {
    Fourier(kind, axis: axis, length: length, of: type)
  }
}

extension Fourier {
  public func pullback(_ context: PullbackContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    if kind == .realInverse {
      let node = try graph.add(transform(.realForward, of: output), Operands(context.cotangent))
      return try graph.results(of: node).map { part throws(GraphError) in
        try graph.multiply(part, counts(operand, inverted: false, in: &graph))
      }
    }
    let cotangents = try graph.orZeros(context.cotangents, types: [output, output])
    let (real, imaginary) = (cotangents[0], cotangents[1])
    if kind == .realForward {
      let weights = try counts(output, inverted: true, in: &graph)
      let parts = Operands(try graph.multiply(real, weights), try graph.multiply(imaginary, weights))
      return [try graph.add(transform(.realInverse, of: output), parts)]
    }
    let opposite = transform(kind == .forward ? .inverse : .forward, of: output)
    return try graph.results(of: graph.add(opposite, Operands(real, imaginary))).map { $0 }
  }

  public func pushforward(_ context: PushforwardContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    let tangents = try graph.orZeros(context.tangents, types: context.tangents.map { _ in operand })
    return try graph.results(of: graph.add(self, Operands(tangents))).map { $0 }
  }

  /// How often each number counts in the whole line: once the first and, for even lengths, the last, the others twice;
  /// or one over that.
  private func counts(
    _ type: TensorType, inverted: Bool, in graph: inout GraphBuilder
  ) throws(GraphError) -> Value {
    let size = type.shape[axis]
    var shape = Shape(repeating: 1, rank: type.rank)
    shape[axis] = size
    let places = try graph.iota(TensorType(.int64, shape), axis: axis)
    var isSingle = try graph.compare(.equal, places, graph.scalar(0, .int64))
    if length % 2 == 0 {
      let isLast = try graph.compare(.equal, places, graph.scalar(Double(length / 2), .int64))
      isSingle = try graph.binary(.or, isSingle, isLast)
    }
    return try graph.select(
      isSingle, graph.scalar(1, type.dtype), graph.scalar(inverted ? 0.5 : 2, type.dtype))
  }

  public func batched(_ context: BatchContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value] {
    let operands = try graph.withBatches(context)
    let inner = Fourier(kind, axis: axis + 1, length: length, of: graph.type(operands[0]))
    return try graph.results(of: graph.add(inner, Operands(operands)))
  }

  /// 5 n log₂ n for each line of complex numbers, half of that for real ones.
  private var operations: Int {
    let lines = length == 0 ? 0 : output.elementCount / max(output.shape[axis], 1)
    let rounds = Int.bitWidth - length.leadingZeroBitCount
    let whole = 5 * length * rounds * lines
    return kind == .forward || kind == .inverse ? whole : whole / 2
  }

  public func cost(_ operands: OperandTypes, result: TensorType) -> Cost {
    var cost = Cost(moving: operands, to: result, operations: operations)
    if resultTypes != nil { cost.bytesWritten += result.sizeInBytes }
    return cost
  }

  public func indexing(_ operands: OperandTypes, result: TensorType) -> IndexStructure? {
    let dimensions = (0..<result.rank).map { $0 == axis ? nil : $0 }
    return IndexStructure(operands: operands.map { _ in dimensions }, result: dimensions)
  }

  /// The sums as they are defined; the work counted is that of a fast transform.
  public func evaluate(
    _ operands: [ReferenceTensor], result: TensorType, count: inout OperationCount
  ) throws(ExecutionError) -> [ReferenceTensor] {
    count.floatingPointOperations += operations
    let (real, imaginary) = (operands[0].doubles, operands.count > 1 ? operands[1].doubles : nil)
    let sources = ReductionLines(operand.shape, axis: axis).positions
    let targets = ReductionLines(output.shape, axis: axis).positions
    var parts = [[Double]](repeating: Array(repeating: 0, count: output.elementCount), count: 2)
    let sign: Double = kind == .forward || kind == .realForward ? -1 : 1
    let roots = (0..<length).map { Fourier.root($0, length) }
    for (source, target) in zip(sources, targets) {
      for (k, place) in target.enumerated() {
        for t in 0..<length {
          // Beyond the middle of a real line's transform come the conjugates, from the end.
          let isMirrored = kind == .realInverse && t >= source.count
          let position = source[isMirrored ? length - t : t]
          let isReal = kind == .realInverse && (t == 0 || 2 * t == length)
          let x = real[position]
          let y = isReal ? 0 : (isMirrored ? -1 : 1) * (imaginary?[position] ?? 0)
          let (cosine, sine) = roots[k * t % length]
          parts[0][place] += x * cosine - sign * y * sine
          parts[1][place] += y * cosine + sign * x * sine
        }
      }
    }
    return (resultTypes ?? [output]).indices.map { ReferenceTensor(output, rounding: parts[$0]) }
  }

  /// cos and sin of 2π k / n.
  private static func root(_ k: Int, _ n: Int) -> (Double, Double) {
    // Quarters of a turn are exact.
    if 4 * k % n == 0 { return [(1, 0), (0, 1), (-1, 0), (0, -1)][4 * k / n % 4] }
    let angle = 2 * Double.pi * Double(k) / Double(n)
    return (Unary.floating(.cos, angle), Unary.floating(.sin, angle))
  }
}
