import Martlet

extension OperatorTable {
  /// Choices between elements, and results whose sizes depend on values.
  static let selections: [Operator] = [
    Operator("Where") { call in
      let condition = try call.tensor(0)
      if case .strings(let a) = try call.value(1) { return [try choose(condition, a, call.strings(2))] }
      let (a, b) = (try call.numbers(1), try call.numbers(2))
      return [.tensor(try ONNXTensor(computed: select(condition, a.tensor, b.tensor), as: a.elementType))]
    },
    Operator("NonZero") { call in
      let x = try call.numbers(0)
      let flags = try call.reals(of: x).map { $0 != 0 }
      let places = flags.indices.filter { flags[$0] }
      return [ONNXValue(Tensor(positions(places, in: x.tensor.shape), shape: [x.tensor.rank, places.count]))]
    },
    Operator("Compress", fixed: [1]) { call in
      let shape = try call.shapeOfInput(0)
      let places = try call.integers(1).enumerated().filter { $0.element != 0 }.map(\.offset)
      let axis = try call.optionalInt("axis").map { try call.axis($0, rank: shape.rank) }
      let size = axis.map { shape[$0] } ?? shape.elementCount
      guard places.allSatisfy({ $0 < size }) else { throw ONNXError(.mismatch, "the condition is longer than \(size)") }
      let table = Tensor(places)
      return [
        try call.value(0).moved { x in
          axis.map { x.gathered(at: table, axis: $0) } ?? x.reshaped(to: [size]).gathered(at: table)
        }
      ]
    },
    Operator("TopK", fixed: [1]) { call in
      let x = try call.tensor(0)
      let axis = try call.axis(call.int("axis", default: -1), rank: x.rank)
      let count = try call.optionalInt("k") ?? call.integer(1)
      guard count >= 0, count <= x.shape[axis] else {
        throw ONNXError(.mismatch, "\(count) of the \(x.shape[axis]) elements of axis \(axis) cannot be taken")
      }
      let isLargest = try call.flag("largest", default: true)
      let (values, places) = x.topK(count, axis: axis, isSmallest: !isLargest)
      return [ONNXValue(values), ONNXValue(places.cast(to: .int64))]
    },
    Operator("Unique") { call in try unique(&call) },
    Operator("NonMaxSuppression", fixed: [2, 3, 4]) { call in [ONNXValue(try suppressed(&call))] },
  ]

  /// The coordinates of flat positions, one row a dimension.
  private static func positions(_ places: [Int], in shape: Shape) -> [Int] {
    let strides = shape.rowMajorStrides
    return shape.indices.flatMap { axis in places.map { $0 / strides[axis] % shape[axis] } }
  }

  private static func choose(_ condition: Tensor, _ a: ONNXStrings, _ b: ONNXStrings) throws -> ONNXValue {
    let (codes, table) = ONNXStrings(a.elements + b.elements, shape: [a.elements.count + b.elements.count]).codes
    let first = codes[0..<a.elements.count].reshaped(to: a.shape)
    let chosen = select(condition, first, codes[a.elements.count...].reshaped(to: b.shape))
    try Interpreter.checkMistakes()
    let places = try chosen.evaluated().scalars(as: Int64.self)
    return .strings(ONNXStrings(places.map { table[Int($0)] }, shape: chosen.shape))
  }

