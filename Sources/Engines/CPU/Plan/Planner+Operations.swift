import MartletGraph

extension Planner {
  /// A step of its own for an operation that no group takes in.
  mutating func planOperation(_ position: Int32) {
    let node = program.nodes[Int(position)]
    // Operands may need copies, which are steps before this one.
    var operands = node.operands.enumerated().map { index, operand in
      takesStrides(node, index) ? strided(operand.index) : dense(operand.index)
    }
    if case .call(let call) = node.primitive { operands += savedAttention(call, position) }
    let step = appendStep(PlannedStep(kind: .operation, node: position, operands: operands))
    for operand in operands { noteRead(operand.base, at: step) }
    if let types = node.primitive.rules.resultTypes { addResults(types, of: position, at: step) }
  }

  mutating func appendStep(_ planned: PlannedStep) -> Int32 {
    let step = Int32(steps.count)
    steps.append(planned)
    stepOf[Int(planned.node)] = step
    available[Int(planned.node)] = step
    return step
  }

  private mutating func addResults(_ types: [TensorType], of position: Int32, at step: Int32) {
    var results = [position]
    for type in types.dropFirst() {
      var node = program.nodes[Int(position)]
      node.type = type
      node.operands = Operands(Value(Int(position)))
      node.primitive = .element(Element(results.count, type: type))
      let result = append(node, origin: program.origin[Int(position)])
      stepOf[Int(result)] = step
      available[Int(result)] = step
      results.append(result)
    }
    resultsOf[position] = results
  }

  mutating func planElement(_ position: Int32, _ element: Element) {
    let operation = program.nodes[Int(position)].operands[0].index
    guard let results = resultsOf[operation] else { preconditionFailure("an element of what has one result") }
    let result = results[element.index]
    views[Int(position)] = views[Int(result)]
    available[Int(position)] = available[Int(result)]
  }

  /// For the gradient of attention, the results of the attention that it belongs to, if the program has it.
  private mutating func savedAttention(_ call: Call, _ position: Int32) -> [Placed] {
    let node = program.nodes[Int(position)]
    switch FusedCall(call, operands: node.operands.map { program.type($0.index) }) {
    case .attention:
      attentions[node.operands] = position
      return []
    case .attentionGradient(let hasMask):
      let operands = Operands(Array(node.operands.prefix(hasMask ? 4 : 3)))
      guard let forward = attentions[operands], let results = resultsOf[forward], results.count == 2,
        case .call(let other) = program.nodes[Int(forward)].primitive, other.attributes == call.attributes
      else { return [] }
      return results.map { dense($0) }
    case .groupMoments, nil: return []
    }
  }

  /// Whether a step reads operand `index` by strides, so that it need not be dense.
  private func takesStrides(_ node: Node, _ index: Int) -> Bool {
    switch node.primitive {
    case .call: index < 3 && readsRows(node.operands[index].index)
    case .pad, .dynamicSlice: index == 0
    case .concatenate: true
    case .dynamicUpdate: index <= 1
    // The kernel knows the smallest and largest of bools only by the interpreted form, which wants them dense.
    case .scatter(let scatter):
      (index == 0 || index == 2 && isOneElement(node.operands[2].index))
        && (node.type.dtype != .bool || scatter.combination == .set)
    default: false
    }
  }

  /// Whether all elements of a value are the same one in memory.
  func isOneElement(_ value: Int32) -> Bool {
    let (view, shape) = (views[Int(value)], program.type(value).shape)
    return shape.indices.allSatisfy { shape[$0] == 1 || view.strides[$0] == 0 }
  }

  /// Whether a value lies in rows of adjacent elements, as attention reads them.
  func readsRows(_ value: Int32) -> Bool {
    let shape = program.type(value).shape
    return shape.rank == 4 && (shape[3] == 1 || views[Int(value)].strides[3] == 1)
  }

  /// Where the first element of a value lies that is read by strides.
  mutating func strided(_ value: Int32) -> Placed {
    readStrided(value)
    let view = views[Int(value)]
    return Placed(base: view.base, byteOffset: view.offset * program.type(value).dtype.sizeInBytes)
  }

