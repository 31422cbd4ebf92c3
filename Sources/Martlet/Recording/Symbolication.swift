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
    var frames: [SymbolicatedBacktrace.Frame] = []
    withUnsafeMutablePointer(to: &frames) { result in
      martlet_call_below(counter, { context in
        let result = context!.assumingMemoryBound(to: [SymbolicatedBacktrace.Frame].self)
        guard let stack = try? Backtrace.capture(algorithm: .fast, limit: nil) else { return }
        result.pointee = stack.symbolicated()?.frames ?? []
      }, result)
    }
    // The recorded instruction is the outermost. A function inlined there comes first, so the last line is the caller's.
    guard let place = frames.last(where: { $0.symbol?.sourceLocation != nil })?.symbol?.sourceLocation else { return nil }
    return "\(place.path.split(separator: "/").last ?? "?"):\(place.line)"
  }
}
