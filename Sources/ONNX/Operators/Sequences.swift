import Martlet

extension OperatorTable {
  /// Sequences and optional values.
  static let sequences: [Operator] = [
    Operator("SequenceEmpty") { _ in [.sequence([])] },
    Operator("SequenceConstruct") { call in
      [.sequence(try (0..<call.inputCount).map { try call.value($0) })]
    },
    Operator("SequenceLength") { call in [ONNXValue(Tensor(try call.sequence(0).count))] },
    Operator("SequenceAt", fixed: [1]) { call in
      let elements = try call.sequence(0)
      return [elements[try call.place(in: elements.count, input: 1)]]
    },
    Operator("SequenceInsert", fixed: [2]) { call in
      var elements = try call.sequence(0)
      let place = try call.optionalInteger(2) ?? elements.count
      let counted = place < 0 ? place + elements.count : place
      guard elements.indices.contains(counted) || counted == elements.count else {
        throw ONNXError(.mismatch, "place \(place) is outside a sequence of \(elements.count)")
      }
      elements.insert(try call.value(1), at: counted)
      return [.sequence(elements)]
    },
    Operator("SequenceErase", fixed: [1]) { call in
      var elements = try call.sequence(0)
      guard !elements.isEmpty else { throw ONNXError(.mismatch, "an empty sequence has nothing to erase") }
      elements.remove(at: call.has(1) ? try call.place(in: elements.count, input: 1) : elements.count - 1)
      return [.sequence(elements)]
    },
    Operator("SplitToSequence", fixed: [1]) { call in [.sequence(try split(&call))] },
    Operator("ConcatFromSequence") { call in
      var elements = try call.sequence(0)
      guard let rank = elements.first?.shape?.rank else { throw ONNXError(.mismatch, "there is nothing to join") }
      let isNew = try call.flag("new_axis")
      let axis = try call.axis(call.int("axis"), rank: isNew ? rank + 1 : rank)
      if isNew { elements = try elements.map { try $0.moved { $0.expandingDimensions(at: Axes(axis)) } } }
      return [try concatenated(elements, axis: axis)]
    },
    Operator("SequenceMap") { call in try mapped(&call) },
    Operator("Optional") { call in
      guard let value = call.optionalValue(0) else { return [.optional(nil)] }
      return [.optional(value)]
    },
    Operator("OptionalHasElement") { call in
      guard let value = call.optionalValue(0) else { return [ONNXValue(Tensor(false))] }
      if case .optional(let inner) = value { return [ONNXValue(Tensor(inner != nil))] }
      return [ONNXValue(Tensor(true))]
    },
    Operator("OptionalGetElement") { call in
      guard case .optional(let inner) = try call.value(0) else { return [try call.value(0)] }
      guard let inner else { throw ONNXError(.missing, "the optional has no value") }
      return [inner]
    },
  ]

  private static func split(_ call: inout Call) throws -> [ONNXValue] {
    let value = try call.value(0)
    let shape = try call.shapeOfInput(0)
    let axis = try call.axis(call.int("axis", default: 0), rank: shape.rank)
    guard shape[axis] <= 1 << 20 else { throw ONNXError(.limit, "\(shape[axis]) parts are too many") }
    var sizes = Array(repeating: 1, count: shape[axis])
    var keepsAxis = try call.flag("keepdims", default: true)
    if call.has(1) {
      keepsAxis = true
      let given = try call.integers(1)
      sizes = given
      if try call.shapeOfInput(1).rank == 0 {
        guard given[0] > 0 else { throw ONNXError(.mismatch, "parts of \(given[0]) are not possible") }
        sizes = stride(from: 0, to: shape[axis], by: given[0]).map { min(given[0], shape[axis] - $0) }
      }
    }
    guard sizes.allSatisfy({ $0 >= 0 && $0 <= shape[axis] }), sizes.reduce(0, &+) == shape[axis] else {
      throw ONNXError(.mismatch, "\(sizes) do not add up to the size \(shape[axis]) of axis \(axis)")
    }
    var start = 0
    return try sizes.map { size in
      defer { start += size }
      return try value.moved {
        let part = $0.slice(axis, from: start, count: size)
        return keepsAxis ? part : part.squeezed(axes: Axes(axis))
      }
    }
  }

  private static func mapped(_ call: inout Call) throws -> [ONNXValue] {
    let body = try call.graph("body")
    let first = try call.sequence(0)
    var results = Array(repeating: [ONNXValue](), count: body.outputs.count)
    for place in first.indices {
      let inputs = try (0..<call.inputCount).map { input -> ONNXValue in
        guard case .sequence(let elements) = try call.value(input) else { return try call.value(input) }
        guard elements.count == first.count else {
          throw ONNXError(.mismatch, "sequences of \(first.count) and \(elements.count) go together")
        }
        return elements[place]
      }
      for (output, value) in try call.run(body, inputs).enumerated() { results[output].append(value) }
    }
    return results.map { .sequence($0) }
  }
}

extension Call {
  /// A place in a sequence that an input names; negative ones count from the end.
  fileprivate func place(in count: Int, input: Int) throws -> Int {
    let place = try integer(input)
    guard place >= -count, place < count else {
      throw ONNXError(.mismatch, "place \(place) is outside a sequence of \(count)")
    }
    return place < 0 ? place + count : place
  }
}
