import MartletGraph
import MartletSupport
import MartletSymbols
import Synchronization

/// Finds the lines of recorded program counters, by the debug information of the running program.
enum Symbolication {
  /// Makes ``SourceLocation`` print lines; done once, when the first recorder is made.
  static let isInstalled: Bool = {
    SourceLocation.symbolicate = line(of:)
    return true
  }()

  /// What was looked up before, because the debug information is read anew each time. A program has a few thousand
  /// instructions that record something at most.
  private static let known = Mutex<[UInt: String?]>([:])

  /// `Model.swift:12`, or nil where there is no debug information.
  static func line(of counter: UInt) -> String? {
    if counter == 0 { return nil }
    return known.withLock { known in
      if let line = known[counter] { return line }
      // Debug information is asked for return addresses. Functions inlined here come first, operators among them.
      let places = DebugInformation().calls(at: [counter + 1])[counter + 1] ?? []
      let line = places.first { $0.line > 0 && !isOperator($0.file) }.map(\.name)
      known[counter] = .some(line)
      return line
    }
  }

  /// The addresses to which the calls that led here return, the innermost first.
  static func calls() -> [UInt] {
    [UInt](unsafeUninitializedCapacity: 32) { addresses, count in
      count = martlet_calls(addresses.baseAddress!, addresses.count)
    }
  }

  /// The innermost line of `calls` that is the user's program.
  static func callingLine(_ calls: [UInt]) -> String? {
    let places = DebugInformation().calls(at: calls)
    return calls.lazy.flatMap { places[$0] ?? [] }.first { $0.line > 0 && !isOwn($0.file) }?.name
  }

  private static func isOwn(_ path: String) -> Bool {
    path.contains("/Sources/Martlet/") || path.contains("/Sources/Support/") || path.contains("/Sources/Graph/")
  }

  private static func isOperator(_ path: String) -> Bool {
    path.hasSuffix("Tensor+Operators.swift") || path.hasSuffix("MartletSupport.h")
  }
}

extension CallSite {
  /// The file without its folders, and the line.
  fileprivate var name: String { "\(file.split(separator: "/").last ?? "?"):\(line)" }
}
