import MartletGraph
import MartletKernels

/// A row program in the memory of C, prepared.
///
/// Never changes once it is made, so any thread may run it.
final class RowProgram: @unchecked Sendable {
  let program: UnsafeMutablePointer<martlet_row_program>
  private let operands: UnsafeMutableBufferPointer<martlet_row_operand>
  private let instructions: UnsafeMutableBufferPointer<martlet_row_instruction>
  private let stages: UnsafeMutableBufferPointer<martlet_row_stage>
  /// The node that divides integers, for errors; -1 when none does.
  let divisor: Int32

  /// A copy of `description`, with its arrays.
  init(
    _ description: martlet_row_program, _ operands: [martlet_row_operand], _ instructions: [martlet_row_instruction],
    _ stages: [martlet_row_stage], divisor: Int32
  ) {
    func copy<T>(_ array: [T]) -> UnsafeMutableBufferPointer<T> {
      let memory = UnsafeMutableBufferPointer<T>.allocate(capacity: array.count)
      _ = memory.initialize(from: array)
      return memory
    }
    self.operands = copy(operands)
    self.instructions = copy(instructions)
    self.stages = copy(stages)
    self.divisor = divisor
    program = .allocate(capacity: 1)
    program.initialize(to: description)
    program.pointee.operands = self.operands.baseAddress
    program.pointee.instructions = self.instructions.baseAddress
    program.pointee.stages = UnsafePointer(self.stages.baseAddress)
    program.pointee.operand_count = UInt32(operands.count)
    program.pointee.instruction_count = UInt32(instructions.count)
    program.pointee.stage_count = UInt32(stages.count)
    var error = martlet_row_error()
    let status = martlet_row_program_prepare(program, &error)
    precondition(status == 0, "row program is malformed at \(error.index): \(instructions)")
  }

  deinit {
    program.deallocate()
    operands.deallocate()
    instructions.deallocate()
    stages.deallocate()
  }
}

extension martlet_row_instruction {
  /// An instruction of `opcode`; what it does not use stays 0.
  init(
    _ opcode: martlet_row_opcode, _ type: DType, kind: UInt8 = 0, result: Int = 0, a: Int = 0, b: Int = 0, c: Int = 0,
    index: Int = 0
  ) {
    self.init()
    self.opcode = UInt8(truncatingIfNeeded: opcode.rawValue)
    self.type = type.rawValue
    self.kind = kind
    self.result = UInt16(truncatingIfNeeded: result)
    self.a = UInt16(truncatingIfNeeded: a)
    self.b = UInt16(truncatingIfNeeded: b)
    self.c = UInt16(truncatingIfNeeded: c)
    self.index = UInt32(truncatingIfNeeded: index)
  }
}
