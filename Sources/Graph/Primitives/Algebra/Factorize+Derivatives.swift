// Giles, *An extended collection of matrix derivative results* (2008); Murray, *Differentiation of the Cholesky
// decomposition* (2016); Townsend, *Differentiating the singular value decomposition* (2016); Walter and Lehmann,
// *Algorithmic differentiation of linear algebra functions* (2010).

extension Factorize {
  public func pullback(_ context: PullbackContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    if kind == .cholesky { return [try choleskyPullback(context.result, context.cotangent, in: &graph)] }
    try checkDerivative()
    let results = try graph.results(of: context.result)
    let types = resultTypes!
    let floating = types.indices.filter { types[$0].dtype.isFloatingPoint }
    let cotangents = try graph.orZeros(floating.map { context.cotangents[$0] }, types: floating.map { types[$0] })
    switch kind {
    case .lu: return [try luPullback(results, cotangents[0], in: &graph)]
    case .symmetricEigen: return [try eigenPullback(results, cotangents, in: &graph)]
    case .singularValues: return [try singularPullback(results, cotangents, in: &graph)]
    default: return [try qrPullback(results, cotangents, in: &graph)]
    }
  }

  public func pushforward(_ context: PushforwardContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    let t = context.tangents[0]!
    if kind == .cholesky { return [try choleskyPushforward(context.result, t, in: &graph)] }
    try checkDerivative()
    let results = try graph.results(of: context.result)
    switch kind {
    case .lu: return [try luPushforward(results, t, in: &graph), nil]
    case .symmetricEigen: return try eigenPushforward(results, t, in: &graph)
    case .singularValues: return try singularPushforward(results, t, in: &graph)
    default: return try qrPushforward(results, t, in: &graph)
    }
  }

  private func checkDerivative() throws(GraphError) {
    let isKnown =
      switch kind {
      case .lu, .completeQR: rows == columns
      case .qr: rows >= columns
      default: true
      }
    if isKnown { return }
    let need = kind == .qr ? "at least as many rows as columns" : "square matrices"
    throw GraphError(name, "the derivative needs \(need), not \(operand.shape)")
  }
}

// MARK: - Cholesky

extension Factorize {
  private func choleskyPullback(_ l: Value, _ g: Value, in graph: inout GraphBuilder) throws(GraphError) -> Value {
    let inner = try graph.triangle(graph.matrixProduct(l, g, transposingLeft: true), .lowerWithHalfDiagonal)
    let left = try graph.triangularSolve(l, inner, isLower: true, isTransposed: true)
    return try graph.symmetricPart(graph.triangularSolveFromRight(l, left, isLower: true))
  }

  private func choleskyPushforward(_ l: Value, _ t: Value, in graph: inout GraphBuilder) throws(GraphError) -> Value {
    let left = try graph.triangularSolve(l, graph.symmetricPart(t), isLower: true)
    let inner = try graph.triangularSolveFromRight(l, left, isLower: true, isTransposed: true)
    return try graph.matrixProduct(l, graph.triangle(inner, .lowerWithHalfDiagonal))
  }
}

// MARK: - LU

extension Factorize {
  private func unitLower(_ packed: Value, in graph: inout GraphBuilder) throws(GraphError) -> Value {
    try graph.settingDiagonal(graph.triangle(packed, .strictlyLower), to: 1)
  }

  private func luPullback(_ results: [Value], _ g: Value, in graph: inout GraphBuilder) throws(GraphError) -> Value {
    let (packed, order) = (results[0], results[1])
    let lower = try unitLower(packed, in: &graph)
    let upper = try graph.triangle(packed, .upper)
    let below = try graph.matrixProduct(lower, graph.triangle(g, .strictlyLower), transposingLeft: true)
    let above = try graph.matrixProduct(graph.triangle(g, .upper), upper, transposingRight: true)
    let inner = try graph.add(graph.triangle(below, .strictlyLower), graph.triangle(above, .upper))
    let left = try graph.triangularSolve(packed, inner, isLower: true, isTransposed: true, hasUnitDiagonal: true)
    let both = try graph.triangularSolveFromRight(packed, left, isLower: false, isTransposed: true)
    // The rows go back to where they came from.
    let inverse = try graph.add(ArgSort(axis: operand.rank - 2), Operands(order))
    return try graph.permutedRows(both, inverse)
  }

  private func luPushforward(_ results: [Value], _ t: Value, in graph: inout GraphBuilder) throws(GraphError) -> Value {
    let (packed, order) = (results[0], results[1])
    let rows = try graph.permutedRows(t, order)
    let left = try graph.triangularSolve(packed, rows, isLower: true, hasUnitDiagonal: true)
    let inner = try graph.triangularSolveFromRight(packed, left, isLower: false)
    let lower = try graph.matrixProduct(unitLower(packed, in: &graph), graph.triangle(inner, .strictlyLower))
    let upper = try graph.matrixProduct(graph.triangle(inner, .upper), graph.triangle(packed, .upper))
    return try graph.add(lower, upper)
  }
}

// MARK: - QR

