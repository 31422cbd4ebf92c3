import Martlet

extension OperatorTable {
  /// Spectra, windows and filters of signals.
  static let signals: [Operator] = [
    .one("DFT", fixed: [1, 2]) { call in
      let x = try call.tensor(0, rank: 2...)
      let isOld = call.version < 20
      let named = isOld ? try call.int("axis", default: 1) : try call.optionalInteger(2) ?? -2
      let axis = try call.axis(named, rank: x.rank)
      let (isInverse, isOneSided) = (try call.flag("inverse"), try call.flag("onesided"))
      guard axis < x.rank - 1, let parts = x.shape.last, parts == 1 || parts == 2, x.shape[axis] > 0 else {
        throw ONNXError(.mismatch, "axis \(axis) of \(x.shape) has no signal of real or complex numbers")
      }
      let usual = isInverse && isOneSided ? 2 * (x.shape[axis] - 1) : x.shape[axis]
      let length = try call.optionalInteger(1) ?? usual
      guard length > 0, length <= 1 << 31 else { throw ONNXError(.mismatch, "a transform of \(length)") }
      return transformed(x, axis: axis, length: length, isInverse: isInverse, isOneSided: isOneSided)
    },
    .one("STFT", fixed: [1, 3]) { call in try shortTimeTransform(&call) },
    window("HannWindow") { cosine in 0.5 - cosine(1) * 0.5 },
    window("HammingWindow") { cosine in 25.0 / 46 - cosine(1) * (21.0 / 46) },
    window("BlackmanWindow") { cosine in 0.42 - cosine(1) * 0.5 + cosine(2) * 0.08 },
    .one("MelWeightMatrix", fixed: [0, 1, 2, 3, 4]) { call in try melWeights(&call) },
  ]

  /// Computed in 64 bits: coefficients that cancel are the usual case.
  private static func transformed(
    _ signal: Tensor, axis: Int, length: Int, isInverse: Bool, isOneSided: Bool
  ) -> Tensor {
    let x = signal.cast(to: .float64)
    return spectrum(x, axis: axis, length: length, isInverse: isInverse, isOneSided: isOneSided).cast(to: signal.dtype)
  }

  private static func spectrum(
    _ x: Tensor, axis: Int, length: Int, isInverse: Bool, isOneSided: Bool
  ) -> Tensor {
    let last = x.rank - 1
    func part(_ place: Int) -> Tensor { x.slice(last, from: place, count: 1).squeezed(axes: Axes(last)) }
    let real = part(0)
    let complex = x.shape[last] == 2 ? ComplexTensor(real: real, imaginary: part(1)) : ComplexTensor(real)
    if isInverse && isOneSided {
      return inverseRealFFT(complex, length: length, axis: axis).expandingDimensions(at: -1)
    }
    let result: ComplexTensor
    if isInverse {
      result = inverseFFT(complex, length: length, axis: axis)
    } else if isOneSided && x.shape[last] == 1 {
      result = realFFT(real, length: length, axis: axis)
    } else {
      let whole = fft(complex, length: length, axis: axis)
      result = isOneSided ? whole.mapParts { $0.slice(axis, from: 0, count: length / 2 + 1) } : whole
    }
    return Tensor(stacking: [result.real, result.imaginary], axis: -1)
  }

  private static func shortTimeTransform(_ call: inout Call) throws -> Tensor {
    let given = try call.tensor(0, rank: 2...)
    let x = given.rank == 2 ? given.expandingDimensions(at: -1) : given
    guard x.rank == 3, x.shape[2] == 1 || x.shape[2] == 2 else { throw ONNXError(.mismatch, "signals \(given.shape)") }
    let step = try call.integer(1)
    let window = try call.optionalTensor(2)
    let length = try call.optionalInteger(3) ?? window.map { $0.elementCount } ?? x.shape[1]
    guard step > 0, length > 0, length <= x.shape[1], window.map({ $0.shape == [length] }) ?? true else {
      throw ONNXError(.mismatch, "frames of \(length) every \(step) do not fit \(given.shape)")
    }
    let frames = (x.shape[1] - length) / step + 1
    _ = try call.shape([frames, length])
    let starts = Tensor.range(0..<frames).reshaped(to: [frames, 1]) * Double(step)
    let places = starts + Tensor.range(0..<length).reshaped(to: [1, length])
    var framed = x.gathered(at: places, axis: 1)
    if let window { framed = framed * window.reshaped(to: [length, 1]) }
    return transformed(
      framed, axis: 2, length: length, isInverse: false, isOneSided: try call.flag("onesided", default: true))
  }

  /// A sum of cosines over one period, or over one point less if the window is symmetric.
  private static func window(
    _ name: String, _ function: @escaping @Sendable (_ cosine: (Double) -> Tensor) -> Tensor
  ) -> Operator {
    .one(name, fixed: [0]) { call in
      let size = try call.integer(0)
      _ = try call.shape([size])
      let type = try call.optionalElementType("output_datatype") ?? .float32
      guard let dtype = type.carrier, type.isNative else { throw ONNXError(.unsupported, "windows of \(type)") }
      let period = try call.flag("periodic", default: true) ? size : size - 1
      let steps = Tensor.range(0..<size).cast(to: .float64) * (2 * Double.pi / Double(max(period, 1)))
      return function { cos(steps * $0) }.cast(to: dtype)
    }
  }

  private static func melWeights(_ call: inout Call) throws -> Tensor {
    let (bins, length, rate) = (try call.integer(0), try call.integer(1), try call.integer(2))
    let (low, high) = (try call.real(3), try call.real(4))
    let type = try call.optionalElementType("output_datatype") ?? .float32
    guard bins > 0, length > 0, rate > 0, low >= 0, high >= low, high.isFinite,
      let dtype = type.carrier, type.isNative
    else { throw ONNXError(.mismatch, "\(bins) bins of \(length) at \(rate) from \(low) to \(high)") }
    let rows = length / 2 + 1
    guard try call.shape([rows, bins]).elementCount <= 1 << 26 else {
      throw ONNXError(.limit, "\(rows) rows of \(bins) weights are too many")
    }
    // The mel scale: 2595 log₁₀(1 + f / 700).
    let naturalTen = 2.302585092994046
    let first = 2595 / naturalTen * Math.log(1 + low / 700)
    let last = 2595 / naturalTen * Math.log(1 + high / 700)
    let step = (last - first) / Double(bins + 2)
    let edges = try (0..<bins + 2).map { (place: Int) throws -> Int in
      let frequency: Double = 700 * (Math.exp((Double(place) * step + first) * naturalTen / 2595) - 1)
      let edge: Double = (Double(length + 1) * frequency / Double(rate)).rounded(.down)
      guard edge < Double(rows) else { throw ONNXError(.mismatch, "\(high) Hz is above half of \(rate)") }
      return Int(edge)
    }
    var weights = [Double](repeating: 0, count: rows * bins)
    for bin in 0..<bins {
      let (left, center, right) = (edges[bin], edges[bin + 1], edges[bin + 2])
      if left == center { weights[center * bins + bin] = 1 }
      for row in left...center where left < center {
        let place: Int = row * bins + bin
        weights[place] = Double(row - left) / Double(center - left)
      }
      for row in center..<right {
        let place: Int = row * bins + bin
        weights[place] = Double(right - row) / Double(right - center)
      }
    }
    return Tensor(weights, shape: [rows, bins]).cast(to: dtype)
  }
}
