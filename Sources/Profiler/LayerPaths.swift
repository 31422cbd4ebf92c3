import Martlet

/// Finds the layer that each operation belongs to.
///
/// Swift calls a layer like any function, so nothing tells an operation which layer it is in. But an operation that
/// reads `blocks.3.attention.query.weight` is in the layer of that path, and the calls that led to it pass through the
/// types of the layers on the way there: those of an operation that reads no variable pass through the same ones, and
/// among several of a type it is the one that its neighbors are in.
struct LayerPaths {
  /// An operation as it was recorded.
  struct Recorded {
    /// The calls that led to it, the outermost first: an address that tells calls apart, and the functions there.
    var calls: [(address: UInt, functions: [String])]
    /// The name of a variable that it reads.
    var variable: String?
  }

  private struct Module {
    let path: String
    let type: String
    var children: [Int] = []
  }

  private var modules: [Module] = []

  /// - Parameter modules: The path and the type of each layer, outer ones first.
  init(_ modules: [(path: String, type: String)]) {
    var indexOfPath: [String: Int] = [:]
    for (path, type) in modules where indexOfPath[path] == nil {
      indexOfPath[path] = self.modules.count
      let index = self.modules.count
      self.modules.append(Module(path: path, type: LayerPaths.bare(type)))
      if let parent = LayerPaths.prefixes(of: path).lazy.compactMap({ indexOfPath[$0] }).first {
        self.modules[parent].children.append(index)
      }
    }
  }

  /// The path of each operation, given in the order in which they were recorded.
  func paths(of recorded: [Recorded]) -> [String] {
    var known = recorded.map { operation in
      operation.variable.map { path(operation, towards: LayerPaths.holder(of: $0)) }
    }
    var next = [Int?](repeating: nil, count: recorded.count)
    var latest: Int?
    for index in recorded.indices.reversed() {
      next[index] = latest
      if known[index] != nil { latest = index }
    }
    var previous: Int?
    for index in recorded.indices {
      if recorded[index].variable != nil {
        previous = index
        continue
      }
      let neighbor = neighbor(of: index, previous, next[index], recorded)
      known[index] = path(recorded[index], towards: neighbor.flatMap { known[$0] } ?? "")
    }
    return known.map { $0 ?? "" }
  }

  /// Which of the neighbors that read variables was recorded during the same calls.
  private func neighbor(of index: Int, _ previous: Int?, _ next: Int?, _ recorded: [Recorded]) -> Int? {
    guard let previous, let next else { return previous ?? next }
    let (own, before, after) = (recorded[index].calls, recorded[previous].calls, recorded[next].calls)
    let (common, commonAfter) = (LayerPaths.commonCalls(own, before), LayerPaths.commonCalls(own, after))
    if common != commonAfter { return common > commonAfter ? previous : next }
    // The code goes on downwards, unless a function was called anew: then what came before is over.
    let isOver = common < min(own.count, before.count) && own[common].address < before[common].address
    return isOver ? next : previous
  }

  private typealias Calls = [(address: UInt, functions: [String])]

  /// How many of the outermost calls are the same.
  private static func commonCalls(_ a: Calls, _ b: Calls) -> Int {
    zip(a, b).prefix { $0.address == $1.address }.count
  }

  /// The innermost layer that the calls pass through, among those on the way to `target`.
  private func path(_ operation: Recorded, towards target: String) -> String {
    guard !modules.isEmpty else { return target }
    var current = 0
    for call in operation.calls {
      for function in call.functions {
        if let inner = child(of: current, in: function, towards: target) { current = inner }
      }
    }
    return modules[current].path
  }

  /// The layer below `parent`, as near as possible, whose function that is.
  private func child(of parent: Int, in function: String, towards target: String) -> Int? {
    var level = modules[parent].children
    while !level.isEmpty {
      let onTheWay = level.filter { LayerPaths.contains(modules[$0].path, target) }
      let matching = level.filter { LayerPaths.isFunction(function, of: modules[$0].type) }
      if let found = matching.first(where: { onTheWay.contains($0) }) { return found }
      // Without a way to tell them apart, only one of a kind is certain.
      if matching.count == 1 { return matching[0] }
      level = onTheWay.flatMap { modules[$0].children }
    }
    return nil
  }
}

// MARK: - Names

extension LayerPaths {
  /// The path of the layer that holds a variable of that name.
  static func holder(of variable: String) -> String {
    variable.split(separator: ".").dropLast().joined(separator: ".")
  }

  /// The paths of which `path` is a continuation, the longest first, and the empty one.
  private static func prefixes(of path: String) -> [String] {
    guard !path.isEmpty else { return [] }
    var parts = path.split(separator: ".")
    var result: [String] = []
    while !parts.isEmpty {
      parts.removeLast()
      result.append(parts.joined(separator: "."))
    }
    return result
  }

  /// Whether `inner` is at or below `outer`.
  private static func contains(_ outer: String, _ inner: String) -> Bool {
    outer.isEmpty || inner == outer || inner.hasPrefix(outer + ".")
  }

  /// The name of a type without its arguments.
  private static func bare(_ type: String) -> String { String(type.prefix { $0 != "<" }) }

  /// Whether a function, as debug information writes it, is a method of a type: `closure #1 in Dense.callAsFunction(_:)`.
  static func isFunction(_ function: String, of type: String) -> Bool {
    var rest = Substring(function)
    while let range = rest.firstRange(of: type) {
      let before = range.lowerBound == function.startIndex ? nil : function[function.index(before: range.lowerBound)]
      let after = range.upperBound == function.endIndex ? nil : function[range.upperBound]
      let isWhole = before.map { !$0.isLetter && !$0.isNumber && $0 != "_" } ?? true
      if isWhole && (after == "." || after == "<") { return true }
      rest = rest[range.upperBound...]
    }
    return false
  }
}
