public import MartletGraph

/// Stops the program with the sentence of a mistake and the line that made it.
///
/// Inside ``checked(_:)`` the first mistake is kept instead, and recording goes on with a value that means nothing.
@inline(never)
package func stop(_ error: GraphError, at location: SourceLocation) -> TensorStorage {
  let recorder = Recorder.current
  let mistake = ProgramError(error, location: location, calls: Symbolication.calls())
  guard recorder.isChecking else { fatalError("\(mistake)") }
  if recorder.firstError == nil { recorder.firstError = mistake }
  return recorder.placeholder(TensorType(.float32, Shape()))
}

/// A programmer's mistake, as ``checked(_:)`` throws it.
public struct ProgramError: Error, Sendable, CustomStringConvertible {
  /// The operation as the caller spells it.
  public let operation: String
  /// What is wrong, with the shapes and the expectation.
  public let message: String
  /// The line that recorded the operation.
  public let location: SourceLocation

  /// The return addresses of the calls that led to the mistake. They become lines only when somebody asks.
  private let calls: [UInt]

  init(_ error: GraphError, location: SourceLocation, calls: [UInt]) {
    self.calls = calls
    operation = error.operation
    message = error.message
    self.location = location
  }

  public var description: String { "\(operation): \(message) at \(line)" }

  /// The recorded line; where the compiler left none for its instruction, the user's line on the stack.
  private var line: String {
    guard let counter = location.programCounter, Symbolication.line(of: counter) == nil else { return "\(location)" }
    return Symbolication.callingLine(calls) ?? "\(location)"
  }
}

/// Runs `body`, and throws the first mistake that would otherwise have stopped the process.
///
/// For programs that build graphs from input they do not control: importers, servers. After a mistake the rest of
/// `body` runs with values that mean nothing, so it must not act on the outside world. Every ``Variable`` that `body`
/// has replaced then holds again what it held before. Waits for the steps that `body` ended, so that what goes wrong in
/// them is thrown here.
///
/// - Throws: ``ProgramError``, an ``ExecutionError``, or what `body` throws.
public func checked<Result>(_ body: () throws -> Result) throws -> Result {
  let recorder = Recorder.current
  recorder.finishFlight()
  let outer = (recorder.isChecking, recorder.firstError)
  recorder.isChecking = true
  recorder.firstError = nil
  let start = recorder.beginStep()
  defer { (recorder.isChecking, recorder.firstError) = outer }
  let result = Swift.Result { try body() }
  recorder.finishFlight()
  if let error = recorder.firstError {
    recorder.restoreVariables(since: start)
    throw error
  }
  return try result.get()
}

extension Recorder {
  /// A value that means nothing: zeros.
  func placeholder(_ type: TensorType) -> TensorStorage {
    let buffer = try! engine.allocate(byteCount: type.sizeInBytes)
    buffer.bytes.initializeMemory(as: UInt8.self, repeating: 0)
    return TensorStorage(type: type, buffer: buffer)
  }
}
