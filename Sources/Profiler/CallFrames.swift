import Martlet
import MartletProfiling
import MartletSymbols

/// Return addresses as places in source files.
struct CallFrames {
  /// All places, each once.
  private(set) var frames: [Frame] = []
  private var indexOfFrame: [Frame: Int] = [:]
  private var sites: [UInt: [CallSite]]

  /// Looks all addresses up at once, because each table of the debug information is read anew for every look-up.
  init(_ stacks: [[UInt]]) {
    sites = DebugInformation().calls(at: Array(Set(stacks.joined())))
  }

  /// The calls of a stack with the functions inlined there, the outermost first.
  func calls(_ stack: [UInt]) -> [(address: UInt, functions: [String])] {
    stack.reversed().map { address in (address, (sites[address] ?? []).reversed().map(\.function)) }
  }

  /// The places of a stack that a reader looks for, the innermost first: not how an operation is recorded, not how the
  /// program was started.
  mutating func stack(_ addresses: [UInt]) -> [Int] {
    let places = addresses.flatMap { sites[$0] ?? [] }.filter { $0.line > 0 }
    let inner = places.drop { CallFrames.isRecording($0.file) }
    return inner.map { site in
      index(Frame(file: site.file, line: site.line, column: site.column, function: site.function))
    }
  }

  private mutating func index(_ frame: Frame) -> Int {
    if let known = indexOfFrame[frame] { return known }
    frames.append(frame)
    indexOfFrame[frame] = frames.count - 1
    return frames.count - 1
  }

  /// Whether a file is about recording operations, rather than about what to compute.
  private static func isRecording(_ file: String) -> Bool {
    ["/Sources/Martlet/Recording/", "/Sources/Martlet/Tensor/", "/Sources/Graph/", "/Sources/Support/"]
      .contains { file.contains($0) } || file.hasSuffix(".h") || file.hasSuffix(".c")
  }
}
