import MartletGraph
import MartletKernels

/// A group as a program, and what memory planning has to know about it.
struct EmittedGroup {
  var program: RowProgram
  /// Results that go to memory, and the position of the instruction that writes each.
  var stores: [(node: Int32, position: Int)] = []
  /// For each of the group's operands, the position of the last instruction that reads it.
  var lastLoad: [Int] = []
}

/// Writes the row program of a group.
///
/// The program makes as many passes over a row as reductions wait for each other. A pass is a stage over row values,
/// then one over tiles. What a later pass needs again is computed again when that is cheap, else kept in a row buffer.
struct RowEmitter {
  let planner: Planner
  let group: Group
  let number: Int32
  let domain: RowDomain
  /// For full members, the first pass in which they can be computed; for row members, the pass before which they are
  /// ready.
  private var passes: [Int]
  /// How much work it is to compute a full member from memory and row values.
  private var weights: [Int]
  /// The row buffer of each member that is kept for a later pass; -1 for the others.
  private var saved: [Int]
  private var savedCount = 0
  private var rowRegisters: [Int]
  var operands: [martlet_row_operand]
  private var lastLoad: [Int]
  private var stores: [(node: Int32, position: Int)] = []
  private(set) var instructions: [martlet_row_instruction] = []
  var rowRegisterCount = 0
  var divisor: Int32 = -1

  // A value is computed again in a later pass up to this many instructions; a row buffer costs two.
  private static let cheapWeight = 5

  init(_ planner: Planner, group number: Int32) {
    self.planner = planner
    self.number = number
    group = planner.groups[Int(number)]
    domain = RowDomain(group)
    operands = []
    lastLoad = Array(repeating: 0, count: group.operands.count)
    passes = Array(repeating: 0, count: group.members.count)
    weights = passes
    saved = Array(repeating: -1, count: group.members.count)
    rowRegisters = saved
    for operand in group.operands {
      operands.append(domain.place(operand.strides, offset: operand.offset, base: operand.base, operand.dtype))
    }
    for member in group.members { assignPass(member) }
  }

  func node(_ position: Int32) -> Node { planner.program.nodes[Int(position)] }

  func access(_ operand: Value, of member: Int32) -> Access {
    planner.access(operand, of: member, in: number)
  }

  private mutating func assignPass(_ member: Int32) {
    let node = node(member)
    var result = 0
    var work = 1
    for operand in node.operands {
      switch access(operand, of: member) {
      case .member(let other):
        result = max(result, pass(other))
        work += weights[place(other)]
      case .memory: work += 1
      default: break
      }
    }
    switch node.primitive {
    case .unary(let unary): if unary.kind.isExpensive { work += 100 }
    case .binary(let binary): if binary.kind.isExpensive { work += 100 }
    case .reduce: if planner.roles[Int(member)] == .row { result += 1 }
    default: break
    }
    passes[place(member)] = result
    weights[place(member)] = planner.roles[Int(member)] == .row ? 1 : work
  }

  private func place(_ member: Int32) -> Int { Int(planner.placeOf[Int(member)]) }
  func pass(_ member: Int32) -> Int { passes[place(member)] }
  /// The row buffer that keeps a member, if one does.
  func buffer(_ member: Int32) -> Int? { saved[place(member)] < 0 ? nil : saved[place(member)] }
  func rowRegister(_ member: Int32) -> Int { rowRegisters[place(member)] }

  /// Gives a row member a register.
  mutating func newRowRegister(for member: Int32) -> Int {
    rowRegisters[place(member)] = newRowRegister()
    return rowRegisterCount - 1
  }

