import Martlet

extension OperatorTable {
  /// Elements at places that are computed.
  static let indexing: [Operator] = [
    Operator("Gather") { call in
      let rank = try call.shapeOfInput(0).rank
      let (places, axis) = (try call.tensor(1), try call.axis(call.int("axis", default: 0), rank: rank))
      return [try call.value(0).moved { $0.gathered(at: places, axis: axis) }]
    },
    Operator("GatherElements") { call in
      let rank = try call.shapeOfInput(0).rank
      let (places, axis) = (try call.tensor(1), try call.axis(call.int("axis", default: 0), rank: rank))
      return [try call.value(0).moved { try along(axis, $0, places) }]
    },
    Operator("GatherND") { call in
      let (points, batch) = (try call.tensor(1), try call.int("batch_dims", default: 0))
      return [try call.value(0).moved { $0.gatheredPoints(at: points, batchDimensions: batch) }]
    },
    scatterElements("ScatterElements"), scatterElements("Scatter"),
    Operator("ScatterND") { call in
      let (points, combination) = (try call.tensor(1), try call.combination())
      let x = try call.numbers(0)
      let updates = try call.tensor(2)
      return [
        .tensor(
          try ONNXTensor(
            computed: x.tensor.scatteringPoints(updates, at: points, combining: combination), as: x.elementType))
      ]
    },
    Operator("TensorScatter", fixed: [2]) { call in [try tensorScatter(&call)] },
    Operator("OneHot", fixed: [1]) { call in
      let places = try call.tensor(0)
      // The depth may be of any type of number.
      guard let depth = Int(exactly: try call.real(1)), depth >= 0 else {
        throw ONNXError(.mismatch, "the depth is no number of classes")
      }
      let axis = try call.axis(call.int("axis", default: -1), rank: places.rank + 1)
      _ = try call.shape(Array(places.shape) + [depth])
      let values = try call.tensor(2)
      guard values.shape == [2] else { throw ONNXError(.mismatch, "needs the two values off and on") }
      // Places outside are allowed here, and give a row without any on-value.
      let whole = places.dtype.isFloatingPoint || places.dtype.isUnsigned ? places.cast(to: .int64) : places
      let counted = select(whole .< 0, whole + Double(depth), whole).expandingDimensions(at: Axes(axis))
      var line = Array(repeating: 1, count: places.rank + 1)
      line[axis] = depth
      let steps = Tensor.range(0..<depth).cast(to: whole.dtype).reshaped(to: Shape(line))
      return [ONNXValue(select(counted .== steps, values[1], values[0]))]
    },
    moving("ReverseSequence", fixed: [1]) { call in
      let shape = try call.shapeOfInput(0)
      let lengths = try call.integers(1)
      let batch = try call.axis(call.int("batch_axis", default: 1), rank: shape.rank)
      let time = try call.axis(call.int("time_axis", default: 0), rank: shape.rank)
      guard batch != time, lengths.count == shape[batch] else {
        throw ONNXError(.mismatch, "\(lengths.count) lengths do not fit axis \(batch) of \(shape)")
      }
      guard lengths.allSatisfy({ $0 >= 0 && $0 <= shape[time] }) else {
        throw ONNXError(.mismatch, "a length in \(lengths) is not in 0...\(shape[time])")
      }
      if shape.elementCount == 0 { return { $0 } }
      var places: [Int] = []
      for length in lengths { places += (0..<shape[time]).map { $0 < length ? length - 1 - $0 : $0 } }
      var form = Array(repeating: 1, count: shape.rank)
      (form[batch], form[time]) = (shape[batch], shape[time])
      let table = Tensor(places, shape: [shape[batch], shape[time]])
      let oriented = (batch < time ? table : table.transposed()).reshaped(to: Shape(form))
      return { $0.takenAlong(axis: time, at: oriented.broadcast(to: shape)) }
    },
  ]

