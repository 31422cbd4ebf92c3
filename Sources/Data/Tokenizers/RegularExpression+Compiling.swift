/// Turns the tree of an expression into steps.
struct RegexCompiler {
  private(set) var steps: [RegularExpression.Step] = []
  private(set) var sets: [RegularExpression.Set] = []
  private(set) var markCount = 0
  /// Parts of the tree compiled so far; repetitions of what takes no step count too.
  private var partCount = 0

  static let maximumSteps = 20_000

  /// Compiles the alternatives at the top; for each, where it begins and with which bytes it may, if that is known.
  mutating func compileTop(_ tree: RegexTree) throws(DataError) -> [(start: Int, first: Swift.Set<UInt8>?)] {
    var branches = [tree]
    if case .alternatives(let parts) = tree, parts.count <= 63 { branches = parts }
    var entries: [(start: Int, first: Swift.Set<UInt8>?)] = []
    for branch in branches {
      entries.append((steps.count, RegexCompiler.firstBytes(branch)))
      try compile(branch)
      try append(.match)
    }
    return entries
  }

  private mutating func append(_ step: RegularExpression.Step) throws(DataError) {
    guard steps.count < RegexCompiler.maximumSteps else {
      throw DataError("a regular expression takes more than \(RegexCompiler.maximumSteps) steps")
    }
    steps.append(step)
  }

  private mutating func index(_ set: RegularExpression.Set) -> Int {
    if let known = sets.firstIndex(of: set) { return known }
    sets.append(set)
    return sets.count - 1
  }

  private mutating func compile(_ tree: RegexTree) throws(DataError) {
    partCount += 1
    guard partCount <= 4 * RegexCompiler.maximumSteps else {
      throw DataError("a regular expression takes more than \(RegexCompiler.maximumSteps) steps")
    }
    switch tree {
    case .set(let set): try append(.take(index(set)))
    case .sequence(let parts): for part in parts { try compile(part) }
    case .alternatives(let branches): try compileAlternatives(branches)
    case .repetition(let inner, let least, let most, let kind): try compileRepetition(inner, least, most, kind)
    case .look(let inner, let isNegative):
      let place = steps.count
      try append(.match)
      try compile(inner)
      try append(.match)
      steps[place] = .look(end: steps.count, isNegative: isNegative)
    case .lookBehind(let set, let isNegative): try append(.lookBehind(index(set), isNegative: isNegative))
    case .wordBoundary(let isNegative): try append(.wordBoundary(isNegative: isNegative))
    case .start: try append(.start)
    case .end: try append(.end)
    }
  }

  private mutating func compileAlternatives(_ branches: [RegexTree]) throws(DataError) {
    var exits: [Int] = []
    for (i, branch) in branches.enumerated() {
      let split = steps.count
      if i < branches.count - 1 { try append(.match) }
      try compile(branch)
      guard i < branches.count - 1 else { break }
      exits.append(steps.count)
      try append(.match)
      steps[split] = .split(split + 1, steps.count)
    }
    for exit in exits { steps[exit] = .jump(steps.count) }
  }

  private mutating func compileRepetition(
    _ inner: RegexTree, _ least: Int, _ most: Int, _ kind: RegexTree.Kind
  ) throws(DataError) {
    if case .set(let set) = inner, kind != .lazy {
      let set = index(set)
      return try append(
        kind == .greedy ? .run(set, least: least, most: most) : .possessiveRun(set, least: least, most: most))
    }
    guard kind != .possessive else {
      throw DataError("a regular expression repeats a group possessively, which is not read here")
    }
    for _ in 0..<least { try compile(inner) }
    if most == .max { return try compileLoop(inner, isLazy: kind == .lazy) }
    var splits: [Int] = []
    for _ in least..<most {
      splits.append(steps.count)
      try append(.match)
      try compile(inner)
    }
    for split in splits {
      steps[split] = kind == .lazy ? .split(steps.count, split + 1) : .split(split + 1, steps.count)
    }
  }

  /// Any number of times, as long as something is taken.
  private mutating func compileLoop(_ inner: RegexTree, isLazy: Bool) throws(DataError) {
    let mark = markCount
    markCount += 1
    let split = steps.count
    try append(.match)
    try append(.mark(mark))
    try compile(inner)
    try append(.progress(mark))
    try append(.jump(split))
    steps[split] = isLazy ? .split(steps.count, split + 1) : .split(split + 1, steps.count)
  }

  /// The bytes that a match may begin with; nil if it may be empty or that is not easily known.
  private static func firstBytes(_ tree: RegexTree) -> Swift.Set<UInt8>? {
    switch tree {
    case .set(let set):
      var result = Swift.Set<UInt8>((0..<128).filter { set.contains(UInt32($0)) }.map { UInt8($0) })
      result.formUnion(0x80...0xFF)
      return result
    case .sequence(let parts):
      var result: Swift.Set<UInt8> = []
      for part in parts {
        if case .repetition(let inner, 0, _, _) = part {
          guard let first = firstBytes(inner) else { return nil }
          result.formUnion(first)
          continue
        }
        guard let first = firstBytes(part) else { return nil }
        return result.union(first)
      }
      return nil
    case .alternatives(let branches):
      var result: Swift.Set<UInt8> = []
      for branch in branches {
        guard let first = firstBytes(branch) else { return nil }
        result.formUnion(first)
      }
      return result
    case .repetition(let inner, let least, _, _): return least > 0 ? firstBytes(inner) : nil
    case .look, .lookBehind, .wordBoundary, .start, .end: return nil
    }
  }
}
