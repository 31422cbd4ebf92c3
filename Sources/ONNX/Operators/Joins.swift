import Martlet

extension OperatorTable {
  /// Tensors joined to larger ones.
  static let joins: [Operator] = [
    Operator("Concat") { call in
      guard call.inputCount > 0 else { throw ONNXError(.missing, "there is nothing to join") }
      let rank = try call.shapeOfInput(0).rank
      let axis = try call.axis(call.int("axis", default: 1), rank: rank)
      let parts = try (0..<call.inputCount).map { try call.value($0) }
      return [try concatenated(parts, axis: axis)]
    }
  ]

  /// Tensors of numbers or texts, one behind the other along an axis.
  static func concatenated(_ parts: [ONNXValue], axis: Int) throws -> ONNXValue {
    let numbers = parts.compactMap(\.numbers)
    if numbers.count == parts.count {
      if numbers.allSatisfy({ $0.channelsLast != nil }), axis == 1 {
        let rank = numbers[0].tensor.rank
        if numbers.allSatisfy({ $0.tensor.rank == rank }) {
          return .tensor(
            try ONNXTensor(channelsLast: Tensor(concatenating: numbers.map { $0.channelsLast! }, axis: rank - 1)))
        }
      }
      let joined = Tensor(concatenating: numbers.map(\.tensor), axis: axis)
      return .tensor(try ONNXTensor(computed: joined, as: numbers[0].elementType))
    }
    let texts = parts.compactMap(\.strings)
    guard texts.count == parts.count else { throw ONNXError(.mismatch, "numbers cannot be joined with others") }
    let (codes, table) = ONNXStrings(texts.flatMap(\.elements), shape: [texts.reduce(0) { $0 + $1.elements.count }])
      .codes
    var start = 0
    let coded = texts.map { text -> Tensor in
      defer { start += text.elements.count }
      return codes[start..<(start + text.elements.count)].reshaped(to: text.shape)
    }
    let joined = Tensor(concatenating: coded, axis: axis)
    try Interpreter.checkMistakes()
    return .strings(ONNXStrings(joined.scalars(as: Int64.self).map { table[Int($0)] }, shape: joined.shape))
  }
}
