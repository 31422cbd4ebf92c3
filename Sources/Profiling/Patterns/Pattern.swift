/// A regular expression that matches in time proportional to its own length and the text's, whatever both are.
///
/// All places of the expression at which a match may have arrived are followed together, so there is nothing to go back
/// to and no expression takes forever; and the number of places has a limit, so there is a budget for each character.
///
/// - Note: Thompson, *Communications of the ACM* 11 (1968).
package struct Pattern: Sendable {
  /// A condition on the place between two characters.
  enum Place: Sendable {
    case start, end, wordBoundary, noWordBoundary
  }

  enum Instruction: Sendable {
    case character(CharacterSet)
    case place(Place)
    /// Goes on at both.
    case split(Int, Int)
    case jump(Int)
    case accept
  }

  /// The most instructions of an expression.
  package static let budget = 10_000

  private(set) var instructions: [Instruction] = []

  /// Reads an expression.
  package init(_ text: String) throws(PatternError) {
    try add(try PatternParser.tree(of: text))
    try append(.accept)
  }

  private mutating func append(_ instruction: Instruction) throws(PatternError) {
    guard instructions.count < Pattern.budget else {
      throw PatternError(description: "with its repetitions written out it has more than \(Pattern.budget) steps")
    }
    instructions.append(instruction)
  }

  private mutating func add(_ tree: PatternTree) throws(PatternError) {
    switch tree {
    case .character(let set): try append(.character(set))
    case .place(let place): try append(.place(place))
    case .sequence(let parts): for part in parts { try add(part) }
    case .choice(let parts): try addChoice(parts)
    case .repetition(let part, let least, let most): try addRepetition(part, least, most)
    }
  }

  private mutating func addChoice(_ parts: [PatternTree]) throws(PatternError) {
    var ends: [Int] = []
    for part in parts.dropLast() {
      let split = instructions.count
      try append(.split(split + 1, 0))
      try add(part)
      ends.append(instructions.count)
      try append(.jump(0))
      instructions[split] = .split(split + 1, instructions.count)
    }
    try add(parts[parts.count - 1])
    for end in ends { instructions[end] = .jump(instructions.count) }
  }

  private mutating func addRepetition(_ part: PatternTree, _ least: Int, _ most: Int?) throws(PatternError) {
    for _ in 0..<least {
      let before = instructions.count
      try add(part)
      // Nothing, however often it is repeated, is nothing.
      if instructions.count == before { return }
    }
    guard let most else {
      let split = instructions.count
      try append(.split(split + 1, 0))
      try add(part)
      try append(.jump(split))
      instructions[split] = .split(split + 1, instructions.count)
      return
    }
    var splits: [Int] = []
    for _ in 0..<(most - least) {
      splits.append(instructions.count)
      try append(.split(0, 0))
      try add(part)
    }
    for split in splits { instructions[split] = .split(split + 1, instructions.count) }
  }
}
