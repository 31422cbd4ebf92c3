import MartletGraph

extension Tensor {
  /// The elements that some indices name, and the replacement of them.
  ///
  /// See ``TensorIndex`` for what an index can be; dimensions without an index stay whole. Several tensors of indices
  /// broadcast together and name points; their dimensions stand where the first of them stood when they are neighbors,
  /// else in front (NumPy's rule, except that plain integers do not count). A mask would give a shape that depends on
  /// values; use ``select(_:_:_:fileID:line:)-(_,Tensor,Tensor,_,_)`` or ``indices(fileID:line:)``.
  ///
  /// Assigning makes a new tensor, of which the old one's memory may become part: no other holder of the old one sees
  /// a change. The value broadcasts to the places it replaces; where a place is named twice the last value stays.
  public subscript(
    _ indices: any TensorIndexing..., fileID fileID: StaticString = #fileID, line line: UInt = #line
  ) -> Tensor {
    get {
      compose("subscript", fileID, line) { c in
        try c.selecting(self, SubscriptPlan(indices.map(\.tensorIndex.kind), shape))
      }
    }
    set {
      let old = self
      self = compose("subscript", fileID, line) { c in
        try c.replacing(old, SubscriptPlan(indices.map(\.tensorIndex.kind), old.shape), with: newValue)
      }
    }
  }

  /// The positions at which a bool tensor is true, in row-major order.
  ///
  /// Their number depends on the values, so this reads them at once and cannot stand inside `compiled` or `vmap`.
  ///
  /// - Returns: `int64 [count, rank]`, as ``gatheredPoints(at:batchDimensions:fileID:line:)`` takes them.
  public func indices(fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
    let flags: [Bool] = scalars(fileID: fileID, line: line)
    let strides = shape.rowMajorStrides
    var coordinates: [Int] = []
    for (position, isTrue) in flags.enumerated() where isTrue {
      var rest = position
      for stride in strides {
        coordinates.append(rest / Swift.max(stride, 1))
        rest %= Swift.max(stride, 1)
      }
    }
    let count = rank == 0 ? flags.count { $0 } : coordinates.count / rank
    return Tensor(coordinates, shape: [count, rank], fileID: fileID, line: line)
  }
}

/// What a list of indices does to each axis of a shape.
struct SubscriptPlan {
  /// The block of a plain slice; axes that are indexed by tensors stay whole.
  var starts = Shape()
  var limits = Shape()
  var strides = Shape()
  var reversed = AxisList()
  /// The axes of the block that stay, and -1 for each new one, in the order of the result.
  var layout: [Int] = []
  /// Tensors of indices, and where their axes stand in `layout`.
  var gathers: [(position: Int, indices: Tensor)] = []

  init(_ kinds: [TensorIndex.Kind], _ shape: Shape) throws(GraphError) {
    var kinds = kinds
    try Self.fillEllipsis(&kinds, shape)
    for kind in kinds { try add(kind, shape) }
    if layout.count > Shape.maximumRank {
      throw mistake("the result would have \(layout.count) dimensions, more than \(Shape.maximumRank)")
    }
  }

  private static func fillEllipsis(_ kinds: inout [TensorIndex.Kind], _ shape: Shape) throws(GraphError) {
    var used = 0
    var ellipses: [Int] = []
    for (position, kind) in kinds.enumerated() {
      switch kind {
      case .newAxis: break
      case .ellipsis: ellipses.append(position)
      default: used += 1
      }
    }
    if ellipses.count > 1 { throw mistake("there is more than one ellipsis") }
    if used > shape.rank { throw mistake("\(used) indices for the \(shape.rank) axes of \(shape)") }
    let whole = Array(repeating: TensorIndex.Kind.range(from: nil, to: nil, by: 1), count: shape.rank - used)
    if let position = ellipses.first {
      kinds.replaceSubrange(position...position, with: whole)
    } else {
      kinds += whole
    }
  }

  private mutating func add(_ kind: TensorIndex.Kind, _ shape: Shape) throws(GraphError) {
    let axis = starts.rank
    switch kind {
    case .ellipsis: break
    case .newAxis: layout.append(-1)
    case .position(let position):
      let size = shape[axis]
      guard position >= -size && position < size else {
        throw mistake("\(position) is outside axis \(axis) of \(shape) (valid: \(-size)..<\(size))")
      }
      take(position < 0 ? position + size : position, 1, by: 1)
    case .range(let start, let stop, let step):
      try addRange(start, stop, step, shape)
      layout.append(axis)
    case .indices(let tensor):
      if tensor.dtype == .bool {
        throw mistake("a mask gives a shape that depends on values; use select, or gather at its indices()")
      }
      if !tensor.dtype.isInteger { throw mistake("indices are integers, not \(tensor.dtype)") }
      gathers.append((layout.count, tensor))
      take(0, shape[axis], by: 1)
      layout.append(axis)
    }
  }