  /// Plans a matrix product, with copies of operands that no strides describe as matrices.
  mutating func planProduct(_ position: Int32, _ contract: Contract) {
    let node = program.nodes[Int(position)]
    var left = node.operands[0].index
    var right = node.operands[1].index
    readStrided(left)
    readStrided(right)
    var product = MatrixProduct(contract, self, left, right, node.type)
    if product == nil {
      left = packed(left)
      right = packed(right)
      product = MatrixProduct(contract, self, left, right, node.type)
    }
    let operands = [strided(left), strided(right)]
    var planned = PlannedStep(kind: .operation, node: position, operands: operands)
    planned.product = Int32(products.count)
    // Dense operands leave at most the order of contracted axes open, which the next form fixes.
    products.append(product ?? packedProduct(position, contract, &planned))
    let step = appendStep(planned)
    for operand in planned.operands { noteRead(operand.base, at: step) }
  }

  private mutating func packed(_ value: Int32) -> Int32 {
    views[Int(value)].isDense(program.type(value).shape) ? value : appendCopy(of: value)
  }

  /// The product of operands copied into the order batch, free, contracted.
  private mutating func packedProduct(
    _ position: Int32, _ contract: Contract, _ planned: inout PlannedStep
  ) -> MatrixProduct {
    let node = program.nodes[Int(position)]
    func ordered(_ value: Int32, _ batch: AxisList, _ free: AxisList, _ contracted: AxisList) -> Int32 {
      let order = AxisList(Array(batch) + Array(free) + Array(contracted))
      let shape = program.type(value).shape
      var transposed = program.nodes[Int(value)]
      transposed.primitive = .transpose(Transpose(order))
      transposed.operands = Operands(Value(Int(value)))
      transposed.type.shape = Shape(order.map { shape[$0] })
      let view = append(transposed, origin: program.origin[Int(position)])
      views[Int(view)] = views[Int(value)].applying(transposed.primitive, from: shape, to: transposed.type.shape)!
      available[Int(view)] = available[Int(value)]
      return appendCopy(of: view)
    }
    let (a, b) = (node.operands[0].index, node.operands[1].index)
    let left = ordered(a, contract.leftBatch, contract.leftFree(rank: program.type(a).rank), contract.leftContracted)
    let right = ordered(
      b, contract.rightBatch, contract.rightFree(rank: program.type(b).rank), contract.rightContracted)
    func last(_ count: Int, of rank: Int) -> AxisList { AxisList((rank - count)..<rank) }
    let batch = AxisList(0..<contract.leftBatch.count)
    let plain = Contract(
      leftBatch: batch, rightBatch: batch,
      leftContracted: last(contract.leftContracted.count, of: program.type(left).rank),
      rightContracted: last(contract.rightContracted.count, of: program.type(right).rank))
    planned.operands = [strided(left), strided(right)]
    guard let product = MatrixProduct(plain, self, left, right, node.type) else {
      preconditionFailure("dense operands in order are matrices")
    }
    return product
  }
}

// MARK: Outputs

extension Planner {
  /// Finds memory for the outputs: that of the value itself where it can be, else of a copy.
  mutating func placeOutputs() {
    var taken = Set<Int32>()
    for output in program.outputs {
      readStrided(output)
      let view = views[Int(output)]
      let type = program.type(output)
      var base = view.base
      let isWhole = view.offset == 0 && view.isDense(type.shape) && type.sizeInBytes == program.type(base).sizeInBytes
      if !isWhole || stepOf[Int(base)] < 0 && !isDonatedInput(base) || taken.contains(base) {
        base = appendCopy(of: output)
      }
      taken.insert(base)
      outputBases.append(base)
      lastRead[Int(base)] = .max
    }
  }

  /// Whether a value is an input that may come back as an output.
  private func isDonatedInput(_ base: Int32) -> Bool {
    program.inputs.firstIndex(of: base).map { isDonated[$0] } ?? false
  }
}
