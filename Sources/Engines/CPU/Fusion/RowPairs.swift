import MartletGraph
import MartletKernels

/// Joins additions, subtractions and multiplications whose result only another one takes, and what is squared with the
/// sum of it: all are rounded as before, but the tile is read and written once.
struct RowPairs {
  private var code: [martlet_row_instruction]

  /// The instructions of a tile stage, with pairs in place of what can be joined.
  static func joined(_ code: [martlet_row_instruction]) -> [martlet_row_instruction] {
    var pairs = RowPairs(code: code)
    var position = 0
    while position < pairs.code.count {
      // What is joined stands one place further to the front.
      if pairs.isArithmetic(position) && pairs.joinOperand(of: position) { position -= 1 }
      if pairs.joinBounds(at: position) { position -= 1 }
      while pairs.joinSquares(at: position) { position -= 1 }
      position += 1
    }
    return pairs.code
  }

  /// Moves what can be joined next to the one that takes its result, while every value has a register of its own.
  ///
  /// Loads and stores keep their order.
  static func bringTogether(_ code: inout [martlet_row_instruction]) {
    var uses: [Int: Int] = [:]
    for i in code { for source in TileStage.tileSources(i) { uses[source, default: 0] += 1 } }
    for position in code.indices where isArithmetic(code[position]) || isUpperBound(code[position]) {
      let last = code[position]
      for operand in [last.a, last.b] where uses[Int(operand)] == 1 {
        let first = code[..<position].lastIndex { TileStage.writesTile($0) && $0.result == operand }
        guard let first, isUpperBound(last) ? operand == last.a && isLowerBound(code[first]) : isArithmetic(code[first])
        else { continue }
        let moved = code.remove(at: first)
        code.insert(moved, at: position - 1)
        break
      }
    }
  }

  private func isArithmetic(_ position: Int) -> Bool { RowPairs.isArithmetic(code[position]) }

  private static func isArithmetic(_ i: martlet_row_instruction) -> Bool {
    UInt32(i.opcode) == MARTLET_ROW_BINARY.rawValue && i.type == DType.float32.rawValue
      && UInt32(i.kind) <= MARTLET_BINARY_MULTIPLY.rawValue
  }

  private mutating func joinOperand(of position: Int) -> Bool {
    let last = code[position]
    guard last.a != last.b else { return false }
    for (operand, other, isSecond) in [(last.a, last.b, false), (last.b, last.a, true)] {
      guard let first = definition(of: operand, before: position), isArithmetic(first),
        isOnlyUse(of: operand, at: position, from: first), areKept(first, until: position)
      else { continue }
      let isReversed = isSecond && UInt32(last.kind) == MARTLET_BINARY_SUBTRACT.rawValue
      let source = code[first]
      let kind = source.kind | last.kind << 2 | (isReversed ? 16 : 0)
      code[position] = martlet_row_instruction(
        MARTLET_ROW_PAIR, .float32, kind: kind, result: Int(last.result), a: Int(source.a), b: Int(source.b),
        c: Int(other))
      code.remove(at: first)
      return true
    }
    return false
  }

  /// A lower bound and then an upper one.
  private mutating func joinBounds(at position: Int) -> Bool {
    let last = code[position]
    guard RowPairs.isUpperBound(last), last.a != last.b,
      let first = definition(of: last.a, before: position), RowPairs.isLowerBound(code[first]),
      isOnlyUse(of: last.a, at: position, from: first), areKept(first, until: position)
    else { return false }
    code[position] = martlet_row_instruction(
      MARTLET_ROW_PAIR, .float32, kind: UInt8(MARTLET_PAIR_CLIP), result: Int(last.result), a: Int(code[first].a),
      b: Int(code[first].b), c: Int(last.b))
    code.remove(at: first)
    return true
  }

  /// The sum of what is multiplied by itself, and then of what is subtracted before that.
  private mutating func joinSquares(at position: Int) -> Bool {
    let last = code[position]
    let reductions = [MARTLET_ROW_REDUCE.rawValue, MARTLET_ROW_COLUMN_REDUCE.rawValue]
    guard reductions.contains(UInt32(last.opcode)), last.type == DType.float32.rawValue,
      let first = definition(of: last.a, before: position), isOnlyUse(of: last.a, at: position, from: first),
      areKept(first, until: position)
    else { return false }
    let source = code[first]
    switch UInt32(last.kind) {
    case MARTLET_REDUCE_SUM.rawValue where RowPairs.isBinary(source, MARTLET_BINARY_MULTIPLY) && source.a == source.b:
      code[position].kind = UInt8(MARTLET_REDUCE_SQUARES.rawValue)
      code[position].a = source.a
    case MARTLET_REDUCE_SQUARES.rawValue where RowPairs.isBinary(source, MARTLET_BINARY_SUBTRACT):
      code[position].kind = UInt8(MARTLET_REDUCE_SQUARED_DIFFERENCES.rawValue)
      (code[position].a, code[position].b) = (source.a, source.b)
    default: return false
    }
    code.remove(at: first)
    return true
  }

  private static func isLowerBound(_ i: martlet_row_instruction) -> Bool { isBinary(i, MARTLET_BINARY_IF_LESS) }
  private static func isUpperBound(_ i: martlet_row_instruction) -> Bool { isBinary(i, MARTLET_BINARY_IF_GREATER) }

  private static func isBinary(_ i: martlet_row_instruction, _ kind: martlet_binary) -> Bool {
    UInt32(i.opcode) == MARTLET_ROW_BINARY.rawValue && i.type == DType.float32.rawValue
      && UInt32(i.kind) == kind.rawValue
  }

  private func definition(of register: UInt16, before position: Int) -> Int? {
    code[..<position].lastIndex { TileStage.writesTile($0) && $0.result == register }
  }

  /// Whether nothing else reads a register from its definition on until it is written again.
  private func isOnlyUse(of register: UInt16, at position: Int, from first: Int) -> Bool {
    func reads(_ i: martlet_row_instruction) -> Bool { TileStage.tileSources(i).contains(Int(register)) }
    if code[(first + 1)..<position].contains(where: reads) { return false }
    if TileStage.writesTile(code[position]), code[position].result == register { return true }
    for i in code[(position + 1)...] {
      if reads(i) { return false }
      if TileStage.writesTile(i), i.result == register { return true }
    }
    return true
  }

  /// Whether the operands of an instruction still hold the same values at a later one.
  private func areKept(_ first: Int, until position: Int) -> Bool {
    let source = code[first]
    return !code[(first + 1)..<position].contains {
      TileStage.writesTile($0) && ($0.result == source.a || $0.result == source.b)
    }
  }
}
