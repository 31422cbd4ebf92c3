import MartletGraph
import MartletKernels

/// A tensor as `[outer, n, inner]` around one axis.
struct AxisLayout {
  let outer: Int
  let n: Int
  let inner: Int

  init(_ shape: Shape, axis: Int) {
    outer = (0..<axis).reduce(1) { $0 * shape[$1] }
    n = shape[axis]
    inner = (axis + 1..<shape.rank).reduce(1) { $0 * shape[$1] }
  }
}

/// Uniform bits.
struct RandomStep: Step {
  let key: Placed
  let result: Int32
  let type: TensorType
  let summary: String

  func run(_ frame: Frame) throws(ExecutionError) {
    let words = frame.address(key)
    let seed = words.load(as: UInt64.self)
    let stream = words.load(fromByteOffset: 8, as: UInt64.self)
    let target = frame.address(result)
    if type.dtype == .uint32 {
      martlet_random_u32(target.assumingMemoryBound(to: UInt32.self), type.elementCount, seed, stream, 0)
    } else {
      martlet_random_u64(target.assumingMemoryBound(to: UInt64.self), type.elementCount, seed, stream, 0)
    }
  }
}

/// The position of the largest or smallest element.
struct ArgReduceStep: Step {
  let kind: ArgReduce.Kind
  let layout: AxisLayout
  let source: Placed
  let dtype: DType
  let result: Int32
  let summary: String

  func run(_ frame: Frame) throws(ExecutionError) {
    martlet_arg_reduce(
      dtype.rawValue, kind == .min ? 1 : 0, frame.address(source), layout.outer, layout.n, layout.inner,
      frame.address(result).assumingMemoryBound(to: Int64.self))
  }
}

/// Running sums and the like.
struct CumulativeStep: Step {
  let cumulative: Cumulative
  let layout: AxisLayout
  let source: Placed
  let dtype: DType
  let result: Int32
  let summary: String

  func run(_ frame: Frame) throws(ExecutionError) {
    let kind: martlet_reduction
    switch cumulative.kind {
    case .sum: kind = MARTLET_REDUCE_SUM
    case .product: kind = MARTLET_REDUCE_PRODUCT
    case .max: kind = MARTLET_REDUCE_MAX
    case .min: kind = MARTLET_REDUCE_MIN
    case .logSumExp:
      return martlet_cumulative_logsumexp(
        dtype.rawValue, cumulative.isReversed ? 1 : 0, frame.address(source), layout.outer, layout.n, layout.inner,
        frame.address(result))
    }
    martlet_cumulative(
      dtype.rawValue, UInt8(kind.rawValue), cumulative.isReversed ? 1 : 0, 0, frame.address(source), layout.outer,
      layout.n, layout.inner, frame.address(result))
  }
}

/// A stable order, or the beginning of it.
struct ArgSortStep: Step {
  let sort: ArgSort
  let layout: AxisLayout
  let source: Placed
  let dtype: DType
  let result: Int32
  let site: Site
  let summary: String

  func run(_ frame: Frame) throws(ExecutionError) {
    let order = frame.address(result).assumingMemoryBound(to: Int64.self)
    let status: Int32
    if let count = sort.count, count < layout.n {
      status = martlet_topk(
        dtype.rawValue, sort.isDescending ? 1 : 0, frame.address(source), layout.outer, layout.n, layout.inner, count,
        order)
    } else {
      status = martlet_argsort(
        dtype.rawValue, sort.isDescending ? 1 : 0, frame.address(source), layout.outer, layout.n, layout.inner, order)
    }
    if status != 0 { throw site.outOfMemory("argSort", frame.engine) }
  }
}

extension martlet_window {
  /// The window over an input of shape `input` that has `output` positions.
  init(_ window: Window, input: Shape, output: Shape) {
    self.init()
    rank = input.rank
    func fill<T>(_ array: inout T, _ values: Shape) {
      withUnsafeMutableBytes(of: &array) { bytes in
        let numbers = bytes.bindMemory(to: Int.self)
        for i in 0..<values.rank { numbers[i] = values[i] }
      }
    }
    fill(&self.input, input)
    fill(&self.output, output)
    fill(&self.window, window.sizes)
    fill(&stride, window.strides)
    fill(&dilation, window.dilations)
    fill(&padding, window.paddingLow)
  }
}

/// Sums, maxima and minima of windows.
struct ReduceWindowStep: Step {
  let window: martlet_window
  let kind: ReduceWindow.Kind
  let source: Placed
  let dtype: DType
  let result: Int32
  let site: Site
  let summary: String

  func run(_ frame: Frame) throws(ExecutionError) {
    let code: martlet_reduction =
      switch kind {
      case .sum: MARTLET_REDUCE_SUM
      case .max: MARTLET_REDUCE_MAX
      case .min: MARTLET_REDUCE_MIN
      }
    var window = window
    let status = martlet_window_reduce(
      &window, dtype.rawValue, UInt8(code.rawValue), frame.address(source), frame.address(result))
    if status != 0 { throw site.outOfMemory("\(kind)Pool", frame.engine) }
  }
}

/// Values carried to or from the largest element of each window.
struct WindowSelectStep: Step {
  let window: martlet_window
  let direction: WindowSelect.Direction
  let source: Placed
  let values: Placed
  let dtype: DType
  let result: Int32
  let summary: String

  func run(_ frame: Frame) throws(ExecutionError) {
    var window = window
    let (x, y, target) = (frame.address(source), frame.address(values), frame.address(result))
    switch direction {
    case .scatter: martlet_window_select_scatter(&window, dtype.rawValue, x, y, target)
    case .gather: martlet_window_select_gather(&window, dtype.rawValue, x, y, target)
    }
  }
}

/// A computation of the user's own.
struct CustomStep: Step {
  let operation: CustomOperation
  let operands: [Placed]
  let types: [TensorType]
  let result: Int32
  let type: TensorType
  let summary: String

  func run(_ frame: Frame) throws(ExecutionError) {
    let buffers = zip(operands, types).map { placed, type in
      UnsafeRawBufferPointer(start: frame.address(placed), count: type.sizeInBytes)
    }
    operation.compute(
      buffers, types, UnsafeMutableRawBufferPointer(start: frame.address(result), count: type.sizeInBytes))
  }
}

/// An operation without a kernel for its element type, by the rule that says what it means.
struct ReferenceStep: Step {
  let primitive: Primitive
  let operands: [Placed]
  let types: [TensorType]
  let result: Int32
  let type: TensorType
  let site: Site
  let summary: String

  func run(_ frame: Frame) throws(ExecutionError) {
    let tensors = zip(operands, types).map { placed, type in
      ReferenceTensor(type, reading: UnsafeRawBufferPointer(start: frame.address(placed), count: type.sizeInBytes))
    }
    var count = OperationCount()
    do {
      let results = try primitive.rules.evaluate(tensors, result: type, count: &count)
      results[0].write(to: UnsafeMutableRawBufferPointer(start: frame.address(result), count: type.sizeInBytes))
    } catch {
      throw ExecutionError(node: site.node, message: error.message, location: error.location ?? site.location)
    }
  }
}
