import MartletGraph
import MartletKernels

extension StepBuilder {
  /// The step for an operation of its own.
  mutating func operationStep(_ planned: PlannedStep, _ hasEpilogue: inout Bool) throws(GraphError) -> any Step {
    let node = planner.program.nodes[Int(planned.node)]
    let operands = planned.operands
    let result = planned.node
    let site = site(result)
    let summary = text("\(node.primitive.rules.name) \(node.type)")
    func source() -> TensorType { type(node.operands[0].index) }
    switch node.primitive {
    case .randomBits:
      return RandomStep(key: operands[0], result: result, type: node.type, summary: summary)
    case .argReduce(let reduce):
      return ArgReduceStep(
        kind: reduce.kind, layout: AxisLayout(source().shape, axis: reduce.axis), source: operands[0],
        dtype: source().dtype, result: result, summary: summary)
    case .cumulative(let cumulative):
      return CumulativeStep(
        cumulative: cumulative, layout: AxisLayout(source().shape, axis: cumulative.axis), source: operands[0],
        dtype: node.type.dtype, result: result, summary: summary)
    case .argSort(let sort):
      return ArgSortStep(
        sort: sort, layout: AxisLayout(source().shape, axis: sort.axis), source: operands[0], dtype: source().dtype,
        result: result, site: site, summary: summary)
    case .reduceWindow(let reduce):
      return ReduceWindowStep(
        window: martlet_window(reduce.window, input: source().shape, output: node.type.shape), kind: reduce.kind,
        source: operands[0], dtype: node.type.dtype, result: result, site: site, summary: summary)
    case .windowSelect(let select):
      return windowSelectStep(select, node, planned) ?? referenceStep(node, planned)
    case .convolve(let convolve):
      return convolveStep(convolve, node, planned, &hasEpilogue) ?? referenceStep(node, planned)
    case .pad(let pad):
      return PadStep(
        pad: pad, operand: strided(node.operands[0], operands[0]), value: operands[1], result: result, type: node.type,
        summary: summary)
    case .concatenate(let concatenate):
      return ConcatenateStep(
        operands: zip(node.operands, operands).map { strided($0, $1) }, axis: concatenate.axis, result: result,
        type: node.type, summary: summary)
    case .dynamicSlice:
      return DynamicSliceStep(
        operand: strided(node.operands[0], operands[0]), starts: operands[1], result: result, type: node.type,
        site: site, summary: summary)
    case .dynamicUpdate:
      return DynamicUpdateStep(
        operand: strided(node.operands[0], operands[0]), block: strided(node.operands[1], operands[1]),
        starts: operands[2], result: result, site: site, summary: summary)
    case .gather(let gather):
      let layout = IndexLayout(gather.form, source: source().shape, indices: type(node.operands[1].index))
      return GatherStep(
        layout: layout, source: operands[0], indices: operands[1], result: result, width: node.type.dtype.sizeInBytes,
        site: site, summary: summary)
    case .scatter(let scatter):
      return scatterStep(scatter, node, planned)
    case .searchSorted(let search):
      return SearchSortedStep(
        isRight: search.isRight, sequence: operands[0], values: operands[1],
        types: node.operands.map { type($0.index) },
        result: result, summary: summary)
    case .factorize, .triangularSolve, .fourier:
      return algebraStep(node, planned)
    case .scan, .whileLoop, .conditional, .call:
      return try regionStep(node, planned)
    case .custom(let custom):
      return CustomStep(
        operation: custom.operation, operands: operands, types: node.operands.map { type($0.index) }, result: result,
        type: node.type, summary: summary)
    case .input, .scalar, .iota, .unary, .binary, .compare, .select, .cast, .bitCast, .identity, .reduce, .contract,
      .reshape, .transpose, .broadcast, .slice, .reverse, .element:
      preconditionFailure("\(node.primitive.rules.name) is no step of its own")
    }
  }

