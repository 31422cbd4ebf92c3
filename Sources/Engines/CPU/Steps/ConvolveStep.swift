import MartletGraph
import MartletKernels

extension martlet_conv {
  /// The shape of a convolution for the kernels, nil when they do not go to so many dimensions.
  init?(_ convolve: Convolve, image: Shape, filter: Shape, output: Shape) {
    let spatial = image.rank - 2
    guard spatial <= 3 else { return nil }
    self.init()
    batch = image[0]
    in_channels = image[image.rank - 1]
    out_channels = output[output.rank - 1]
    groups = convolve.groups
    // Missing dimensions are outer ones of size 1.
    func fill<T: FixedWidthInteger>(_ array: inout (T, T, T), _ missing: T, _ value: (Int) -> Int) {
      func entry(_ place: Int) -> T { place < 3 - spatial ? missing : T(value(place - 3 + spatial)) }
      array = (entry(0), entry(1), entry(2))
    }
    fill(&in_size, 1) { image[$0 + 1] }
    fill(&filter_size, 1) { filter[$0] }
    fill(&out_size, 1) { output[$0 + 1] }
    fill(&stride, 1) { convolve.strides[$0] }
    fill(&dilation, 1) { convolve.dilations[$0] }
    fill(&pad_low, 0) { convolve.paddingLow[$0] }
  }
}

/// A convolution or one of its transposes in float 32 or float 64, with what is done to the tiles of a forward one.
struct ConvolveStep: PackingStep {
  // Its pointer is null here; a run sets it in a copy of its own.
  nonisolated(unsafe) let conv: martlet_conv
  let form: Convolve.Form
  let dtype: DType
  let left: Placed
  let right: Placed
  let result: Int32
  let epilogue: Epilogue?
  /// The place of the filter among those packed once, if it is one of them.
  var packing: Int?
  let site: Site
  let summary: String

  func run(_ frame: Frame) throws(ExecutionError) {
    var status = MARTLET_OK
    if let epilogue {
      try epilogue.run(frame, rowsPerMatrix: 0) { status = convolve(frame, $0) }
    } else {
      status = convolve(frame, nil)
    }
    if status != MARTLET_OK { throw site.outOfMemory("conv", frame.engine) }
  }

  private func convolve(_ frame: Frame, _ context: UnsafeMutablePointer<Epilogue.Context>?) -> martlet_status {
    var conv = conv
    if let packing, let packed = frame.packed { conv.packed_filter = packed[packing] }
    let (a, b, c) = (frame.address(left), frame.address(right), frame.address(result))
    let callback = context == nil ? nil : Epilogue.callback
    let rest = context.map { UnsafeMutableRawPointer($0) }
    if dtype == .float64 {
      let (a, b, c) = (
        a.assumingMemoryBound(to: Double.self), b.assumingMemoryBound(to: Double.self),
        c.assumingMemoryBound(to: Double.self)
      )
      switch form {
      case .forward: return martlet_conv_forward_f64(&conv, a, b, nil, c, callback, rest)
      case .inputGradient: return martlet_conv_input_gradient_f64(&conv, a, b, c)
      case .filterGradient: return martlet_conv_filter_gradient_f64(&conv, a, b, c)
      }
    }
    let (x, y, z) = (
      a.assumingMemoryBound(to: Float.self), b.assumingMemoryBound(to: Float.self),
      c.assumingMemoryBound(to: Float.self)
    )
    switch form {
    case .forward: return martlet_conv_forward_f32(&conv, x, y, nil, z, callback, rest)
    case .inputGradient: return martlet_conv_input_gradient_f32(&conv, x, y, z)
    case .filterGradient: return martlet_conv_filter_gradient_f32(&conv, x, y, z)
    }
  }
}

extension ConvolveStep {
  /// Packing never changes the bits of a convolution.
  func packedBytes(keepsBits: Bool) -> Int {
    var conv = conv
    return martlet_conv_packed_bytes_f32(&conv)
  }

  func pack(_ base: UnsafeMutableRawPointer, into packed: UnsafeMutableRawPointer) -> Bool {
    var conv = conv
    let filter = (base + right.byteOffset).assumingMemoryBound(to: Float.self)
    return martlet_conv_pack_f32(&conv, filter, packed) == MARTLET_OK
  }

  /// The filter alone decides how it is packed; Winograd's values at the points take four times the bytes of the rest.
  var packedLayout: [Int] {
    let size = conv.filter_size
    return [right.byteOffset, conv.in_channels, conv.out_channels, conv.groups, size.0, size.1, size.2]
  }
}
