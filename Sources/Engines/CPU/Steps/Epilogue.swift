import MartletGraph
import MartletKernels
import Synchronization

/// A row program that runs on the tiles of a contraction while they are in the cache.
struct Epilogue {
  let step: RowStep

  /// What the callback needs to know; lives on the stack of the step that runs.
  ///
  /// Plain pointers: a callback runs for every few rows, and counting references would be seen.
  struct Context {
    let program: UnsafeMutablePointer<martlet_row_program>
    let addresses: UnsafeMutablePointer<UnsafeMutableRawPointer?>
    let scalars: UnsafePointer<UInt64>
    /// Rows of the group's domain before the first matrix, and in each.
    var firstRow: Int
    let rowsPerMatrix: Int
    let failure: UnsafeMutablePointer<Failure>
  }

  /// The first error in row-major order, whichever thread met it.
  final class Failure: Sendable {
    private struct State {
      var status: Int32 = 0
      var index: UInt64 = .max
    }
    private let state = Mutex(State())

    func note(_ error: martlet_row_error) {
      state.withLock { state in
        if state.status != 0 && error.index >= state.index { return }
        state.status = error.status
        state.index = error.index
      }
    }

    /// The error, if there was one.
    var error: martlet_row_error? {
      state.withLock { state in
        state.status == 0 ? nil : martlet_row_error(status: state.status, index: state.index, value: 0)
      }
    }
  }

  /// Runs `body` with the callback and its context, and throws what the row program met.
  func run(_ frame: Frame, rowsPerMatrix: Int, _ body: (UnsafeMutablePointer<Context>) -> Void) throws(ExecutionError) {
    var failure = Failure()
    withUnsafeMutablePointer(to: &failure) { failure in
      var context = Context(
        program: step.program.program, addresses: frame.addresses, scalars: frame.scalars, firstRow: 0,
        rowsPerMatrix: rowsPerMatrix, failure: failure)
      withUnsafeMutablePointer(to: &context) { body($0) }
    }
    if let error = failure.error { throw step.failure(error, frame.engine) }
  }

  static let callback: martlet_gemm_epilogue = { context, _, batch, row, column, rows, columns, _ in
    let context = context.unsafelyUnwrapped.assumingMemoryBound(to: Context.self)
    let first = context.pointee.firstRow + batch * context.pointee.rowsPerMatrix + row
    var error = martlet_row_error()
    _ = martlet_row_program_run_block(
      context.pointee.program, context.pointee.addresses, context.pointee.scalars, first, first + rows, column,
      column + columns, nil, &error)
    if error.status != 0 { context.pointee.failure.pointee.note(error) }
  }
}