  func referenceStep(_ node: Node, _ planned: PlannedStep) -> any Step {
    ReferenceStep(
      primitive: node.primitive, operands: planned.operands, types: node.operands.map { type($0.index) },
      result: planned.node, type: node.type, site: site(planned.node),
      summary: text("\(node.primitive.rules.name) \(node.type), interpreted"))
  }

  private func algebraStep(_ node: Node, _ planned: PlannedStep) -> any Step {
    let operands = planned.operands
    let results = planner.resultsOf[planned.node] ?? [planned.node]
    let site = site(planned.node)
    let types = node.operands.map { type($0.index) }
    let summary = text("\(node.primitive.rules.name) \(types[0])")
    switch node.primitive {
    case .factorize(let factorize):
      return FactorizeStep(
        factorize: factorize, source: operands[0], results: results, site: site, summary: summary)
    case .triangularSolve(let solve):
      return TriangularSolveStep(
        solve: solve, matrix: operands[0], right: operands[1], types: types, result: planned.node, site: site,
        summary: summary)
    case .fourier(let fourier):
      return FourierStep(
        fourier: fourier, plan: FourierPlan(fourier), layout: AxisLayout(types[0].shape, axis: fourier.axis),
        real: operands[0], imaginary: operands[operands.count - 1], results: results, site: site, summary: summary)
    default: preconditionFailure("\(node.primitive.rules.name) is no dense algebra")
    }
  }

  private func windowSelectStep(_ select: WindowSelect, _ node: Node, _ planned: PlannedStep) -> (any Step)? {
    let source = type(node.operands[0].index)
    // The kernel finds largest elements of floating-point tensors, and carries values of their type.
    guard select.kind == .max, source.dtype.isFloatingPoint, node.type.dtype == source.dtype else { return nil }
    let positions = select.direction == .scatter ? type(node.operands[1].index).shape : node.type.shape
    return WindowSelectStep(
      window: martlet_window(select.window, input: source.shape, output: positions), direction: select.direction,
      source: planned.operands[0], values: planned.operands[1], dtype: source.dtype, result: planned.node,
      summary: text("\(select.name) \(node.type)"))
  }

  private mutating func convolveStep(
    _ convolve: Convolve, _ node: Node, _ planned: PlannedStep, _ hasEpilogue: inout Bool
  ) -> (any Step)? {
    guard node.type.dtype == .float32 || node.type.dtype == .float64 else { return nil }
    let (a, b) = (type(node.operands[0].index).shape, type(node.operands[1].index).shape)
    let conv =
      switch convolve.form {
      case .forward: martlet_conv(convolve, image: a, filter: b, output: node.type.shape)
      case .inputGradient: martlet_conv(convolve, image: node.type.shape, filter: b, output: a)
      case .filterGradient: martlet_conv(convolve, image: a, filter: node.type.shape, output: b)
      }
    guard let conv else { return nil }
    let epilogue = convolve.form == .forward ? epilogue(planned.group) : nil
    hasEpilogue = epilogue != nil
    var step = ConvolveStep(
      conv: conv, form: convolve.form, dtype: node.type.dtype, left: planned.operands[0], right: planned.operands[1],
      result: planned.node,
      epilogue: epilogue, packing: nil, site: site(planned.node),
      summary: text("\(convolve.name) \(a) \(b)" + (epilogue.map { ", then \($0.step.summary)" } ?? "")))
    if convolve.form == .forward && node.type.dtype == .float32 { step.packing = packing(of: step) }
    return step
  }

  private func scatterStep(_ scatter: Scatter, _ node: Node, _ planned: PlannedStep) -> any Step {
    if node.type.dtype == .bool && scatter.combination != .set {
      return referenceStep(node, planned)
    }
    let layout = IndexLayout(scatter.form, source: node.type.shape, indices: type(node.operands[1].index))
    return ScatterStep(
      layout: layout, combination: scatter.combination, target: strided(node.operands[0], planned.operands[0]),
      indices: planned.operands[1], updates: planned.operands[2],
      repeatsUpdate: planner.isOneElement(node.operands[2].index), result: planned.node, site: site(planned.node),
      summary: text("\(scatter.name) \(node.type)"))
  }

