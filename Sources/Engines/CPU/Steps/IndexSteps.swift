import MartletGraph
import MartletKernels

/// How a gather or scatter looks to the kernels.
struct IndexLayout {
  let shape: martlet_index_shape
  let source: Shape
  let indices: TensorType
  let form: IndexForm

  init(_ form: IndexForm, source: Shape, indices: TensorType) {
    self.form = form
    self.source = source
    self.indices = indices
    var shape = martlet_index_shape()
    shape.index_type = indices.dtype.rawValue
    func product(_ range: Range<Int>, _ sizes: Shape) -> Int { range.reduce(1) { $0 * sizes[$1] } }
    switch form {
    case .axis(let axis):
      shape.form = UInt8(MARTLET_INDEX_ROWS.rawValue)
      shape.outer = product(0..<axis, source)
      shape.n = source[axis]
      shape.inner = product(axis + 1..<source.rank, source)
      shape.count = indices.elementCount
    case .elements(let axis):
      shape.form = UInt8(MARTLET_INDEX_ELEMENTS.rawValue)
      shape.outer = product(0..<axis, source)
      shape.n = source[axis]
      shape.inner = product(axis + 1..<source.rank, source)
      shape.count = indices.shape[axis]
    case .points(let batch):
      shape.form = UInt8(MARTLET_INDEX_ND.rawValue)
      let depth = indices.shape[indices.rank - 1]
      shape.outer = product(0..<batch, source)
      shape.depth = depth
      shape.inner = product(batch + depth..<source.rank, source)
      shape.count = product(batch..<indices.rank - 1, indices.shape)
      withUnsafeMutableBytes(of: &shape.sizes) { bytes in
        let sizes = bytes.bindMemory(to: Int.self)
        for i in 0..<depth { sizes[i] = source[batch + i] }
      }
    }
    self.shape = shape
  }

  /// The sentence for an index that names no place.
  func failure(_ error: martlet_row_error, _ operation: String, _ site: Site, _ engine: CPUEngine) -> ExecutionError {
    guard error.status == Int32(MARTLET_ROW_INDEX_OUT_OF_RANGE.rawValue) else {
      return site.outOfMemory(operation, engine)
    }
    let position = Int(error.index)
    let axis: Int =
      switch form {
      case .axis(let axis), .elements(let axis): axis
      case .points(let batch): batch + position % indices.shape[indices.rank - 1]
      }
    let size = source[axis]
    let isHuge = indices.dtype == .uint64 && error.value < 0
    let index = isHuge ? String(UInt64(bitPattern: error.value)) : String(error.value)
    return site.error(
      "\(operation): index \(index) at position \(indices.shape.index(ofElement: position)) "
        + "is outside axis \(axis) of \(source) (valid: \(-size)..<\(size))")
  }
}

/// Takes what the indices name.
struct GatherStep: Step {
  let layout: IndexLayout
  let source: Placed
  let indices: Placed
  let result: Int32
  let width: Int
  let site: Site
  let summary: String

  func run(_ frame: Frame) throws(ExecutionError) {
    var shape = layout.shape
    var error = martlet_row_error()
    let status = martlet_gather(
      &shape, width, frame.address(source), frame.address(indices), frame.address(result), &error)
    if status != 0 { throw layout.failure(error, "gather", site, frame.engine) }
  }
}

/// Puts updates where the indices say; in place when the target is dead.
struct ScatterStep: Step {
  let layout: IndexLayout
  let combination: Scatter.Combination
  let target: StridedOperand
  let indices: Placed
  let updates: Placed
  /// Whether one element stands for all updates.
  let repeatsUpdate: Bool
  let result: Int32
  let site: Site
  let summary: String

  func run(_ frame: Frame) throws(ExecutionError) {
    let place = frame.address(result)
    let source = target.address(frame)
    let type = target.type
    if source != place && type.elementCount > 0 {
      let dense = type.shape.rowMajorStrides
      Layout.copy(type.shape, type.dtype.sizeInBytes, from: source, target.strides, to: place, dense)
    }
    var shape = layout.shape
    var error = martlet_row_error()
    let scatter = repeatsUpdate ? martlet_scatter_value : martlet_scatter
    let status = scatter(
      &shape, type.dtype.rawValue, code, place, frame.address(indices), frame.address(updates), &error)
    if status != 0 { throw layout.failure(error, "scatter \(combination)", site, frame.engine) }
  }

  private var code: UInt8 {
    let kind: martlet_scatter_kind =
      switch combination {
      case .set: MARTLET_SCATTER_SET
      case .add: MARTLET_SCATTER_ADD
      case .multiply: MARTLET_SCATTER_MULTIPLY
      case .min: MARTLET_SCATTER_MIN
      case .max: MARTLET_SCATTER_MAX
      }
    return UInt8(kind.rawValue)
  }
}

/// Finds where values belong among sorted ones.
struct SearchSortedStep: Step {
  let isRight: Bool
  let sequence: Placed
  let values: Placed
  let types: [TensorType]
  let result: Int32
  let summary: String

  func run(_ frame: Frame) throws(ExecutionError) {
    let (n, m) = (types[0].shape.last ?? 0, types[1].shape.last ?? 0)
    martlet_search_sorted(
      types[0].dtype.rawValue, isRight ? 1 : 0, frame.address(sequence), n, frame.address(values), m,
      m == 0 ? 0 : types[1].elementCount / m, frame.address(result).assumingMemoryBound(to: Int64.self))
  }
}