  private mutating func addRange(_ start: Int?, _ stop: Int?, _ step: Int, _ shape: Shape) throws(GraphError) {
    let axis = starts.rank
    let size = shape[axis]
    if step == 0 { throw mistake("the step along axis \(axis) is 0") }
    func resolved(_ bound: Int) -> Int { bound < 0 ? bound + size : bound }
    let first = start.map(resolved) ?? (step > 0 ? 0 : size - 1)
    let end = stop.map(resolved) ?? (step > 0 ? size : -1)
    let isInside = step > 0 ? 0 <= first && first <= end && end <= size : -1 <= end && end <= first && first < size
    guard isInside else {
      let text = "\(start.map(String.init) ?? "")..<\(stop.map(String.init) ?? "")"
      throw mistake("\(text) is outside axis \(axis) of \(shape) (size \(size))")
    }
    let distance = step.magnitude > UInt(Int.max) ? Int.max : Int(step.magnitude)
    if step > 0 {
      take(first, end - first, by: distance)
    } else {
      let count = first == end ? 0 : (first - end - 1) / distance + 1
      take(count == 0 ? 0 : first - (count - 1) * distance, count == 0 ? 0 : (count - 1) * distance + 1, by: distance)
      reversed.append(axis)
    }
  }

  private mutating func take(_ start: Int, _ extent: Int, by step: Int) {
    starts.append(start)
    limits.append(start + extent)
    strides.append(step)
  }
}

extension SubscriptPlan {
  /// Whether the block is one of neighboring elements in ascending order.
  var isContiguous: Bool { gathers.isEmpty && reversed.isEmpty && strides.allSatisfy { $0 == 1 } }

  /// The shape of the result apart from gathers, given that of the block.
  func resultShape(_ block: Shape) -> Shape { Shape(layout.map { $0 < 0 ? 1 : block[$0] }) }
}

extension Composition {
  func selecting(_ x: Tensor, _ plan: SubscriptPlan) throws -> Tensor {
    var block = x
    if plan.starts.contains(where: { $0 != 0 }) || plan.limits != x.shape || plan.strides.contains(where: { $0 != 1 }) {
      block = try self(Slice(starts: plan.starts, limits: plan.limits, strides: plan.strides), x)
    }
    if !plan.reversed.isEmpty { block = try self(Reverse(axes: plan.reversed), block) }
    let result = try reshape(block, plan.resultShape(block.shape))
    switch plan.gathers.count {
    case 0: return result
    case 1: return try self(Gather(.axis(plan.gathers[0].position)), result, plan.gathers[0].indices)
    default: return try gatherPoints(result, plan.gathers)
    }
  }

  /// Several tensors of indices: their axes go to the front, and each place of the tensors names a point there.
  private func gatherPoints(_ x: Tensor, _ gathers: [(position: Int, indices: Tensor)]) throws -> Tensor {
    var common = Shape()
    for gather in gathers { common = try broadcastShape(common, gather.indices.shape, operation: "subscript") }
    let depth = common.rank
    let coordinates = try gathers.map { gather in
      try expand(broadcast(cast(gather.indices, .int64), common), [depth])
    }
    let axes = gathers.map(\.position)
    let rest = (0..<x.rank).filter { !axes.contains($0) }
    let points = try self(
      Gather(.points(batch: 0)), transpose(x, axes + rest), concatenate(coordinates, axis: depth))
    guard axes.last! - axes.first! == axes.count - 1 else { return points }
    // Neighbors: their dimensions return to where the first one stood.
    let front = Array(depth..<(depth + axes[0]))
    return try transpose(points, front + Array(0..<depth) + Array((depth + axes[0])..<points.rank))
  }

  func replacing(_ x: Tensor, _ plan: SubscriptPlan, with value: Tensor) throws -> Tensor {
    if value.dtype != x.dtype { throw mistake("\(value.type) cannot replace elements of \(x.type); cast it first") }
    if plan.isContiguous {
      let block = Shape(zip(plan.starts, plan.limits).map { $1 - $0 })
      let updates = try reshape(broadcast(value, plan.resultShape(block)), block)
      return try self(DynamicUpdate(), x, updates, Tensor(Array(plan.starts)))
    }
    // Anything else: select the positions of the elements as the elements would be, and write there.
    let count = x.elementCount
    let positions = try selecting(reshape(iota([count], axis: 0), x.shape), plan)
    let places = positions.elementCount
    let updates = try reshape(broadcast(value, positions.shape), [places])
    let flat = try self(
      Scatter(.axis(0), .set), reshape(x, [count]), reshape(positions, [places]), updates)
    return try reshape(flat, x.shape)
  }
}