  /// The program for the whole group.
  mutating func emit() -> EmittedGroup {
    let count = (passes.max() ?? 0) + 1
    chooseSaved(count)
    var stages: [martlet_row_stage] = []
    var tileRegisters = 0
    for number in 0..<count {
      var rows = RowStage(pass: number)
      rows.emit(&self)
      append(rows.instructions, isRowStage: true, &stages)
      var tiles = TileStage(pass: number, members: group.members.count)
      tiles.emit(&self)
      tileRegisters = max(tileRegisters, tiles.registerCount)
      append(tiles.instructions, isRowStage: false, &stages)
    }
    var description = martlet_row_program()
    domain.describe(&description)
    description.binding_count = UInt32(planner.program.nodes.count)
    description.scalar_count = UInt32(planner.program.givenScalars + planner.program.constants.count)
    description.tile_registers = UInt32(tileRegisters)
    description.row_registers = UInt32(rowRegisterCount)
    description.row_buffers = UInt32(savedCount)
    joinPairs(&stages)
    let program = RowProgram(description, operands, instructions, stages, divisor: divisor)
    return EmittedGroup(program: program, stores: stores, lastLoad: lastLoad)
  }

  /// Positions of loads and stores have been noted by now; their order stays.
  private mutating func joinPairs(_ stages: inout [martlet_row_stage]) {
    var joined: [martlet_row_instruction] = []
    for index in stages.indices {
      let stage = stages[index]
      let code = Array(instructions[Int(stage.first)..<Int(stage.first + stage.count)])
      let shorter = stage.is_row_stage != 0 ? code : RowPairs.joined(code)
      stages[index].first = UInt32(joined.count)
      stages[index].count = UInt32(shorter.count)
      joined += shorter
    }
    instructions = joined
  }

  private mutating func append(
    _ added: [martlet_row_instruction], isRowStage: Bool, _ stages: inout [martlet_row_stage]
  ) {
    if added.isEmpty { return }
    stages.append(
      martlet_row_stage(
        first: UInt32(instructions.count), count: UInt32(added.count), is_row_stage: isRowStage ? 1 : 0))
    instructions += added
  }

  /// Numbers a row buffer for each full member that a later pass needs and that is dear.
  private mutating func chooseSaved(_ passes: Int) {
    guard passes > 1 else { return }
    for current in (1..<passes).reversed() {
      var pending = TileStage.roots(self, pass: current)
      var seen = Set<Int32>()
      while let member = pending.popLast() {
        guard seen.insert(member).inserted else { continue }
        if isRestored(member, in: current) {
          if buffer(member) == nil {
            saved[place(member)] = savedCount
            savedCount += 1
          }
          continue
        }
        for operand in node(member).operands {
          if case .member(let other) = access(operand, of: member), planner.roles[Int(other)] == .full {
            pending.append(other)
          }
        }
      }
    }
  }

  /// Whether a pass takes a member from a row buffer.
  func isRestored(_ member: Int32, in current: Int) -> Bool {
    passes[place(member)] < current && weights[place(member)] > RowEmitter.cheapWeight
  }

  /// Adds the operand by which a member goes to memory, and returns its number.
  ///
  /// - Parameter position: That of the instruction in its stage.
  mutating func storeOperand(_ member: Int32, at position: Int) -> Int {
    stores.append((member, instructions.count + position))
    let type = node(member).type
    let strides: Shape =
      switch planner.roles[Int(member)] {
      case .full, .none: group.denseStrides
      case .row: group.rowStrides
      case .column: columnStrides
      }
    operands.append(domain.place(strides, offset: 0, base: member, type.dtype))
    return operands.count - 1
  }

  /// Strides of a column reduction's result: dense over what is kept.
  private var columnStrides: Shape {
    var strides = Shape(repeating: 0, rank: group.domain.rank)
    var step = 1
    for i in group.domain.indices.reversed() where group.domain[i] != 1 {
      if i < group.split && i >= group.groupDimensions { continue }
      strides[i] = step
      step *= group.domain[i]
    }
    return strides
  }

  /// The number of an operand that is read, by the instruction at `position` of its stage.
  mutating func loadOperand(_ operand: RowOperand, at position: Int) -> Int {
    let index = group.operands.firstIndex(of: operand)!
    lastLoad[index] = max(lastLoad[index], instructions.count + position)
    return index
  }
}
