import MartletKernels

/// Builds a row program for a test; arrays live as long as the object.
final class RowProgram {
  var sizes: [Int]
  var columns: Int
  var groupDimensions = 0
  private var operands: [martlet_row_operand] = []
  private var instructions: [martlet_row_instruction] = []
  private var stages: [martlet_row_stage] = []
  private var bindingCount: UInt32 = 0
  private var scalars: [UInt64] = []

  init(sizes: [Int], columns: Int) {
    self.sizes = sizes
    self.columns = columns
  }

  /// Adds an operand with a binding of its own.
  func operand(_ type: martlet_type, strides: [Int], columnStride: Int, offset: Int = 0) -> UInt32 {
    var operand = martlet_row_operand()
    withUnsafeMutableBytes(of: &operand.strides) { bytes in
      let steps = bytes.bindMemory(to: Int64.self)
      for (d, stride) in strides.enumerated() { steps[d] = Int64(stride) }
    }
    operand.column_stride = Int64(columnStride)
    operand.offset = Int64(offset)
    operand.binding = bindingCount
    operand.type = UInt8(type.rawValue)
    bindingCount += 1
    operands.append(operand)
    return UInt32(operands.count - 1)
  }

  func scalar(bits: UInt64) -> UInt32 {
    scalars.append(bits)
    return UInt32(scalars.count - 1)
  }

  func stage(isRow: Bool = false) {
    stages.append(martlet_row_stage(first: UInt32(instructions.count), count: 0, is_row_stage: isRow ? 1 : 0))
  }

  func emit(
    _ opcode: martlet_row_opcode, _ type: martlet_type, kind: UInt32 = 0, to result: UInt16 = 0, _ a: UInt16 = 0,
    _ b: UInt16 = 0, _ c: UInt16 = 0, index: UInt32 = 0
  ) {
    instructions.append(
      martlet_row_instruction(
        opcode: UInt8(opcode.rawValue), type: UInt8(type.rawValue), kind: UInt8(kind), reserved: 0, result: result,
        a: a, b: b, c: c, index: index))
    stages[stages.count - 1].count += 1
  }

  /// Prepares and runs the program over the buffers, in the order of the operands.
  @discardableResult
  func run(_ buffers: [UnsafeMutableRawPointer]) -> martlet_row_error {
    call(buffers) { program, pointers, scalars, error in
      martlet_row_program_run(program, pointers, scalars, error)
    }
  }

  /// Runs only a block of rows and columns, on this thread.
  @discardableResult
  func runBlock(_ buffers: [UnsafeMutableRawPointer], rows: Range<Int>, columns: Range<Int>) -> martlet_row_error {
    call(buffers) { program, pointers, scalars, error in
      let scratch = UnsafeMutableRawPointer.allocate(
        byteCount: martlet_row_program_scratch_bytes(program), alignment: 64)
      defer { scratch.deallocate() }
      martlet_row_program_run_block(
        program, pointers, scalars, rows.lowerBound, rows.upperBound, columns.lowerBound, columns.upperBound, scratch,
        error)
    }
  }

  private func call(
    _ buffers: [UnsafeMutableRawPointer],
    _ body: (
      UnsafePointer<martlet_row_program>, [UnsafeMutableRawPointer?], [UInt64],
      UnsafeMutablePointer<martlet_row_error>
    ) -> Void
  ) -> martlet_row_error {
    var error = martlet_row_error()
    operands.withUnsafeMutableBufferPointer { operands in
      instructions.withUnsafeMutableBufferPointer { instructions in
        stages.withUnsafeBufferPointer { stages in
          var program = martlet_row_program()
          program.dims = UInt32(sizes.count)
          program.group_dims = UInt32(groupDimensions)
          withUnsafeMutableBytes(of: &program.sizes) { bytes in
            let list = bytes.bindMemory(to: Int.self)
            for (d, size) in sizes.enumerated() { list[d] = size }
          }
          program.columns = columns
          program.operands = operands.baseAddress
          program.instructions = instructions.baseAddress
          program.stages = stages.baseAddress
          program.operand_count = UInt32(operands.count)
          program.instruction_count = UInt32(instructions.count)
          program.stage_count = UInt32(stages.count)
          program.binding_count = bindingCount
          program.scalar_count = UInt32(scalars.count)
          program.tile_registers = 8
          program.row_registers = 8
          program.row_buffers = 2
          guard martlet_row_program_prepare(&program, &error) == 0 else { return }
          let pointers = buffers.map { Optional($0) }
          body(&program, pointers, scalars, &error)
        }
      }
    }
    return error
  }
}

/// Runs `body` once under every instruction set of this machine and returns what it gave.
func underEachSet<R>(_ body: () -> R) -> [R] { availableISAs.map { withISA($0, body) } }

/// A fixed sequence of numbers in -1...1 (a linear congruential generator).
func noise(_ count: Int, seed: UInt64 = 1) -> [Float] {
  var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
  return (0..<count).map { _ in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Float(Int32(truncatingIfNeeded: state >> 32)) / 2_147_483_648
  }
}

/// Distance between a float 32 and the exact value, in units of the last place of the exact one.
func unitsInLastPlace(_ value: Float, _ exact: Double) -> Double {
  if exact.isNaN || value.isNaN { return exact.isNaN == value.isNaN ? 0 : .infinity }
  let rounded = Float(exact)
  if value == rounded { return 0 }
  if rounded.isInfinite || value.isInfinite { return .infinity }
  return abs(Double(value) - exact) / Double(max(rounded.magnitude.ulp, Float.leastNonzeroMagnitude))
}

extension Array {
  /// The array's memory for the length of a call.
  mutating func lent<R>(_ body: (UnsafeMutableRawPointer) -> R) -> R {
    withUnsafeMutableBytes { body($0.baseAddress ?? UnsafeMutableRawPointer(bitPattern: 64)!) }
  }
}
