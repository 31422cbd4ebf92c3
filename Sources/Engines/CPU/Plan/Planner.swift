import MartletGraph

/// Dense elements in the memory of a value.
struct Placed {
  var base: Int32
  var byteOffset: Int
}

/// One step of a plan, before its memory is known.
struct PlannedStep {
  enum Kind { case group, operation, copy }

  var kind: Kind
  /// The operation, or what is copied into; -1 for a group.
  var node: Int32
  /// The operations that run as a row program here; for a contraction, on its finished tiles. -1 for none.
  var group: Int32 = -1
  /// Operands that have to be dense.
  var operands: [Placed] = []
  /// The matrix product to do, of `products`; -1 for none.
  var product: Int32 = -1
}

/// Turns a program into steps: views instead of copies, groups instead of passes over memory.
struct Planner {
  var program: LoweredProgram
  /// For each node: where its elements lie.
  var views: [View]
  /// For each node: the step after which it may be read; -1 from the start.
  var available: [Int32]
  /// For each node with memory of its own: the step that writes it; -1 for what is there from the start.
  var stepOf: [Int32]
  var groupOf: [Int32]
  var roles: [Role]
  /// For each node: the last group that read it element by element.
  var lastReader: [Int32]
  /// For each node: the last step that reads its memory; -1 if none does, and then it has none.
  var lastRead: [Int32]
  /// For each member of a group: its position among the members.
  var placeOf: [Int32]
  var groups: [Group] = []
  var steps: [PlannedStep] = []
  var products: [MatrixProduct] = []
  /// For each output: the node whose dense memory it is.
  var outputBases: [Int32] = []
  /// For each operation with several results, the nodes that hold them.
  var resultsOf: [Int32: [Int32]] = [:]
  /// The attention calls so far, by their operands.
  var attentions: [Operands: Int32] = [:]
  private var denseCopies: [Int32: Int32] = [:]
  /// For groups, the copies of other groups' members that they compute for themselves, by member.
  var recomputed: [Int32: [Int32: Int32]] = [:]

  /// For each input, whether its memory may be overwritten.
  let isDonated: [Bool]

  init(_ program: LoweredProgram, isDonated: [Bool]) {
    self.program = program
    self.isDonated = isDonated
    let count = program.nodes.count
    available = [Int32](repeating: -1, count: count)
    stepOf = available
    groupOf = available
    lastReader = available
    lastRead = available
    placeOf = available
    roles = [Role](repeating: .none, count: count)
    views = program.nodes.indices.map { View(dense: Int32($0), program.nodes[$0].type.shape) }
  }

  /// Plans every operation, in order.
  mutating func plan() throws(GraphError) {
    for position in program.nodes.indices where program.isLive[position] { try plan(Int32(position)) }
    placeOutputs()
    dropUnneeded()
  }

  private mutating func plan(_ position: Int32) throws(GraphError) {
    let node = program.nodes[Int(position)]
    switch node.primitive {
    case .input, .scalar, .iota: break
    case .unary, .binary, .compare, .select, .cast: fuse(position)
    case .reduce(let reduce): reduce.axes.isEmpty ? look(position) : fuseReduction(position, reduce)
    case .identity, .bitCast, .reshape, .transpose, .broadcast, .slice, .reverse: look(position)
    case .contract(let contract): planProduct(position, contract)
    case .element(let element): planElement(position, element)
    case .randomBits, .argReduce, .cumulative, .argSort, .reduceWindow, .windowSelect, .convolve, .pad, .concatenate,
      .dynamicSlice, .dynamicUpdate, .gather, .scatter, .searchSorted, .factorize, .triangularSolve, .fourier, .call,
      .scan, .whileLoop, .conditional, .custom:
      planOperation(position)
    }
  }

  /// Notes that a step reads a value's memory.
  mutating func noteRead(_ base: Int32, at step: Int32) {
    lastRead[Int(base)] = max(lastRead[Int(base)], step)
  }
}

// MARK: Views

extension Planner {
  /// An operation that only looks at its operand in another way, or a copy where no strides say how.
  private mutating func look(_ position: Int32) {
    let node = program.nodes[Int(position)]
    let operand = node.operands[0].index
    let view = views[Int(operand)]
    let shape = program.type(operand).shape
    var primitive = node.primitive
    if case .reduce = primitive { primitive = .reshape(Reshape(to: node.type.shape)) }
    guard let looked = view.applying(primitive, from: shape, to: node.type.shape) else {
      copy(operand, into: position)
      return
    }
    views[Int(position)] = looked
    available[Int(position)] = available[Int(operand)]
    if case .identity(let identity) = node.primitive, identity.kind == .barrier {
      // Nothing that depends on it can join a step that is already there.
      available[Int(position)] = Int32(steps.count)
    }
  }

  /// Makes `target` the dense elements of `value`, by moving them.
  private mutating func copy(_ value: Int32, into target: Int32) {
    readStrided(value)
    let step = Int32(steps.count)
    noteRead(views[Int(value)].base, at: step)
    steps.append(PlannedStep(kind: .copy, node: target))
    stepOf[Int(target)] = step
    available[Int(target)] = step
  }

  /// Sees to it that a value that is not made up on the way has memory, and returns its base.
  @discardableResult
  mutating func readStrided(_ value: Int32) -> Int32 {
    let base = views[Int(value)].base
    if case .iota = program.nodes[Int(base)].primitive { materializeLeaf(base) }
    return base
  }

  /// Writes a count into memory, if it is not there yet.
  mutating func materializeLeaf(_ base: Int32) {
    guard groupOf[Int(base)] < 0 else { return }
    let group = openGroup(domain: program.type(base).shape)
    placeOf[Int(base)] = 0
    groups[Int(group)].members.append(base)
    groups[Int(group)].iotaAxes = [0]
    groupOf[Int(base)] = group
    roles[Int(base)] = .full
    stepOf[Int(base)] = groups[Int(group)].step
    available[Int(base)] = stepOf[Int(base)]
  }

  /// A value's elements, dense, for the step that comes next; copied together first if need be.
  mutating func dense(_ value: Int32) -> Placed {
    let type = program.type(value)
    readStrided(value)
    var view = views[Int(value)]
    if !view.isDense(type.shape) {
      if denseCopies[value] == nil { denseCopies[value] = appendCopy(of: value) }
      view = views[Int(denseCopies[value]!)]
    }
    return Placed(base: view.base, byteOffset: view.offset * type.dtype.sizeInBytes)
  }

  /// Appends a node that holds a dense copy of `value`, and the step that makes it.
  mutating func appendCopy(of value: Int32) -> Int32 {
    var node = program.nodes[Int(value)]
    node.primitive = Identity(.stopGradient).primitive
    node.operands = Operands(Value(Int(value)))
    let position = append(node, origin: program.origin[Int(value)])
    copy(value, into: position)
    return position
  }

  /// Appends a node with memory of its own while planning.
  mutating func append(_ node: Node, origin: Int32) -> Int32 {
    let position = program.append(node, origin: origin)
    program.isLive.append(true)
    views.append(View(dense: position, node.type.shape))
    available.append(-1)
    stepOf.append(-1)
    groupOf.append(-1)
    lastReader.append(-1)
    lastRead.append(-1)
    placeOf.append(-1)
    roles.append(.none)
    return position
  }
}