  /// Distinct elements, or slices along an axis, with where they come from.
  private static func unique(_ call: inout Call) throws -> [ONNXValue] {
    let x = try call.numbers(0)
    let axis = try call.optionalInt("axis").map { try call.axis($0, rank: x.tensor.rank) }
    let rows = axis.map { x.tensor.movedAxis(from: $0, to: 0) } ?? x.tensor.reshaped(to: [x.tensor.elementCount, 1])
    let count = rows.shape[0]
    let width = count == 0 ? 0 : rows.elementCount / count
    let values = try call.reals(of: ONNXTensor(rows))
    let keys = (0..<count).map { Array(values[($0 * width)..<(($0 + 1) * width)]) }
    var found: [[Double]: Int] = [:]
    var firsts: [Int] = []
    var counts: [Int] = []
    var groups: [Int] = []
    for (place, key) in keys.enumerated() {
      let group = found[key] ?? firsts.count
      if group == firsts.count {
        found[key] = group
        firsts.append(place)
        counts.append(0)
      }
      counts[group] += 1
      groups.append(group)
    }
    var order = Array(firsts.indices)
    if try call.flag("sorted", default: true) {
      order.sort { keys[firsts[$0]].lexicographicallyPrecedes(keys[firsts[$1]]) }
    }
    var rank = order
    for (place, group) in order.enumerated() { rank[group] = place }
    let chosen = rows.gathered(at: Tensor(order.map { firsts[$0] }))
    let result = axis.map { chosen.movedAxis(from: 0, to: $0) } ?? chosen.reshaped(to: [order.count])
    return [
      .tensor(try ONNXTensor(computed: result, as: x.elementType)), ONNXValue(Tensor(order.map { firsts[$0] })),
      ONNXValue(Tensor(groups.map { rank[$0] })), ONNXValue(Tensor(order.map { counts[$0] })),
    ]
  }

  /// Boxes that are left when those that overlap with better ones are gone: rows of batch, class and box.
  private static func suppressed(_ call: inout Call) throws -> Tensor {
    let (boxes, scores) = (try call.tensor(0, rank: 3), try call.tensor(1, rank: 3))
    let (batches, classes, count) = (scores.shape[0], scores.shape[1], scores.shape[2])
    guard boxes.shape == [batches, count, 4] else {
      throw ONNXError(.mismatch, "boxes \(boxes.shape) do not fit scores \(scores.shape)")
    }
    let limit = try call.optionalInteger(2) ?? 0
    let (overlap, minimum) = (try call.optionalReal(3) ?? 0, try call.optionalReal(4) ?? -.infinity)
    let isCentered = try call.flag("center_point_box")
    let (corners, values) = (try call.reals(0), try call.reals(1))
    var rows: [Int] = []
    for batch in 0..<batches {
      let all = (0..<count).map { Box(corners[((batch * count + $0) * 4)...], isCentered: isCentered) }
      for group in 0..<classes {
        let own = values[((batch * classes + group) * count)..<((batch * classes + group + 1) * count)]
        let candidates = own.enumerated().filter { $0.element > minimum }
          .sorted { ($0.element, -$0.offset) > ($1.element, -$1.offset) }.map(\.offset)
        var kept: [Int] = []
        for candidate in candidates where kept.count < limit {
          if kept.allSatisfy({ all[$0].overlap(with: all[candidate]) <= overlap }) { kept.append(candidate) }
        }
        rows += kept.flatMap { [batch, group, $0] }
      }
    }
    return Tensor(rows, shape: [rows.count / 3, 3])
  }
}

/// A rectangle whose sides follow the axes.
private struct Box {
  let top, left, bottom, right: Double

  init(_ numbers: ArraySlice<Double>, isCentered: Bool) {
    let n = Array(numbers.prefix(4))
    if isCentered {
      (left, right) = (n[0] - n[2] / 2, n[0] + n[2] / 2)
      (top, bottom) = (n[1] - n[3] / 2, n[1] + n[3] / 2)
    } else {
      (top, bottom) = (min(n[0], n[2]), max(n[0], n[2]))
      (left, right) = (min(n[1], n[3]), max(n[1], n[3]))
    }
  }

  /// The area that both cover, relative to what either covers.
  func overlap(with other: Box) -> Double {
    let height = max(min(bottom, other.bottom) - max(top, other.top), 0)
    let width = max(min(right, other.right) - max(left, other.left), 0)
    let union = area + other.area - height * width
    return union > 0 ? height * width / union : 0
  }

  private var area: Double { (bottom - top) * (right - left) }
}
