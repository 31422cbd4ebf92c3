/// Solves op(A) X = B where A is triangular. Operands: A `[…, n, n]`, of which one triangle is read, and B `[…, n, m]`.
///
/// A zero on the diagonal is an error when the program runs.
public struct TriangularSolve: PrimitiveRules {
  /// Whether the lower triangle of A is meant, not the upper.
  public var isLower: Bool
  /// Whether Aᵀ takes the place of A.
  public var isTransposed: Bool
  /// Whether the diagonal counts as ones, whatever it holds.
  public var hasUnitDiagonal: Bool

  public init(isLower: Bool, isTransposed: Bool = false, hasUnitDiagonal: Bool = false) {
    self.isLower = isLower
    self.isTransposed = isTransposed
    self.hasUnitDiagonal = hasUnitDiagonal
  }

  public var name: String { "triangularSolve" }
  public var primitive: Primitive { .triangularSolve(self) }

  public func mix(into hash: inout StructureHash) {
    hash.mix((isLower ? 1 : 0) | (isTransposed ? 2 : 0) | (hasUnitDiagonal ? 4 : 0))
  }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    let (a, b) = (operands[operands.startIndex], operands[operands.startIndex + 1])
    guard a.dtype == .float32 || a.dtype == .float64 else {
      throw GraphError(name, "needs float32 or float64, got \(a.dtype); cast it first")
    }
    if a.dtype != b.dtype { throw GraphError(name, "element types differ: \(a) and \(b); cast one of them") }
    guard a.rank >= 2, a.rank == b.rank, a.shape[a.rank - 1] == a.shape[a.rank - 2] else {
      throw GraphError(name, "needs square matrices and as many dimensions on the right, got \(a.shape), \(b.shape)")
    }
    guard a.shape.dropLast(2) == b.shape.dropLast(2), a.shape[a.rank - 1] == b.shape[b.rank - 2] else {
      throw GraphError(name, "the matrices \(a.shape) and right-hand sides \(b.shape) do not fit")
    }
    return b
  }

  public func pullback(_ context: PullbackContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    var opposite = self
    opposite.isTransposed.toggle()
    let right = try graph.add(opposite, Operands(context.operands[0], context.cotangent))
    guard context.isNeeded[0] else { return [nil, right] }
    let (x, y) = isTransposed ? (context.result, right) : (right, context.result)
    let product = try graph.negate(graph.matrixProduct(x, y, transposingRight: true))
    return [try part(product, in: &graph), right]
  }

  public func pushforward(_ context: PushforwardContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    var right = context.tangents[1]
    if let tangent = context.tangents[0] {
      let product = try graph.matrixProduct(
        part(tangent, in: &graph), context.result, transposingLeft: isTransposed)
      right = try graph.addIfPresent(right, graph.negate(product))
    }
    return [try graph.add(self, Operands(context.operands[0], right!))]
  }

  /// The elements of A that are read.
  private func part(_ x: Value, in graph: inout GraphBuilder) throws(GraphError) -> Value {
    let triangle = try graph.triangle(x, isLower ? .lower : .upper)
    return hasUnitDiagonal ? try graph.settingDiagonal(triangle, to: 0) : triangle
  }

  public func batched(_ context: BatchContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value] {
    [try graph.add(self, Operands(graph.withBatches(context)))]
  }

  /// One multiplication and addition for each element of the triangle and right-hand side.
  public func cost(_ operands: OperandTypes, result: TensorType) -> Cost {
    Cost(moving: operands, to: result, operations: result.elementCount * result.shape[result.rank - 2])
  }

  public func indexing(_ operands: OperandTypes, result: TensorType) -> IndexStructure? {
    let batch: [Int?] = Array(0..<(result.rank - 2))
    let own = batch + [nil, result.rank - 1]
    return IndexStructure(operands: [batch + [nil, nil], own], result: own)
  }

  public func evaluate(
    _ operands: [ReferenceTensor], result: TensorType, count: inout OperationCount
  ) throws(ExecutionError) -> [ReferenceTensor] {
    let (n, m) = (result.shape[result.rank - 2], result.shape[result.rank - 1])
    count.floatingPointOperations += result.elementCount * n
    let a = operands[0].doubles
    var x = operands[1].doubles
    let isForward = isLower != isTransposed
    for matrix in 0..<(n == 0 ? 0 : a.count / (n * n)) {
      func element(_ i: Int, _ j: Int) -> Double { a[matrix * n * n + (isTransposed ? j * n + i : i * n + j)] }
      for i in isForward ? Array(0..<n) : (0..<n).reversed() {
        if !hasUnitDiagonal && element(i, i) == 0 {
          throw ExecutionError(node: nil, message: singular(operands[0].type, matrix, i))
        }
        for column in 0..<m {
          let known = isForward ? 0..<i : (i + 1)..<n
          let sum = known.reduce(0) { $0 + element(i, $1) * x[(matrix * n + $1) * m + column] }
          let rest = x[(matrix * n + i) * m + column] - sum
          x[(matrix * n + i) * m + column] = hasUnitDiagonal ? rest : rest / element(i, i)
        }
      }
    }
    return [ReferenceTensor(result, rounding: x)]
  }

  /// The sentence for a matrix that has no inverse.
  package func singular(_ type: TensorType, _ matrix: Int, _ pivot: Int) -> String {
    "\(name): the matrix\(type.place(ofMatrix: matrix)) is singular: pivot \(pivot) is 0"
  }
}
