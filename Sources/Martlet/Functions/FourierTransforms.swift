import MartletGraph

/// By what a Fourier transform of *n* numbers is divided.
public enum FourierScaling: Sendable, Hashable, CaseIterable {
  /// The inverse transform by *n*, the forward one by nothing.
  case backward
  /// Both by √*n*, so that lengths stay.
  case orthonormal
  /// The forward transform by *n*, the inverse one by nothing.
  case forward

  fileprivate func factor(_ count: Int, isForward: Bool) -> Double {
    switch self {
    case .backward: isForward ? 1 : 1 / Double(count)
    case .orthonormal: 1 / Double(count).squareRoot()
    case .forward: isForward ? 1 / Double(count) : 1
    }
  }
}

/// The discrete Fourier transform along an axis: ∑ *x*[*t*] exp(-2πi *k t* / *n*).
///
/// Any length: factors up to 13 are taken apart, lengths with larger ones go by Bluestein's convolution. 16-bit floats
/// are computed in float 32.
///
/// - Parameters:
///   - length: The axis is cut, or continued with zeros, to this length first; its own by default.
///   - scaling: What the result is divided by.
/// - Precondition: At least one element along the axis.
/// - Complexity: O(*n* log *n*).
/// - Note: Cooley and Tukey, *Math. Comp.* 19 (1965); Bluestein, *IEEE Trans. Audio* 18 (1970).
public func fft(
  _ x: ComplexTensor, length: Int? = nil, axis: Int = -1, scaling: FourierScaling = .backward,
  fileID: StaticString = #fileID, line: UInt = #line
) -> ComplexTensor {
  transform("fft", x, lengths: length.map { [$0] }, axes: Axes(axis), .forward, scaling, fileID, line)
}

/// The discrete Fourier transform of real numbers, with all its results.
public func fft(
  _ x: Tensor, length: Int? = nil, axis: Int = -1, scaling: FourierScaling = .backward,
  fileID: StaticString = #fileID, line: UInt = #line
) -> ComplexTensor {
  fft(
    ComplexTensor(x, fileID: fileID, line: line), length: length, axis: axis, scaling: scaling, fileID: fileID,
    line: line)
}

/// The inverse of ``fft(_:length:axis:scaling:fileID:line:)-(ComplexTensor,_,_,_,_,_)``.
public func inverseFFT(
  _ x: ComplexTensor, length: Int? = nil, axis: Int = -1, scaling: FourierScaling = .backward,
  fileID: StaticString = #fileID, line: UInt = #line
) -> ComplexTensor {
  transform("inverseFFT", x, lengths: length.map { [$0] }, axes: Axes(axis), .inverse, scaling, fileID, line)
}

/// The discrete Fourier transform along several axes.
///
/// - Parameters:
///   - lengths: One for each of the axes in ascending order; their own by default.
///   - axes: All by default.
public func fftN(
  _ x: ComplexTensor, lengths: [Int]? = nil, axes: Axes = .all, scaling: FourierScaling = .backward,
  fileID: StaticString = #fileID, line: UInt = #line
) -> ComplexTensor {
  transform("fftN", x, lengths: lengths, axes: axes, .forward, scaling, fileID, line)
}

/// The inverse of ``fftN(_:lengths:axes:scaling:fileID:line:)``.
public func inverseFFTN(
  _ x: ComplexTensor, lengths: [Int]? = nil, axes: Axes = .all, scaling: FourierScaling = .backward,
  fileID: StaticString = #fileID, line: UInt = #line
) -> ComplexTensor {
  transform("inverseFFTN", x, lengths: lengths, axes: axes, .inverse, scaling, fileID, line)
}

/// The discrete Fourier transform of real numbers, of which only the first ⌊*n* / 2⌋ + 1 results are given: the others
/// are their conjugates.
public func realFFT(
  _ x: Tensor, length: Int? = nil, axis: Int = -1, scaling: FourierScaling = .backward,
  fileID: StaticString = #fileID, line: UInt = #line
) -> ComplexTensor {
  ComplexTensor(
    parts: compose("realFFT", results: 2, fileID, line) { c in
      let axis = try checkedAxis(axis, x.shape)
      return try c.realForward(x, axis, try c.fourierLength(length, x.shape[axis]), scaling)
    })
}

