import MartletGraph
import MartletKernels

/// What a pass does over the tiles of its rows.
struct TileStage {
  let pass: Int
  private(set) var instructions: [martlet_row_instruction] = []
  /// Registers used, once they are shared among values that do not live at the same time.
  private(set) var registerCount = 0
  // By place among the members; -1 for values not asked for yet.
  private var registers: [Int]
  private var expanded: [Int32: Int] = [:]
  private var scalars: [Int32: Int] = [:]
  private var counts: [Int: Int] = [:]
  private var loaded: [Int: Int] = [:]
  private var valueCount = 0

  init(pass: Int, members: Int) {
    self.pass = pass
    registers = Array(repeating: -1, count: members)
  }

  /// Full members that a pass must have for others' sake: what it reduces, stores or saves.
  static func roots(_ emitter: RowEmitter, pass: Int) -> [Int32] {
    var roots: [Int32] = []
    for member in emitter.group.members {
      switch emitter.planner.roles[Int(member)] {
      case .full:
        let isWanted = emitter.planner.lastRead[Int(member)] >= 0 || emitter.buffer(member) != nil
        if isWanted && emitter.pass(member) == pass { roots.append(member) }
      case .row, .column:
        guard case .reduce = emitter.node(member).primitive else { continue }
        guard reductionPass(member, emitter) == pass else { continue }
        if case .member(let other) = emitter.access(emitter.node(member).operands[0], of: member) {
          roots.append(other)
        }
      case .none: break
      }
    }
    return roots
  }

  /// The pass in which a reduction runs; a row value is ready one later.
  private static func reductionPass(_ member: Int32, _ emitter: RowEmitter) -> Int {
    emitter.planner.roles[Int(member)] == .row ? emitter.pass(member) - 1 : emitter.pass(member)
  }

  mutating func emit(_ emitter: inout RowEmitter) {
    for member in emitter.group.members {
      switch emitter.planner.roles[Int(member)] {
      case .full: if emitter.pass(member) == pass { keep(member, &emitter) }
      case .row, .column:
        guard case .reduce(let reduce) = emitter.node(member).primitive else { continue }
        if TileStage.reductionPass(member, emitter) == pass { self.reduce(member, reduce, &emitter) }
      case .none: break
      }
    }
    shareRegisters()
  }

  private mutating func keep(_ member: Int32, _ emitter: inout RowEmitter) {
    let type = emitter.node(member).type.dtype
    if emitter.planner.lastRead[Int(member)] >= 0 {
      let register = value(member, &emitter)
      let operand = emitter.storeOperand(member, at: instructions.count)
      instructions.append(.init(MARTLET_ROW_STORE, type, a: register, index: operand))
    }
    if let buffer = emitter.buffer(member) {
      let register = value(member, &emitter)
      instructions.append(.init(MARTLET_ROW_SAVE, type, a: register, index: buffer))
    }
  }

  private mutating func reduce(_ member: Int32, _ reduce: Reduce, _ emitter: inout RowEmitter) {
    let node = emitter.node(member)
    let a = source(node.operands[0], of: member, &emitter)
    let kind = UInt8(reduce.kind.code.rawValue)
    if emitter.planner.roles[Int(member)] == .column {
      let operand = emitter.storeOperand(member, at: instructions.count)
      instructions.append(.init(MARTLET_ROW_COLUMN_REDUCE, node.type.dtype, kind: kind, a: a, index: operand))
      return
    }
    let register = emitter.newRowRegister(for: member)
    instructions.append(.init(MARTLET_ROW_REDUCE, node.type.dtype, kind: kind, result: register, a: a))
  }

  private mutating func newValue() -> Int {
    valueCount += 1
    return valueCount - 1
  }

  /// The register of a full member, computed or restored when it is first asked for.
  private mutating func value(_ member: Int32, _ emitter: inout RowEmitter) -> Int {
    let place = Int(emitter.planner.placeOf[Int(member)])
    if registers[place] >= 0 { return registers[place] }
    let node = emitter.node(member)
    let register: Int
    if emitter.isRestored(member, in: pass), let buffer = emitter.buffer(member) {
      register = newValue()
      instructions.append(.init(MARTLET_ROW_RESTORE, node.type.dtype, result: register, index: buffer))
    } else if case .iota = node.primitive {
      register = count(0, node.type.dtype, &emitter)
    } else if let replacement = Replacement(node, of: member, emitter) {
      let sources = [replacement.value, replacement.substitute].map { source($0, of: member, &emitter) }
      register = newValue()
      let kind = UInt8(replacement.code.rawValue)
      instructions.append(
        .init(MARTLET_ROW_BINARY, node.type.dtype, kind: kind, result: register, a: sources[0], b: sources[1]))
    } else {
      var sources: [Int] = []
      for operand in node.operands { sources.append(source(operand, of: member, &emitter)) }
      register = newValue()
      let operandType = emitter.planner.program.type(sourceOperand(node)).dtype
      MemberCode.append(node, operandType, sources, result: register, to: &instructions)
      if case .binary(let binary) = node.primitive, node.type.dtype.isInteger, binary.kind.divides {
        emitter.divisor = member
      }
    }
    registers[place] = register
    return register
  }

