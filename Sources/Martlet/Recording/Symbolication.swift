import MartletGraph
import MartletSupport
import Runtime

/// Finds the lines of recorded program counters, by the debug information of the running program.
enum Symbolication {
  /// Makes ``SourceLocation`` print lines; done once, when the first recorder is made.
  static let isInstalled: Bool = {
    SourceLocation.symbolicate = line(of:)
    return true
  }()

  /// `Model.swift:12`, or nil where there is no debug information.
  static func line(of counter: UInt) -> String? {
    if counter == 0 { return nil }
    var frames: [SymbolicatedBacktrace.Frame] = []
    withUnsafeMutablePointer(to: &frames) { result in
      martlet_call_below(
        counter,
        { context in
          let result = context!.assumingMemoryBound(to: [SymbolicatedBacktrace.Frame].self)
          guard let stack = try? Backtrace.capture(algorithm: .fast, limit: nil) else { return }
          result.pointee = stack.symbolicated()?.frames ?? []
        }, result)
    }
    // The recorded instruction is one captured frame; functions inlined there come first, operators among them.
    let places = frames.compactMap { frame -> SymbolicatedBacktrace.SourceLocation? in
      let isRecorded = "\(frame.captured.adjustedProgramCounter)" == "\(Backtrace.Address(UInt64(counter)))"
      return isRecorded ? frame.symbol?.sourceLocation : nil
    }
    guard let place = places.first(where: { !isOperator($0.path) && $0.line > 0 }) else { return nil }
    return "\(place.path.split(separator: "/").last ?? "?"):\(place.line)"
  }

  /// The line of the user's program that is being run, by walking the real stack.
  static func callingLine() -> String? {
    guard let stack = try? Backtrace.capture(limit: 32).symbolicated() else { return nil }
    let places = stack.frames.lazy.compactMap { $0.symbol?.sourceLocation }
    guard let place = places.first(where: { !isOwn($0.path) && $0.line > 0 }) else { return nil }
    return "\(place.path.split(separator: "/").last ?? "?"):\(place.line)"
  }

  private static func isOwn(_ path: String) -> Bool {
    path.contains("/Sources/Martlet/") || path.contains("/Sources/Support/") || path.contains("/Sources/Graph/")
  }

  private static func isOperator(_ path: String) -> Bool {
    path.hasSuffix("Tensor+Operators.swift") || path.hasSuffix("MartletSupport.h")
  }
}
