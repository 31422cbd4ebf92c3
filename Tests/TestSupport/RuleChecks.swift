import MartletGraph

/// Checks every fact that a primitive states about itself, for one set of operands.
///
/// A check never stops at the first thing it finds: ``failures()`` returns a sentence for each. Use operands of type
/// `float64` where derivatives are to be checked, away from kinks by at least 0.01.
public struct RuleChecks {
  public var operation: any PrimitiveRules
  public var operands: [ReferenceTensor]
  /// Largest difference from a numerical derivative, relative to one plus its magnitude.
  public var tolerance = 1e-6
  /// How often to differentiate: 0 checks no derivative, 2 the derivatives of derivatives as well.
  public var order = 2
  /// Whether the stated operations are an upper bound, because the work depends on the values.
  public var isCostBound = false
  /// Whether attributes hold sizes, so that operands of other sizes would not fit.
  public var holdsSizes = false
  /// Operands of which all examples in a batch must be equal, because rearranged elements would not be valid.
  public var fixedOperands: Set<Int> = []

  public init(_ operation: any PrimitiveRules, _ operands: [ReferenceTensor]) {
    self.operation = operation
    self.operands = operands
  }

  /// A sentence for each fact that does not hold.
  public func failures() -> [String] {
    var failures: [String] = []
    let checks: [(String, () throws -> [String])] = [
      ("types", checkTypes), ("cost", checkCost), ("index structure", checkIndexing), ("batching", checkBatching),
      ("derivatives", checkDerivatives),
    ]
    for (name, check) in checks {
      do {
        failures += try check().map { "\(name): \($0)" }
      } catch {
        failures.append("\(name): \(error)")
      }
    }
    return failures.map { "\(operation.name) \(operands.map(\.type)) \($0)" }
  }

  var types: [TensorType] { operands.map(\.type) }

  /// The results of the operation for any operands.
  func evaluate(_ operands: [ReferenceTensor]) throws -> (results: [ReferenceTensor], count: OperationCount) {
    let type = try operation.resultType(operands.map(\.type)[...])
    var count = OperationCount()
    return (try operation.evaluate(operands, result: type, count: &count), count)
  }
}

extension RuleChecks {
  private func checkTypes() throws -> [String] {
    let expected = try operation.resultTypes ?? [operation.resultType(types[...])]
    let results = try evaluate(operands).results
    if results.map(\.type) != expected { return ["computed \(results.map(\.type)), stated \(expected)"] }
    return results.filter { !$0.isWellFormed }.map { "elements do not fit \($0.type)" }
  }

  private func checkCost() throws -> [String] {
    let (_, count) = try evaluate(operands)
    let cost = operation.cost(types[...], result: try operation.resultType(types[...]))
    let pairs = [
      ("operations", count.floatingPointOperations, cost.floatingPointOperations),
      ("transcendental", count.transcendentalOperations, cost.transcendentalOperations),
    ]
    return pairs.filter { isCostBound ? $0.1 > $0.2 : $0.1 != $0.2 }.map { "\($0.0) counted \($0.1), stated \($0.2)" }
  }
}

// MARK: Index structure

extension RuleChecks {
  private func checkIndexing() throws -> [String] {
    let result = try evaluate(operands).results[0]
    guard let structure = operation.indexing(types[...], result: result.type) else { return [] }
    if structure.operands.map(\.count) != types.map(\.rank) || structure.result.count != result.type.rank {
      return ["\(structure) does not number the dimensions of \(types) and \(result.type)"]
    }
    var failures: [String] = []
    for index in Set(structure.result.compactMap { $0 }) {
      let size = result.type.shape[structure.result.firstIndex(of: index)!]
      failures += try checkSelection(structure, index, Array((0..<size).reversed()), result)
      if size > 1 && !holdsSizes { failures += try checkSelection(structure, index, Array(1..<size), result) }
    }
    for index in structure.reduced { failures += try checkReduced(structure, index, result) }
    return failures
  }

  /// Selecting along a free index of the operands must select the same of the result.
  private func checkSelection(
    _ structure: IndexStructure, _ index: Int, _ selection: [Int], _ result: ReferenceTensor
  ) throws -> [String] {
    let selected = zip(operands, structure.operands).map { $0.selecting(selection, where: $1, is: index) }
    let expected = result.selecting(selection, where: structure.result, is: index)
    let computed = try evaluate(selected).results[0]
    return computed.isIdentical(to: expected) ? [] : ["elements \(selection) of free index \(index) mix with others"]
  }

  /// The order along a reduced index must not matter, but for rounding.
  private func checkReduced(
    _ structure: IndexStructure, _ index: Int, _ result: ReferenceTensor
  ) throws -> [String] {
    let reversed = zip(operands, structure.operands).map { operand, dimensions -> ReferenceTensor in
      guard let axis = dimensions.firstIndex(of: index) else { return operand }
      return operand.selecting((0..<operand.type.shape[axis]).reversed(), where: dimensions, is: index)
    }
    let computed = try evaluate(reversed).results[0]
    return computed.isClose(to: result, 1e-12) ? [] : ["the order along reduced index \(index) matters"]
  }
}

// MARK: Batching

extension RuleChecks {
  private func checkBatching() throws -> [String] {
    var failures: [String] = []
    for mask in 1..<max(1 << operands.count, 1) {
      let isBatched = operands.indices.map { mask >> $0 & 1 == 1 }
      for size in [3, 1, 0] { failures += try checkBatch(isBatched, size) }
    }
    return failures
  }

  private func checkBatch(_ isBatched: [Bool], _ size: Int) throws -> [String] {
    let examples = (0..<size).map { example in
      operands.indices.map { i in
        isBatched[i] && !fixedOperands.contains(i) ? operands[i].rotated(by: example) : operands[i]
      }
    }
    let stacked = operands.indices.map { i in
      isBatched[i] ? ReferenceTensor(stacking: examples.map { $0[i] }, of: operands[i].type) : operands[i]
    }
    var program = ReferenceProgram(inputs: stacked.map(\.type))
    let context = BatchContext(operands: program.inputs, isBatched: isBatched, size: size)
    program.outputs = try operation.batched(context, in: &program.graph)
    let computed = try program.run(stacked)
    let single = try examples.map { try evaluate($0).results }
    for (index, type) in try evaluate(operands).results.map(\.type).enumerated() {
      let expected = ReferenceTensor(stacking: single.map { $0[index] }, of: type)
      if !computed[index].isClose(to: expected, 1e-12) {
        return ["result \(index) of \(size) examples, batched \(isBatched): \(computed[index].type), \(expected.type)"]
      }
    }
    return []
  }
}