  private func sourceOperand(_ node: Node) -> Int32 { node.operands[0].index }

  private mutating func source(_ operand: Value, of member: Int32, _ emitter: inout RowEmitter) -> Int {
    let type = emitter.planner.program.type(operand.index).dtype
    switch emitter.access(operand, of: member) {
    case .member(let other):
      return emitter.planner.roles[Int(other)] == .row ? expand(other, type, &emitter) : value(other, &emitter)
    case .scalar(let index):
      if let register = scalars[index] { return register }
      scalars[index] = newValue()
      instructions.append(.init(MARTLET_ROW_SCALAR, type, result: valueCount - 1, index: Int(index)))
      return valueCount - 1
    case .iota(let axis): return count(axis, type, &emitter)
    case .memory(let place):
      if let known = emitter.group.operands.firstIndex(of: place), let register = loaded[known] { return register }
      let index = emitter.loadOperand(place, at: instructions.count)
      loaded[index] = newValue()
      instructions.append(.init(MARTLET_ROW_LOAD, type, result: valueCount - 1, index: index))
      return valueCount - 1
    case .none: preconditionFailure("a member reads what it cannot")
    }
  }

  private mutating func expand(_ row: Int32, _ type: DType, _ emitter: inout RowEmitter) -> Int {
    if let register = expanded[row] { return register }
    expanded[row] = newValue()
    let source = emitter.rowRegister(row)
    instructions.append(.init(MARTLET_ROW_EXPAND, type, result: valueCount - 1, a: source))
    return valueCount - 1
  }

  private mutating func count(_ axis: Int, _ type: DType, _ emitter: inout RowEmitter) -> Int {
    let key = axis * 16 + Int(type.rawValue)
    if let register = counts[key] { return register }
    counts[key] = newValue()
    let code = emitter.domain.countCode(axis)
    instructions.append(.init(MARTLET_ROW_IOTA, type, kind: code, result: valueCount - 1))
    return valueCount - 1
  }
}

// MARK: Registers

extension TileStage {
  /// Gives values that do not live at the same time the same register, so that registers stay in the cache.
  private mutating func shareRegisters() {
    RowPairs.bringTogether(&instructions)
    var lastUse = [Int](repeating: -1, count: valueCount)
    for (position, instruction) in instructions.enumerated() {
      for source in TileStage.tileSources(instruction) { lastUse[source] = position }
    }
    var assigned = [Int](repeating: -1, count: valueCount)
    var free: [Int] = []
    for position in instructions.indices {
      let sources = TileStage.tileSources(instructions[position])
      TileStage.rename(&instructions[position], assigned)
      for source in Set(sources) where lastUse[source] == position { free.append(assigned[source]) }
      guard TileStage.writesTile(instructions[position]) else { continue }
      let value = Int(instructions[position].result)
      if free.isEmpty {
        free.append(registerCount)
        registerCount += 1
      }
      assigned[value] = free.removeLast()
      instructions[position].result = UInt16(assigned[value])
      if lastUse[value] < 0 { free.append(assigned[value]) }
    }
  }

  /// The values that an instruction reads from tile registers.
  static func tileSources(_ i: martlet_row_instruction) -> [Int] {
    switch martlet_row_opcode(UInt32(i.opcode)) {
    case MARTLET_ROW_LOAD, MARTLET_ROW_SCALAR, MARTLET_ROW_IOTA, MARTLET_ROW_EXPAND, MARTLET_ROW_RESTORE: []
    case MARTLET_ROW_BINARY, MARTLET_ROW_COMPARE: [Int(i.a), Int(i.b)]
    case MARTLET_ROW_REDUCE, MARTLET_ROW_COLUMN_REDUCE:
      UInt32(i.kind) == MARTLET_REDUCE_SQUARED_DIFFERENCES.rawValue ? [Int(i.a), Int(i.b)] : [Int(i.a)]
    case MARTLET_ROW_SELECT, MARTLET_ROW_MULTIPLY_ADD, MARTLET_ROW_PAIR: [Int(i.a), Int(i.b), Int(i.c)]
    default: [Int(i.a)]
    }
  }

  static func writesTile(_ i: martlet_row_instruction) -> Bool {
    switch martlet_row_opcode(UInt32(i.opcode)) {
    case MARTLET_ROW_STORE, MARTLET_ROW_SAVE, MARTLET_ROW_REDUCE, MARTLET_ROW_COLUMN_REDUCE: false
    default: true
    }
  }

  private static func rename(_ i: inout martlet_row_instruction, _ assigned: [Int]) {
    let sources = tileSources(i).count
    if sources > 0 { i.a = UInt16(assigned[Int(i.a)]) }
    if sources > 1 { i.b = UInt16(assigned[Int(i.b)]) }
    if sources > 2 { i.c = UInt16(assigned[Int(i.c)]) }
  }
}

extension Binary.Kind {
  /// Whether integers may be divided by zero here.
  var divides: Bool {
    switch self {
    case .divide, .floorDivide, .remainder, .modulo: true
    default: false
    }
  }
}
