/// A matrix written as a product of matrices of special form; leading dimensions are batches.
///
/// Symmetric kinds read (A + Aᵀ) / 2. Eigenvectors and singular vectors are turned so that their largest component (of
/// the left ones, for singular values) is positive. Their derivatives divide by the differences of eigenvalues or of
/// squared singular values, and take equal ones to have none. A factor that does not exist is an error when the program
/// runs.
public struct Factorize: PrimitiveRules {
  public enum Kind: UInt8, Sendable, Hashable, CaseIterable {
    /// `[…, n, n]`: the lower triangular L with A = L Lᵀ; A must be positive definite.
    case cholesky
    /// `[…, m, n]`: L and U of P A = L U in one matrix (L has ones on its diagonal, which are not stored), and for each
    /// row of P A the row of A that it is, `int64 […, m]`. Derivatives need a square matrix.
    case lu
    /// `[…, m, n]`: Q `[…, m, k]` and R `[…, k, n]` with k = min(m, n). Derivatives need m ≥ n.
    case qr
    /// The same with k = m. Derivatives need m = n.
    case completeQR
    /// `[…, n, n]`: eigenvalues `[…, n]`, ascending, and eigenvectors in the columns of `[…, n, n]`.
    case symmetricEigen
    /// `[…, m, n]`: U `[…, m, k]`, singular values `[…, k]`, descending, and Vᵀ `[…, k, n]`, with k = min(m, n).
    case singularValues
  }

  public var kind: Kind
  /// The type of the operand, which decides that of the results.
  public var operand: TensorType

  public init(_ kind: Kind, of operand: TensorType) {
    self.kind = kind
    self.operand = operand
  }

  public var name: String {
    switch kind {
    case .cholesky: "cholesky"
    case .lu: "lu"
    case .qr, .completeQR: "qr"
    case .symmetricEigen: "eigh"
    case .singularValues: "svd"
    }
  }

  public var primitive: Primitive { .factorize(self) }

  public func mix(into hash: inout StructureHash) {
    hash.mix(kind)
    hash.mix(operand)
  }

  /// Rows and columns of a matrix, and how many matrices there are.
  public var rows: Int { operand.shape[operand.rank - 2] }
  public var columns: Int { operand.shape[operand.rank - 1] }
  public var count: Int { operand.shape.dropLast(2).reduce(1, *) }

  public var resultTypes: [TensorType]? {
    if kind == .cholesky { return nil }
    let least = min(rows, columns)
    func type(_ sizes: Int..., dtype: DType? = nil) -> TensorType {
      TensorType(dtype ?? operand.dtype, Shape(Array(operand.shape.dropLast(2)) + sizes))
    }
    switch kind {
    case .cholesky: return nil
    case .lu: return [operand, type(rows, dtype: .int64)]
    case .qr: return [type(rows, least), type(least, columns)]
    case .completeQR: return [type(rows, rows), operand]
    case .symmetricEigen: return [type(rows), operand]
    case .singularValues: return [type(rows, least), type(least), type(least, columns)]
    }
  }

  public func resultType(_ operands: OperandTypes) throws(GraphError) -> TensorType {
    let type = operands[operands.startIndex]
    guard type.dtype == .float32 || type.dtype == .float64 else {
      throw GraphError(name, "needs float32 or float64, got \(type.dtype); cast it first")
    }
    if type.rank < 2 { throw GraphError(name, "needs matrices in the last two dimensions, got \(type.shape)") }
    if type != operand { throw GraphError(name, "made for \(operand), got \(type)") }
    if (kind == .cholesky || kind == .symmetricEigen) && rows != columns {
      throw GraphError(name, "needs square matrices, got \(type.shape)")
    }
    return resultTypes?[0] ?? type
  }
}

extension Factorize {
  public func batched(_ context: BatchContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value] {
    let x = context.operands[0]
    return try graph.results(of: graph.add(Factorize(kind, of: graph.type(x)), Operands(x)))
  }

  /// Multiplications and additions of the usual algorithms (Golub and Van Loan, *Matrix Computations*), to leading
  /// order; for the iterative ones of a usual number of rounds.
  private var operations: Int {
    let (least, most) = (min(rows, columns), max(rows, columns))
    let one =
      switch kind {
      case .cholesky: least * least * least / 3
      case .lu: least * least * most - least * least * least / 3
      case .qr, .completeQR: 4 * least * least * most
      case .symmetricEigen: 9 * least * least * least
      case .singularValues: 6 * most * least * least + 20 * least * least * least
      }
    return one * count
  }

  public func cost(_ operands: OperandTypes, result: TensorType) -> Cost {
    var cost = Cost(moving: operands, to: result, operations: operations)
    for other in (resultTypes ?? []).dropFirst() { cost.bytesWritten += other.sizeInBytes }
    return cost
  }

  public func indexing(_ operands: OperandTypes, result: TensorType) -> IndexStructure? {
    let batch: [Int?] = Array(0..<(operand.rank - 2))
    func dimensions(_ rank: Int) -> [Int?] { batch + Array(repeating: nil, count: rank - batch.count) }
    return IndexStructure(operands: [dimensions(operand.rank)], result: dimensions(result.rank))
  }

  /// Plain algorithms of textbooks; the work counted is that of the usual ones.
  public func evaluate(
    _ operands: [ReferenceTensor], result: TensorType, count: inout OperationCount
  ) throws(ExecutionError) -> [ReferenceTensor] {
    count.floatingPointOperations += operations
    let size = rows * columns
    var parts: [[Double]] = (resultTypes ?? [result]).map { _ in [] }
    for matrix in 0..<self.count {
      let values = Array(operands[0].doubles[(matrix * size)..<((matrix + 1) * size)])
      let factors = try factors(ReferenceMatrix(rows, columns, values), matrix)
      for (index, factor) in factors.enumerated() { parts[index] += factor }
    }
    return zip(resultTypes ?? [result], parts).map { type, values in
      type.dtype.isFloatingPoint
        ? ReferenceTensor(type, rounding: values) : ReferenceTensor(type, wrapping: values.map { Int64($0) })
    }
  }

  private func factors(_ a: ReferenceMatrix, _ matrix: Int) throws(ExecutionError) -> [[Double]] {
    switch kind {
    case .cholesky:
      let (factor, pivot) = a.choleskyFactor()
      if let pivot { throw ExecutionError(node: nil, message: badPivot(matrix, pivot.index, pivot.value)) }
      return [factor.values]
    case .lu:
      let (packed, order) = a.luFactors()
      return [packed.values, order.map(Double.init)]
    case .qr, .completeQR:
      let (q, r) = a.qrFactors(isComplete: kind == .completeQR)
      return [q.values, r.values]
    case .symmetricEigen:
      let (values, vectors) = a.symmetricEigen()
      return [values, vectors.values]
    case .singularValues:
      let (u, s, vt) = a.singularValues()
      return [u.values, s, vt.values]
    }
  }

  /// The sentence for a matrix that has no factor.
  package func badPivot(_ matrix: Int, _ pivot: Int, _ value: Double) -> String {
    "\(name): the matrix\(operand.place(ofMatrix: matrix)) is not positive definite: pivot \(pivot) is \(value)"
  }
}

extension TensorType {
  /// ` at [2, 0]`, the place of a matrix in its batch; nothing where there is only one.
  package func place(ofMatrix position: Int) -> String {
    let batch = Shape(shape.dropLast(2))
    return batch.rank == 0 ? "" : " at \(batch.index(ofElement: position))"
  }
}
