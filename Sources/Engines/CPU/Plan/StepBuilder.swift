import MartletGraph
import MartletKernels

/// Turns planned steps into ones that run.
struct StepBuilder {
  let planner: Planner
  /// Whether steps get a line of text; nobody should wait for it who does not read it.
  let describes: Bool
  private(set) var memory = MemoryPlan()
  private(set) var steps: [any Step] = []
  /// Products and convolutions whose right operand may be packed once for many runs.
  private(set) var packings: [Packing] = []
  /// For each step, the planned one that it comes from and the operations that it does.
  private(set) var sources: [(planned: Int, operations: [Int32])] = []
  private let fixedInputs: Range<Int>?
  private var emitted: [EmittedGroup?] = []

  init(_ planner: Planner, fixedInputs: Range<Int>?, describes: Bool) {
    self.planner = planner
    self.fixedInputs = fixedInputs
    self.describes = describes
  }

  /// A line for a reader, if there is one.
  func text(_ line: @autoclosure () -> String) -> String { describes ? line() : "" }

  mutating func build() throws(GraphError) {
    for group in planner.groups.indices {
      let isEmpty = planner.groups[group].members.isEmpty
      var emitter = isEmpty ? nil : RowEmitter(planner, group: Int32(group))
      emitted.append(emitter?.emit())
    }
    memory = MemoryPlanner.plan(planner, emitted)
    steps.reserveCapacity(planner.steps.count)
    for (index, planned) in planner.steps.enumerated() where writesSomething(planned) {
      try append(planned, index)
    }
  }

  func type(_ base: Int32) -> TensorType { planner.program.type(base) }

  func site(_ node: Int32) -> Site {
    Site(node: Int(planner.program.origin[Int(node)]), location: planner.program.nodes[Int(node)].location)
  }

  private func writesSomething(_ planned: PlannedStep) -> Bool {
    if planned.node >= 0 {
      let results = planner.resultsOf[planned.node] ?? [planned.node]
      return results.contains { type($0).elementCount > 0 }
    }
    guard let group = emitted[Int(planned.group)] else { return false }
    return group.stores.contains { type($0.node).elementCount > 0 }
  }

  private mutating func append(_ planned: PlannedStep, _ index: Int) throws(GraphError) {
    let members = planned.group >= 0 ? planner.groups[Int(planned.group)].members : []
    switch planned.kind {
    case .group:
      if let step = rowStep(planned.group) { append(step, index, members) }
    case .copy: append(copyStep(planned.node), index, [planned.node])
    case .operation:
      var hasEpilogue = false
      let step =
        planned.product >= 0
        ? productStep(planned, &hasEpilogue) : try operationStep(planned, &hasEpilogue)
      append(step, index, [planned.node] + (hasEpilogue ? members : []))
      // Tiles that are written by no callback leave the group to a pass of its own.
      if !hasEpilogue, planned.group >= 0, let step = rowStep(planned.group) { append(step, index, members) }
    }
  }

  private mutating func append(_ step: any Step, _ planned: Int, _ operations: [Int32]) {
    steps.append(step)
    if describes { sources.append((planned, operations)) }
  }

  /// The step that runs a group over its whole domain.
  func rowStep(_ group: Int32) -> RowStep? {
    guard let made = emitted[Int(group)] else { return nil }
    let members = planner.groups[Int(group)].members
    let node = made.program.divisor >= 0 ? made.program.divisor : members[0]
    return RowStep(
      program: made.program, site: site(node), name: dividingName(node),
      divided: made.program.divisor >= 0 ? type(node) : nil,
      summary: text(describe(made, members, planner.groups[Int(group)].domain)))
  }

  private func describe(_ made: EmittedGroup, _ members: [Int32], _ domain: Shape) -> String {
    let names = members.map { planner.program.nodes[Int($0)].primitive.rules.name }
    let stores = made.stores.map { "%\($0.node) \(type($0.node))" }
    return "rows \(domain): \(names.joined(separator: ", ")) -> \(stores.joined(separator: ", "))"
  }

  /// The name of the operation that a division belongs to, which is a power if that is what is divided: see lowering.
  private func dividingName(_ position: Int32) -> String {
    let node = planner.program.nodes[Int(position)]
    if case .binary(let binary) = node.primitive, binary.kind == .divide, node.type.dtype.isInteger {
      let dividend = planner.program.nodes[node.operands[0].position]
      if case .binary(let power) = dividend.primitive, power.kind == .power { return power.name }
    }
    return node.primitive.rules.name
  }

  private func copyStep(_ node: Int32) -> CopyStep {
    let value = planner.program.nodes[Int(node)].operands[0].index
    let view = planner.views[Int(value)]
    let type = type(value)
    return CopyStep(
      shape: type.shape, width: type.dtype.sizeInBytes,
      source: Placed(base: view.base, byteOffset: view.offset * type.dtype.sizeInBytes), strides: view.strides,
      target: node, summary: text("copy \(type)"))
  }

  /// A matrix product; tells whether its tiles take the group that goes with it.
  private mutating func productStep(_ planned: PlannedStep, _ hasEpilogue: inout Bool) -> any Step {
    let product = planner.products[Int(planned.product)]
    let dtype = type(planned.node).dtype
    let shape = text("\(product.batch.map(\.size)) \(product.rows) × \(product.depth) × \(product.columns)")
    guard dtype.isFloatingPoint else {
      return IntegerProductStep(
        product: product, left: planned.operands[0], right: planned.operands[1], result: planned.node, dtype: dtype,
        summary: text("matmul \(dtype) \(shape)"))
    }
    // Without depth nothing is multiplied, and no tile is ever finished.
    let epilogue = product.depth == 0 ? nil : epilogue(planned.group)
    hasEpilogue = epilogue != nil
    var step = ProductStep(
      product: product, left: planned.operands[0], right: planned.operands[1], result: planned.node, dtype: dtype,
      epilogue: epilogue, packing: nil, site: site(planned.node),
      summary: text("matmul \(dtype) \(shape)"))
    step.packing = dtype == .float32 && product.batch.isEmpty ? packing(of: step) : nil
    if step.packing != nil && fixedInputs != nil { step.summary += text(", packed once") }
    step.summary += text(epilogue.map { ", then \($0.step.summary)" } ?? "")
    return step
  }

  /// The place among what is packed once, if the right operand is an input that may be.
  mutating func packing(of step: some PackingStep) -> Int? {
    let inputs = planner.program.inputs
    guard let input = inputs[fixedInputs ?? 0..<inputs.count].firstIndex(of: step.right.base),
      !planner.isDonated[input]
    else { return nil }
    // Which inputs of a whole program stay the same is not known; those that do must not change its results.
    if fixedInputs == nil && step.packedBytes(keepsBits: true) == 0 { return nil }
    packings.append(Packing(step: step, input: input))
    return packings.count - 1
  }

  func epilogue(_ group: Int32) -> Epilogue? {
    guard group >= 0, let step = rowStep(group), step.program.program.pointee.is_element_wise != 0 else { return nil }
    return Epilogue(step: step)
  }

  func strided(_ value: Value, _ placed: Placed) -> StridedOperand {
    StridedOperand(placed: placed, type: type(value.index), strides: planner.views[value.position].strides)
  }
}