/// The real numbers whose ``realFFT(_:length:axis:scaling:fileID:line:)`` is given.
///
/// The imaginary parts of the first number, and of the last for even lengths, do not count.
///
/// - Parameter length: How many numbers there are, 2 (*m* - 1) for *m* given ones by default: an odd length must be said.
public func inverseRealFFT(
  _ x: ComplexTensor, length: Int? = nil, axis: Int = -1, scaling: FourierScaling = .backward,
  fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("inverseRealFFT", fileID, line) { c in
    let axis = try checkedAxis(axis, x.shape)
    return try c.realInverse([x.real, x.imaginary], axis, length, scaling)
  }
}

/// The discrete Fourier transform of real numbers along several axes, halved along the last of them.
///
/// - Parameters:
///   - lengths: One for each of the axes in ascending order; their own by default.
///   - axes: All by default.
public func realFFTN(
  _ x: Tensor, lengths: [Int]? = nil, axes: Axes = .all, scaling: FourierScaling = .backward,
  fileID: StaticString = #fileID, line: UInt = #line
) -> ComplexTensor {
  ComplexTensor(
    parts: compose("realFFTN", results: 2, fileID, line) { c in
      let plan = try c.fourierAxes(x.shape, lengths, axes)
      guard let last = plan.last else { throw mistake("no axis is named") }
      let length = try c.fourierLength(last.length, x.shape[last.axis])
      var parts = try c.realForward(x, last.axis, length, scaling)
      for (axis, length) in plan.dropLast().reversed() {
        parts = try c.transformed(parts, axis, c.fourierLength(length, x.shape[axis]), .forward, scaling)
      }
      return parts
    })
}

/// The inverse of ``realFFTN(_:lengths:axes:scaling:fileID:line:)``.
///
/// - Parameter lengths: Those of the result; by default the given ones, and 2 (*m* - 1) along the last axis.
public func inverseRealFFTN(
  _ x: ComplexTensor, lengths: [Int]? = nil, axes: Axes = .all, scaling: FourierScaling = .backward,
  fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("inverseRealFFTN", fileID, line) { c in
    let plan = try c.fourierAxes(x.shape, lengths, axes)
    guard let last = plan.last else { throw mistake("no axis is named") }
    var parts = [x.real, x.imaginary]
    for (axis, length) in plan.dropLast() {
      parts = try c.transformed(parts, axis, c.fourierLength(length, x.shape[axis]), .inverse, scaling)
    }
    return try c.realInverse(parts, last.axis, last.length, scaling)
  }
}

/// The frequencies of the results of a transform of `count` numbers, in cycles a unit: 0, 1, …, then the negative ones.
///
/// - Parameter spacing: The distance between samples.
public func fftFrequencies(
  _ count: Int, spacing: Double = 1, dtype: DType = .float32, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("fftFrequencies", fileID, line) { c in
    if count < 1 { throw mistake("the count \(count) is less than 1") }
    let places = (0..<count).map { Double($0 < (count + 1) / 2 ? $0 : $0 - count) / (Double(count) * spacing) }
    return try c.cast(Tensor(places), dtype)
  }
}

/// The frequencies of the results of a transform of `count` real numbers, in cycles a unit.
public func realFFTFrequencies(
  _ count: Int, spacing: Double = 1, dtype: DType = .float32, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  compose("realFFTFrequencies", fileID, line) { c in
    if count < 1 { throw mistake("the count \(count) is less than 1") }
    return try c.cast(Tensor((0...(count / 2)).map { Double($0) / (Double(count) * spacing) }), dtype)
  }
}

extension Tensor {
  /// The elements turned around so that frequency 0 stands in the middle.
  public func fftShifted(axes: Axes = .all, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
    compose("fftShifted", fileID, line) { c in try c.turned(self, axes) { $0 / 2 } }
  }

  /// The inverse of ``fftShifted(axes:fileID:line:)``.
  public func inverseFFTShifted(axes: Axes = .all, fileID: StaticString = #fileID, line: UInt = #line) -> Tensor {
    compose("inverseFFTShifted", fileID, line) { c in try c.turned(self, axes) { ($0 + 1) / 2 } }
  }
}