  /// Elements along an axis; the table of places may be smaller than the tensor in the other dimensions.
  private static func along(_ axis: Int, _ x: Tensor, _ places: Tensor) throws -> Tensor {
    guard x.rank == places.rank else {
      throw ONNXError(.mismatch, "places \(places.shape) for a tensor \(x.shape) of other dimensions")
    }
    var part = x
    for other in 0..<x.rank where other != axis && places.shape[other] != x.shape[other] {
      guard places.shape[other] < x.shape[other] else {
        throw ONNXError(.mismatch, "places \(places.shape) reach beyond \(x.shape)")
      }
      part = part.slice(other, from: 0, count: places.shape[other])
    }
    return part.takenAlong(axis: axis, at: places)
  }

  private static func scatterElements(_ name: String) -> Operator {
    Operator(name) { call in
      let x = try call.numbers(0)
      let (places, updates) = (try call.tensor(1), try call.tensor(2))
      let axis = try call.axis(call.int("axis", default: 0), rank: x.tensor.rank)
      guard places.rank == x.tensor.rank, updates.shape == places.shape else {
        throw ONNXError(.mismatch, "updates \(updates.shape) at \(places.shape) do not fit \(x.tensor.shape)")
      }
      let combination = try call.combination()
      let points = try scatterPoints(places, axis: axis, in: x.tensor.shape)
      let count = places.elementCount
      return [
        .tensor(
          try ONNXTensor(
            computed: x.tensor.scatteringPoints(
              updates.reshaped(to: [count]), at: points.reshaped(to: [count, x.tensor.rank]), combining: combination),
            as: x.elementType))
      ]
    }
  }

  /// The full positions that places along one axis stand for: `[…, rank]`.
  private static func scatterPoints(_ places: Tensor, axis: Int, in shape: Shape) throws -> Tensor {
    let wide = places.cast(to: .int64)
    let columns = (0..<shape.rank).map { dimension -> Tensor in
      if dimension == axis { return wide }
      var form = Array(repeating: 1, count: shape.rank)
      form[dimension] = places.shape[dimension]
      return Tensor.range(0..<places.shape[dimension]).reshaped(to: Shape(form)).broadcast(to: places.shape)
    }
    return Tensor(stacking: columns, axis: -1)
  }

  /// Writes new rows into a cache, each example's from a place of its own.
  private static func tensorScatter(_ call: inout Call) throws -> ONNXValue {
    let cache = try call.numbers(0)
    let update = try call.tensor(1)
    let shape = cache.tensor.shape
    let axis = try call.axis(call.int("axis", default: -2), rank: shape.rank)
    let mode = try call.string("mode", default: "linear")
    guard mode == "linear" || mode == "circular" else { throw call.unknown("mode", mode) }
    guard update.rank == shape.rank, axis > 0, shape.elementCount > 0 else {
      throw ONNXError(.mismatch, "an update \(update.shape) does not fit \(shape)")
    }
    let starts = try call.optionalIntegers(2) ?? Array(repeating: 0, count: shape[0])
    let (length, count) = (shape[axis], update.shape[axis])
    guard starts.count == shape[0], count <= length, starts.allSatisfy({ $0 >= 0 }),
      mode == "circular" || starts.allSatisfy({ $0 <= length - count })
    else { throw ONNXError(.mismatch, "updates of \(count) from \(starts) do not fit in \(length)") }
    let places = starts.flatMap { start in (0..<count).map { (start % length + $0) % length } }
    // Along the axis, with the batch in front: [batch, axis, …].
    let target = cache.tensor.movedAxis(from: axis, to: 1)
    let rows = update.movedAxis(from: axis, to: 1)
    let points = Tensor(places, shape: [shape[0], count, 1])
    let result = target.scatteringPoints(rows, at: points, batchDimensions: 1).movedAxis(from: 1, to: axis)
    return .tensor(try ONNXTensor(computed: result, as: cache.elementType))
  }
}

extension Call {
  /// How a scatter joins what meets at one place.
  fileprivate func combination() throws -> ScatterCombination {
    let reduction = try string("reduction", default: "none")
    switch reduction {
    case "none": return .set
    case "add": return .add
    case "mul": return .multiply
    case "max": return .max
    case "min": return .min
    default: throw unknown("reduction", reduction)
    }
  }
}
