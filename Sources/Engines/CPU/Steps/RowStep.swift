import MartletGraph
import MartletKernels

/// A group's row program over its whole domain.
struct RowStep: Step {
  let program: RowProgram
  /// Where the integer division is that may fail, or the first member.
  let site: Site
  let name: String
  let divided: TensorType?
  let summary: String

  func run(_ frame: Frame) throws(ExecutionError) {
    var error = martlet_row_error()
    let status = martlet_row_program_run(program.program, frame.addresses, frame.scalars, &error)
    if status != 0 { throw failure(error, frame.engine) }
  }

  func failure(_ error: martlet_row_error, _ engine: CPUEngine) -> ExecutionError {
    if error.status == Int32(MARTLET_ROW_OUT_OF_MEMORY.rawValue) { return site.outOfMemory(name, engine) }
    let result = divided.map { " of \($0)" } ?? ""
    return site.error("\(name): division by zero at position \(error.index)\(result)")
  }
}
