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

  /// The places of a stack that a reader looks for, the innermost first: those of the program, and the layers and
  /// functions of the library; not how an operation is recorded and differentiated.
  mutating func stack(_ addresses: [UInt]) -> [Int] {
    var result: [Int] = []
    for address in addresses {
      for site in sites[address] ?? [] where site.line > 0 && !CallFrames.isMachinery(site.file) {
        let function = CallFrames.plainName(site.function)
        result.append(index(Frame(file: site.file, line: site.line, column: site.column, function: function)))
      }
    }
    return result.isEmpty ? functions(addresses) : result
  }

  /// The functions of a stack of which no lines are known, those of this package left out.
  private mutating func functions(_ addresses: [UInt]) -> [Int] {
    addresses.flatMap { sites[$0] ?? [] }.filter { $0.file == DynamicSymbols.otherFile }.map { site in
      index(Frame(file: "", line: 0, function: CallFrames.plainName(site.function)))
    }
  }

  private mutating func index(_ frame: Frame) -> Int {
    if let known = indexOfFrame[frame] { return known }
    frames.append(frame)
    indexOfFrame[frame] = frames.count - 1
    return frames.count - 1
  }

  /// Whether a file is about recording operations, rather than about what to compute.
  private static func isMachinery(_ file: String) -> Bool {
    let folders = ["Recording", "Tensor", "Transforms"].map { "Sources/Martlet/\($0)/" }
    let others = [
      "Sources/Graph/", "Sources/Support/", "Sources/Profiler/", "Sources/Martlet/Functions/Composition.swift",
      "Sources/Martlet/Optimizers/OptimizerCore.swift",
    ]
    return (folders + others).contains { file.contains($0) } || file.hasSuffix(".h") || file.hasSuffix(".c")
      || file.contains("<compiler-generated>")
  }

  /// A function without what the compiler made of it: `specialized`, `partial apply for`, closures in closures.
  private static func plainName(_ function: String) -> String {
    var name = Substring(function)
    var isClosure = false
    while true {
      if let made = ["specialized ", "partial apply for ", "merged ", "generic specialization of "].first(
        where: { name.hasPrefix($0) })
      {
        name = name.dropFirst(made.count)
      } else if name.hasPrefix("closure #"), let end = name.firstRange(of: " in ") {
        name = name[end.upperBound...]
        isClosure = true
      } else {
        break
      }
    }
    if name.isEmpty || name.hasSuffix("_main") { name = "main" }
    return isClosure ? "closure in \(name)" : String(name)
  }
}
