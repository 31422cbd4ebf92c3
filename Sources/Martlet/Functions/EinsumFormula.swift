import MartletGraph

/// What names an axis in a formula: a letter, or a dimension of the ellipsis counted from the innermost.
enum EinsumLabel: Hashable {
  case letter(Character)
  case broadcast(Int)
}

/// A parsed formula such as `...ij,jk->...ik`.
struct EinsumFormula {
  /// The letters of one operand or of the result.
  struct Term {
    var letters: [Character] = []
    /// How many letters stand before the ellipsis, if there is one.
    var ellipsis: Int?
    /// Where it begins in the text.
    var start = 0
  }

  private let text: [Character]
  private var inputs: [Term] = []
  private var output: Term?

  init(_ equation: String) throws(GraphError) {
    text = Array(equation)
    var position = 0
    var term = Term()
    var isOutput = false
    while position < text.count {
      switch text[position] {
      case " ": position += 1
      case ",":
        if isOutput { throw error("the result is one term", at: position) }
        inputs.append(term)
        position += 1
        term = Term(start: position)
      case "-":
        if isOutput || position + 1 >= text.count || text[position + 1] != ">" {
          throw error(isOutput ? "there is a second arrow" : "an arrow is ->", at: position)
        }
        inputs.append(term)
        isOutput = true
        position += 2
        term = Term(start: position)
      case ".":
        if position + 2 >= text.count || text[position + 1] != "." || text[position + 2] != "." {
          throw error("an ellipsis is ...", at: position)
        }
        if term.ellipsis != nil { throw error("there is a second ellipsis", at: position) }
        term.ellipsis = term.letters.count
        position += 3
      default:
        try addLetter(to: &term, at: position, isOutput: isOutput)
        position += 1
      }
    }
    if isOutput { output = term } else { inputs.append(term) }
  }

  private func addLetter(to term: inout Term, at position: Int, isOutput: Bool) throws(GraphError) {
    let letter = text[position]
    guard letter.isASCII, letter.isLetter else { throw error("\"\(letter)\" is not a letter", at: position) }
    if isOutput {
      if term.letters.contains(letter) { throw error("\"\(letter)\" is twice in the result", at: position) }
      if !inputs.contains(where: { $0.letters.contains(letter) }) {
        throw error("no operand has \"\(letter)\"", at: position)
      }
    }
    term.letters.append(letter)
  }

  /// A sentence with the formula and a caret below the character at fault.
  private func error(_ message: String, at position: Int) -> GraphError {
    mistake("\(message)\n  \(String(text))\n  \(String(repeating: " ", count: position))^\n ")
  }
}

extension EinsumFormula {
  /// The labels of each operand's axes and of the result's.
  func resolved(for shapes: [Shape]) throws(GraphError) -> (inputs: [[EinsumLabel]], output: [EinsumLabel]) {
    if shapes.count != inputs.count {
      throw mistake("\"\(String(text))\" has \(inputs.count) operands, but \(shapes.count) are given")
    }
    var labels: [[EinsumLabel]] = []
    var sizes: [EinsumLabel: (size: Int, operand: Int)] = [:]
    for (operand, (term, shape)) in zip(inputs, shapes).enumerated() {
      labels.append(try axisLabels(term, shape))
      for (label, size) in zip(labels[operand], shape) { try note(&sizes, label, size, operand) }
    }
    let depth = labels.joined().reduce(0) { if case .broadcast(let i) = $1 { Swift.max($0, i + 1) } else { $0 } }
    return (labels, try outputLabels(labels, depth))
  }

  private func axisLabels(_ term: Term, _ shape: Shape) throws(GraphError) -> [EinsumLabel] {
    let rest = shape.rank - term.letters.count
    if rest < 0 || (rest > 0 && term.ellipsis == nil) {
      throw error("\(term.letters.count) indices for the \(shape.rank) axes of \(shape)", at: term.start)
    }
    var labels = term.letters.map(EinsumLabel.letter)
    labels.insert(contentsOf: (0..<rest).reversed().map(EinsumLabel.broadcast), at: term.ellipsis ?? 0)
    return labels
  }

  private func note(
    _ sizes: inout [EinsumLabel: (size: Int, operand: Int)], _ label: EinsumLabel, _ size: Int, _ operand: Int
  ) throws(GraphError) {
    guard let known = sizes[label], known.size != size else {
      sizes[label] = sizes[label] ?? (size, operand)
      return
    }
    switch label {
    case .letter(let letter):
      throw error(
        "\"\(letter)\" is \(known.size) in operand \(known.operand) and \(size) in operand \(operand)",
        at: inputs[operand].start + offset(of: letter, in: inputs[operand]))
    case .broadcast:
      if known.size != 1 && size != 1 {
        throw error("sizes \(known.size) and \(size) below the ellipsis do not broadcast", at: inputs[operand].start)
      }
      if known.size == 1 { sizes[label] = (size, operand) }
    }
  }

  private func offset(of letter: Character, in term: Term) -> Int {
    text[term.start...].firstIndex(of: letter).map { $0 - term.start } ?? 0
  }

  private func outputLabels(_ inputs: [[EinsumLabel]], _ depth: Int) throws(GraphError) -> [EinsumLabel] {
    let broadcast = (0..<depth).reversed().map(EinsumLabel.broadcast)
    if let output {
      var labels = output.letters.map(EinsumLabel.letter)
      if let position = output.ellipsis { labels.insert(contentsOf: broadcast, at: position) }
      return labels
    }
    var counts: [Character: Int] = [:]
    for term in self.inputs { for letter in term.letters { counts[letter, default: 0] += 1 } }
    return broadcast + counts.filter { $0.value == 1 }.keys.sorted().map(EinsumLabel.letter)
  }
}