  private func regionStep(_ node: Node, _ planned: PlannedStep) throws(GraphError) -> any Step {
    let results = planner.resultsOf[planned.node] ?? [planned.node]
    let site = site(planned.node)
    let summary = text("\(node.primitive.rules.name) \(node.type)")
    switch node.primitive {
    case .scan(let scan):
      return ScanStep(
        scan: scan,
        body: try PlannedRegion(scan.body, changingInputs: scan.carryCount + scan.sequenceCount, describes: describes),
        operands: planned.operands, results: results, site: site,
        summary: summary + " of \(scan.length) steps")
    case .whileLoop(let loop):
      return WhileStep(
        carryCount: loop.carryCount, condition: try PlannedRegion(loop.condition, describes: describes),
        body: try PlannedRegion(loop.body, changingInputs: loop.carryCount, describes: describes),
        operands: planned.operands,
        results: results, site: site, summary: summary)
    case .conditional(let conditional):
      return ConditionalStep(
        ifTrue: try PlannedRegion(conditional.ifTrue, describes: describes),
        ifFalse: try PlannedRegion(conditional.ifFalse, describes: describes),
        predicate: planned.operands[0], operands: Array(planned.operands.dropFirst()), results: results, site: site,
        summary: summary)
    case .call(let call): return try callStep(call, node, planned, results)
    default: preconditionFailure("not a region")
    }
  }

  private func callStep(
    _ call: Call, _ node: Node, _ planned: PlannedStep, _ results: [Int32]
  ) throws(GraphError) -> any Step {
    let types = node.operands.map { type($0.index) }
    guard let fused = FusedCall(call, operands: types) else {
      preconditionFailure("a call without a kernel is inlined")
    }
    let site = site(planned.node)
    if case .groupMoments(let groups) = fused {
      return GroupMomentsStep(
        shape: types[0].shape, groups: groups, source: planned.operands[0], results: results, site: site,
        summary: text("\(call.label) \(types[0].shape)"))
    }
    return try attentionStep(fused, call, node, planned, results)
  }

  private func attentionStep(
    _ fused: FusedCall, _ call: Call, _ node: Node, _ planned: PlannedStep, _ results: [Int32]
  ) throws(GraphError) -> any Step {
    let types = node.operands.map { type($0.index) }
    let site = site(planned.node)
    let summary = text("\(call.label) \(types[0].shape) \(types[1].shape)")
    let operands = Array(planned.operands[..<node.operands.count])
    let saved = Array(planned.operands[node.operands.count...])
    let views = (0..<3).map { index in
      planner.readsRows(node.operands[index].index)
        ? strided(node.operands[index], operands[index])
        : StridedOperand(placed: operands[index], type: types[index], strides: types[index].shape.rowMajorStrides)
    }
    func shape(_ hasMask: Bool) -> martlet_attention {
      martlet_attention(
        call, query: types[0].shape, key: types[1].shape, value: types[2].shape, mask: hasMask ? types[3].shape : nil,
        views: views.map(\.strides))
    }
    switch fused {
    case .attention(let hasMask):
      return AttentionStep(
        attention: shape(hasMask), operands: operands, hasMask: hasMask, results: results, site: site,
        summary: summary)
    case .attentionGradient(let hasMask):
      return AttentionGradientStep(
        attention: shape(hasMask), body: try PlannedRegion(call.body, describes: describes), operands: operands,
        views: views,
        saved: saved.isEmpty ? nil : (saved[0], saved[1]), hasMask: hasMask, results: results, site: site,
        summary: summary)
    case .groupMoments: preconditionFailure("not attention")
    }
  }
}