private func transform(
  _ name: String, _ x: ComplexTensor, lengths: [Int]?, axes: Axes, _ kind: Fourier.Kind, _ scaling: FourierScaling,
  _ fileID: StaticString, _ line: UInt
) -> ComplexTensor {
  ComplexTensor(
    parts: compose(name, results: 2, fileID, line) { c in
      var parts = [x.real, x.imaginary]
      for (axis, length) in try c.fourierAxes(x.shape, lengths, axes).reversed() {
        parts = try c.transformed(parts, axis, c.fourierLength(length, x.shape[axis]), kind, scaling)
      }
      return parts
    })
}

extension Composition {
  fileprivate func fourierAxes(
    _ shape: Shape, _ lengths: [Int]?, _ axes: Axes
  ) throws(GraphError) -> [(axis: Int, length: Int?)] {
    let resolved = Array(try axes.resolved(in: shape))
    if let lengths, lengths.count != resolved.count {
      throw mistake("\(lengths.count) lengths for \(resolved.count) axes")
    }
    return resolved.enumerated().map { ($0.element, lengths?[$0.offset]) }
  }

  fileprivate func fourierLength(_ length: Int?, _ size: Int) throws(GraphError) -> Int {
    let length = length ?? size
    guard length >= 1 && length < 1 << 40 else { throw mistake("there is no transform of \(length) numbers") }
    return length
  }

  /// An axis cut or continued with zeros.
  private func fitted(_ x: Tensor, _ axis: Int, _ size: Int) throws(GraphError) -> Tensor {
    if x.shape[axis] == size { return x }
    if x.shape[axis] > size { return try slice(x, 0..<size, axis: axis) }
    let low = Shape(repeating: 0, rank: x.rank)
    var high = low
    high[axis] = size - x.shape[axis]
    return try self(Pad(low: low, high: high), x, scalar(0, x.dtype))
  }

  /// Operands in float 32 or 64, their transform scaled, in the type they came in.
  private func run(
    _ kind: Fourier.Kind, _ parts: [Tensor], _ axis: Int, _ length: Int, size: Int, _ factor: Double
  ) throws(GraphError) -> [Tensor] {
    let dtype = parts[0].dtype
    try checkFloatingPoint(parts[0])
    let isNarrow = dtype == .float16 || dtype == .bfloat16
    var operands: [Tensor] = []
    for part in parts { operands.append(try fitted(isNarrow ? cast(part, .float32) : part, axis, size)) }
    let operation = Fourier(kind, axis: axis, length: length, of: operands[0].type)
    var results: [Tensor] = []
    for part in try recordMany(operation, operands) {
      let scaled = factor == 1 ? part : try binary(.multiply, part, factor)
      results.append(try cast(scaled, dtype))
    }
    return results
  }

  fileprivate func transformed(
    _ parts: [Tensor], _ axis: Int, _ length: Int, _ kind: Fourier.Kind, _ scaling: FourierScaling
  ) throws(GraphError) -> [Tensor] {
    try run(kind, parts, axis, length, size: length, scaling.factor(length, isForward: kind == .forward))
  }

  fileprivate func realForward(
    _ x: Tensor, _ axis: Int, _ length: Int, _ scaling: FourierScaling
  ) throws(GraphError) -> [Tensor] {
    try run(.realForward, [x], axis, length, size: length, scaling.factor(length, isForward: true))
  }

  fileprivate func realInverse(
    _ parts: [Tensor], _ axis: Int, _ length: Int?, _ scaling: FourierScaling
  ) throws(GraphError) -> Tensor {
    let length = try fourierLength(length ?? 2 * (parts[0].shape[axis] - 1), 1)
    return try run(
      .realInverse, parts, axis, length, size: length / 2 + 1, scaling.factor(length, isForward: false))[0]
  }

  fileprivate func turned(_ x: Tensor, _ axes: Axes, _ shift: (Int) -> Int) throws(GraphError) -> Tensor {
    var result = x
    for axis in try axes.resolved(in: x.shape) {
      let size = x.shape[axis]
      let cut = size == 0 ? 0 : size - shift(size)
      if cut == 0 || cut == size { continue }
      result = try concatenate(
        [slice(result, cut..<size, axis: axis), slice(result, 0..<cut, axis: axis)], axis: axis)
    }
    return result
  }
}
