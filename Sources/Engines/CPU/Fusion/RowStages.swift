import MartletGraph
import MartletKernels

/// The instructions of one member, given where its operands are; shared by both kinds of stage.
struct MemberCode {
  /// Appends what computes `node` from registers, and returns the register of the result.
  static func append(
    _ node: Node, _ operandType: DType, _ sources: [Int], result: Int, to code: inout [martlet_row_instruction]
  ) {
    let type = node.type.dtype
    switch node.primitive {
    case .unary(let unary):
      code.append(self.unary(unary.kind, operandType, sources[0], result))
    case .binary(let binary):
      let kind = UInt8(binary.kind.code(type).rawValue)
      code.append(.init(MARTLET_ROW_BINARY, type, kind: kind, result: result, a: sources[0], b: sources[1]))
    case .compare(let compare):
      let kind = UInt8(compare.kind.code.rawValue)
      code.append(.init(MARTLET_ROW_COMPARE, operandType, kind: kind, result: result, a: sources[0], b: sources[1]))
    case .select:
      code.append(.init(MARTLET_ROW_SELECT, type, result: result, a: sources[0], b: sources[1], c: sources[2]))
    case .cast:
      code.append(.init(MARTLET_ROW_CAST, operandType, kind: type.rawValue, result: result, a: sources[0]))
    default: preconditionFailure("\(node.primitive.rules.name) is not an instruction of row programs")
    }
  }

  private static func unary(_ kind: Unary.Kind, _ type: DType, _ a: Int, _ result: Int) -> martlet_row_instruction {
    if let code = kind.code(type) {
      return .init(MARTLET_ROW_UNARY, type, kind: UInt8(code.rawValue), result: result, a: a)
    }
    // Of integers the answers are known: equal to themselves, hence finite, and not anything else.
    let equal = UInt8(MARTLET_COMPARE_EQ.rawValue)
    let unequal = UInt8(MARTLET_COMPARE_NE.rawValue)
    switch kind {
    case .isFinite: return .init(MARTLET_ROW_COMPARE, type, kind: equal, result: result, a: a, b: a)
    case .isNaN, .isInfinite: return .init(MARTLET_ROW_COMPARE, type, kind: unequal, result: result, a: a, b: a)
    default: return .init(MARTLET_ROW_CAST, type, kind: type.rawValue, result: result, a: a)
    }
  }
}

/// Row values that are ready before a pass, computed once for each row.
struct RowStage {
  let pass: Int
  var instructions: [martlet_row_instruction] = []

  init(pass: Int) { self.pass = pass }

  mutating func emit(_ emitter: inout RowEmitter) {
    for member in emitter.group.members where emitter.planner.roles[Int(member)] == .row {
      guard emitter.pass(member) == pass else { continue }
      let node = emitter.node(member)
      if case .reduce = node.primitive {
        // The pass before has left it in its register.
      } else {
        compute(member, node, &emitter)
      }
      if emitter.planner.lastRead[Int(member)] >= 0 {
        let operand = emitter.storeOperand(member, at: instructions.count)
        let register = emitter.rowRegister(member)
        instructions.append(.init(MARTLET_ROW_STORE, node.type.dtype, a: register, index: operand))
      }
    }
  }

  private mutating func compute(_ member: Int32, _ node: Node, _ emitter: inout RowEmitter) {
    var sources: [Int] = []
    for operand in node.operands { sources.append(source(operand, of: member, &emitter)) }
    let register = emitter.newRowRegister(for: member)
    let operandType = emitter.planner.program.type(node.operands[0].index).dtype
    MemberCode.append(node, operandType, sources, result: register, to: &instructions)
  }

  private mutating func source(_ operand: Value, of member: Int32, _ emitter: inout RowEmitter) -> Int {
    let type = emitter.planner.program.type(operand.index).dtype
    switch emitter.access(operand, of: member) {
    case .member(let other): return emitter.rowRegister(other)
    case .scalar(let index):
      let register = emitter.newRowRegister()
      instructions.append(.init(MARTLET_ROW_SCALAR, type, result: register, index: Int(index)))
      return register
    case .iota(let axis):
      let register = emitter.newRowRegister()
      let code = emitter.domain.countCode(axis)
      instructions.append(.init(MARTLET_ROW_IOTA, type, kind: code, result: register))
      return register
    case .memory(let place):
      let register = emitter.newRowRegister()
      let index = emitter.loadOperand(place, at: instructions.count)
      instructions.append(.init(MARTLET_ROW_LOAD, type, result: register, index: index))
      return register
    case .none: preconditionFailure("a row value reads what it cannot")
    }
  }
}

extension RowEmitter {
  mutating func newRowRegister() -> Int {
    rowRegisterCount += 1
    return rowRegisterCount - 1
  }
}
