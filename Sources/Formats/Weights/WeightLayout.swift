import MartletGraph

/// How the elements of a file's tensor are rearranged for a model: steps that are done in order.
///
/// ```swift
/// let rule = NameRules.Rule("conv1.weight", "stem.weight", layout: .filter2D)
/// ```
public struct WeightLayout: Sendable, Hashable {
  enum Step: Sendable, Hashable {
    /// Which axis of the tensor becomes each axis of the result.
    case axes([Int])
    /// One of several equal parts along the first axis.
    case part(index: Int, count: Int)
    /// The rows of each head from GGUF's order to that of Hugging Face, or back.
    case unpairing(heads: Int)
    case pairing(heads: Int)
  }

  var steps: [Step]

  init(_ steps: [Step]) { self.steps = steps }

  /// As in the file.
  public static let same = WeightLayout([])
  /// Rows and columns exchanged: `[out, in]` gives `[in, out]`.
  public static let transposed = axes([1, 0])
  /// `[out, in, height, width]` gives `[height, width, in, out]`.
  public static let filter2D = axes([2, 3, 1, 0])

  /// Axes in another order: axis `i` of the result is axis `axes[i]` of the file.
  ///
  /// - Precondition: Each axis once.
  public static func axes(_ axes: [Int]) -> WeightLayout {
    precondition(axes.sorted() == Array(axes.indices), "WeightLayout: \(axes) is no order of axes")
    return WeightLayout([.axes(axes)])
  }

  /// Rows from GGUF's order for Llama to that of Hugging Face; see ``StoredTensor/unpairingRotations(heads:)``.
  public static func unpairingRotations(heads: Int) -> WeightLayout { WeightLayout([.unpairing(heads: heads)]) }

  /// One of `count` equal parts along the first axis.
  static func part(_ index: Int, of count: Int) -> WeightLayout { WeightLayout([.part(index: index, count: count)]) }

  /// These steps, and then others.
  public func followed(by next: WeightLayout) -> WeightLayout { WeightLayout(steps + next.steps) }

  /// The layout that undoes this one.
  ///
  /// - Precondition: It takes no part of a tensor.
  var inverted: WeightLayout {
    WeightLayout(
      steps.reversed().map { step in
        switch step {
        case .axes(let axes): return .axes(axes.indices.map { axis in axes.firstIndex(of: axis)! })
        case .unpairing(let heads): return .pairing(heads: heads)
        case .pairing(let heads): return .unpairing(heads: heads)
        case .part: preconditionFailure("WeightLayout: a part of a tensor does not tell the rest")
        }
      })
  }
}

extension WeightLayout {
  /// The sizes of the rearranged tensor; nil if these sizes cannot be rearranged so.
  public func dimensions(of dimensions: [Int]) -> [Int]? {
    var result = dimensions
    for step in steps {
      switch step {
      case .axes(let axes):
        guard axes.count == result.count else { return nil }
        result = axes.map { result[$0] }
      case .part(_, let count):
        guard let first = result.first, first % count == 0 else { return nil }
        result[0] = first / count
      case .unpairing(let heads), .pairing(let heads):
        guard let first = result.first, heads > 0, first % (2 * heads) == 0 else { return nil }
      }
    }
    return result
  }

  /// The rearranged tensor.
  ///
  /// - Precondition: ``dimensions(of:)`` gives sizes for the tensor's.
  public func apply(to tensor: StoredTensor) -> StoredTensor {
    steps.reduce(tensor) { tensor, step in
      switch step {
      case .axes(let axes): tensor.permuted(axes)
      case .part(let index, let count): tensor.part(index, of: count)
      case .unpairing(let heads): tensor.unpairingRotations(heads: heads)
      case .pairing(let heads): tensor.pairingRotations(heads: heads)
      }
    }
  }
}

extension StoredTensor {
  /// Rows and columns exchanged.
  ///
  /// - Precondition: Two dimensions.
  public func transposed() -> StoredTensor {
    precondition(shape.rank == 2, "transposed: \(shape) is no matrix")
    return permuted([1, 0])
  }

  /// Axes in another order: axis `i` of the result is axis `axes[i]` of this tensor.
  ///
  /// - Precondition: Each axis once.
  public func permuted(_ axes: [Int]) -> StoredTensor {
    precondition(axes.sorted() == Array(0..<shape.rank), "permuted: \(axes) is no order of the axes of \(shape)")
    let target = Shape(axes.map { shape[$0] })
    guard !bytes.isEmpty, axes != axes.sorted() else { return StoredTensor(dtype: dtype, shape: target, bytes: bytes) }
    let result = [UInt8](unsafeUninitializedCapacity: bytes.count) { memory, initialized in
      bytes.withUnsafeBytes { source in
        let destination = UnsafeMutableRawBufferPointer(memory)
        switch dtype.sizeInBytes {
        case 1: copyPermuted(source, destination, axes, UInt8.self)
        case 2: copyPermuted(source, destination, axes, UInt16.self)
        case 4: copyPermuted(source, destination, axes, UInt32.self)
        default: copyPermuted(source, destination, axes, UInt64.self)
        }
      }
      initialized = bytes.count
    }
    return StoredTensor(dtype: dtype, shape: target, bytes: SharedBytes(result))
  }

  /// Row by row of the result; `Element` is any type of the elements' size.
  private func copyPermuted<Element: BitwiseCopyable>(
    _ source: UnsafeRawBufferPointer, _ target: UnsafeMutableRawBufferPointer, _ axes: [Int], _: Element.Type
  ) {
    let width = MemoryLayout<Element>.size
    var strides = [Int](repeating: 1, count: shape.rank)
    for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
    let (sizes, steps) = (axes.map { shape[$0] }, axes.map { strides[$0] })
    let (rowSize, rowStep) = (sizes[sizes.count - 1], steps[steps.count - 1])
    var place = [Int](repeating: 0, count: sizes.count - 1)
    var (from, to) = (0, 0)
    for _ in 0..<(target.count / width / rowSize) {
      for column in 0..<rowSize {
        let element = source.loadUnaligned(fromByteOffset: (from + column * rowStep) * width, as: Element.self)
        target.storeBytes(of: element, toByteOffset: (to + column) * width, as: Element.self)
      }
      to += rowSize
      for axis in place.indices.reversed() {
        (place[axis], from) = (place[axis] + 1, from + steps[axis])
        if place[axis] < sizes[axis] { break }
        (place[axis], from) = (0, from - sizes[axis] * steps[axis])
      }
    }
  }

  /// One of `count` equal parts along the first axis, sharing the bytes.
  fileprivate func part(_ index: Int, of count: Int) -> StoredTensor {
    let size = bytes.count / count
    let sizes = [shape[0] / count] + shape.dropFirst()
    return StoredTensor(
      dtype: dtype, shape: Shape(sizes), bytes: bytes[(index * size)..<((index + 1) * size)])
  }
}