extension Factorize {
  private func qrPullback(_ results: [Value], _ g: [Value], in graph: inout GraphBuilder) throws(GraphError) -> Value {
    let (q, r) = (results[0], results[1])
    let m = try graph.subtract(
      graph.matrixProduct(r, g[1], transposingRight: true), graph.matrixProduct(g[0], q, transposingLeft: true))
    // The lower triangle, mirrored into the upper one.
    let symmetric = try graph.add(
      graph.triangle(m, .lower), graph.transposedMatrix(graph.triangle(m, .strictlyLower)))
    let inner = try graph.add(g[0], graph.matrixProduct(q, symmetric))
    return try graph.triangularSolveFromRight(r, inner, isLower: false, isTransposed: true)
  }

  private func qrPushforward(
    _ results: [Value], _ t: Value, in graph: inout GraphBuilder
  ) throws(GraphError) -> [Value?] {
    let (q, r) = (results[0], results[1])
    let right = try graph.triangularSolveFromRight(r, t, isLower: false)
    let inner = try graph.matrixProduct(q, right, transposingLeft: true)
    let below = try graph.triangle(inner, .strictlyLower)
    let turning = try graph.subtract(below, graph.transposedMatrix(below))
    let rest = try graph.subtract(inner, turning)
    return [try graph.subtract(right, graph.matrixProduct(q, rest)), try graph.matrixProduct(rest, r)]
  }
}

// MARK: - Eigenvalues

extension Factorize {
  private func eigenPullback(
    _ results: [Value], _ g: [Value], in graph: inout GraphBuilder
  ) throws(GraphError) -> Value {
    let (values, vectors) = (results[0], results[1])
    let turned = try graph.matrixProduct(vectors, g[1], transposingLeft: true)
    let inner = try graph.add(
      graph.diagonalMatrix(g[0]), graph.multiply(graph.inverseDifferences(values), turned))
    let product = try graph.matrixProduct(graph.matrixProduct(vectors, inner), vectors, transposingRight: true)
    return try graph.symmetricPart(product)
  }

  private func eigenPushforward(
    _ results: [Value], _ t: Value, in graph: inout GraphBuilder
  ) throws(GraphError) -> [Value?] {
    let (values, vectors) = (results[0], results[1])
    let product = try graph.matrixProduct(graph.symmetricPart(t), vectors)
    let inner = try graph.matrixProduct(vectors, product, transposingLeft: true)
    let turning = try graph.multiply(graph.inverseDifferences(values), inner)
    return [try graph.diagonal(inner), try graph.matrixProduct(vectors, turning)]
  }
}

// MARK: - Singular values

extension Factorize {
  private func singularPullback(
    _ results: [Value], _ g: [Value], in graph: inout GraphBuilder
  ) throws(GraphError) -> Value {
    let (u, s, vt) = (results[0], results[1], results[2])
    let rank = operand.rank
    let weights = try graph.inverseDifferences(graph.multiply(s, s))
    let (row, column) = (try graph.insertingAxes([rank - 2], into: s), try graph.insertingAxes([rank - 1], into: s))
    let left = try graph.matrixProduct(u, g[0], transposingLeft: true)
    let right = try graph.matrixProduct(vt, g[2], transposingRight: true)
    let turningLeft = try graph.multiply(weights, graph.subtract(left, graph.transposedMatrix(left)))
    let turningRight = try graph.multiply(weights, graph.subtract(right, graph.transposedMatrix(right)))
    var inner = try graph.add(graph.multiply(turningLeft, row), graph.multiply(column, turningRight))
    inner = try graph.add(inner, graph.diagonalMatrix(g[1]))
    var result = try graph.matrixProduct(u, graph.matrixProduct(inner, vt))
    if rows > columns {
      // What U's cotangent has outside the range of U.
      let outside = try graph.subtract(g[0], graph.matrixProduct(u, left))
      result = try graph.add(result, graph.matrixProduct(graph.divide(outside, row), vt))
    }
    if columns > rows {
      let inside = try graph.matrixProduct(graph.transposedMatrix(right), vt)
      let outside = try graph.divide(graph.subtract(g[2], inside), column)
      result = try graph.add(result, graph.matrixProduct(u, outside))
    }
    return result
  }

  private func singularPushforward(
    _ results: [Value], _ t: Value, in graph: inout GraphBuilder
  ) throws(GraphError) -> [Value?] {
    let (u, s, vt) = (results[0], results[1], results[2])
    let rank = operand.rank
    let weights = try graph.inverseDifferences(graph.multiply(s, s))
    let (row, column) = (try graph.insertingAxes([rank - 2], into: s), try graph.insertingAxes([rank - 1], into: s))
    let right = try graph.matrixProduct(t, vt, transposingRight: true)
    let inner = try graph.matrixProduct(u, right, transposingLeft: true)
    let turned = try graph.transposedMatrix(inner)
    let left = try graph.multiply(
      weights, graph.add(graph.multiply(inner, row), graph.multiply(column, turned)))
    let other = try graph.multiply(
      weights, graph.add(graph.multiply(column, inner), graph.multiply(turned, row)))
    var du = try graph.matrixProduct(u, left)
    var dvt = try graph.matrixProduct(other, vt, transposingLeft: true)
    if rows > columns {
      let outside = try graph.subtract(right, graph.matrixProduct(u, inner))
      du = try graph.add(du, graph.divide(outside, row))
    }
    if columns > rows {
      let below = try graph.matrixProduct(u, t, transposingLeft: true)
      let outside = try graph.subtract(below, graph.matrixProduct(inner, vt))
      dvt = try graph.add(dvt, graph.divide(outside, column))
    }
    return [du, try graph.diagonal(inner), dvt]
  }
}
