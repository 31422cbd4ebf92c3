public import MartletGraph

/// A convolution of sequences with a filter of its own at every position.
public struct LocallyConnected1D: Layer {
  /// The filters, `[length, window · in, out]`: a place for each position of the result.
  public let weight: Parameter
  /// `[length, out]`.
  public let bias: Parameter?
  public let kernelSize, stride: [Int]

  /// - Parameters:
  ///   - inputSize: Of the sequences: length.
  ///   - kernelSize: Of the window at each position.
  public init(
    _ inputCount: Int, _ outputCount: Int, inputSize: Spatial, kernelSize: Spatial, stride: Spatial = 1,
    hasBias: Bool = true, initializer: Initializer = .glorotUniform, dtype: DType = .float32, seed: UInt64? = nil,
    fileID: StaticString = #fileID, line: UInt = #line
  ) {
    let windows = LocalWindows("LocallyConnected1D", dimensions: 1, inputSize, kernelSize, stride, fileID, line)
    (self.kernelSize, self.stride) = (windows.size, windows.stride)
    let size = windows.size.reduce(1, *) * inputCount
    weight = initializer.parameter(Shape(windows.places + [size, outputCount]), dtype: dtype, seed: seed)
    bias = hasBias ? Parameter(.zeros(Shape(windows.places + [outputCount]), dtype: dtype)) : nil
  }

  /// - Parameter x: `[batch, length, in]`.
  /// - Returns: `[batch, length, out]`.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    multiplied(x, weight, bias, kernelSize, stride)
  }
}

/// A convolution of images with a filter of its own at every position.
public struct LocallyConnected2D: Layer {
  /// The filters, `[height, width, window · in, out]`: a place for each position of the result.
  public let weight: Parameter
  /// `[height, width, out]`.
  public let bias: Parameter?
  public let kernelSize, stride: [Int]

  /// - Parameters:
  ///   - inputSize: Of the images: height, width.
  ///   - kernelSize: Of the window at each position.
  public init(
    _ inputCount: Int, _ outputCount: Int, inputSize: Spatial, kernelSize: Spatial, stride: Spatial = 1,
    hasBias: Bool = true, initializer: Initializer = .glorotUniform, dtype: DType = .float32, seed: UInt64? = nil,
    fileID: StaticString = #fileID, line: UInt = #line
  ) {
    let windows = LocalWindows("LocallyConnected2D", dimensions: 2, inputSize, kernelSize, stride, fileID, line)
    (self.kernelSize, self.stride) = (windows.size, windows.stride)
    let size = windows.size.reduce(1, *) * inputCount
    weight = initializer.parameter(Shape(windows.places + [size, outputCount]), dtype: dtype, seed: seed)
    bias = hasBias ? Parameter(.zeros(Shape(windows.places + [outputCount]), dtype: dtype)) : nil
  }

  /// - Parameter x: `[batch, height, width, in]`.
  /// - Returns: `[batch, height, width, out]`.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    multiplied(x, weight, bias, kernelSize, stride)
  }
}

/// Where the windows of a layer with weights of its own at every position lie.
private struct LocalWindows {
  let size, stride, places: [Int]

  init(
    _ layer: String, dimensions: Int, _ inputSize: Spatial, _ kernelSize: Spatial, _ stride: Spatial,
    _ fileID: StaticString, _ line: UInt
  ) {
    let sizes = inputSize.layerSizes(dimensions, layer, fileID, line)
    let window = kernelSize.layerSizes(dimensions, layer, fileID, line)
    let steps = stride.layerSizes(dimensions, layer, fileID, line).map { max($0, 1) }
    if let axis = sizes.indices.first(where: { window[$0] < 1 || window[$0] > sizes[$0] }) {
      let message = "a window of \(window) does not fit \(sizes) (\(window[axis]) > \(sizes[axis]))"
      _ = stop(GraphError(layer, message), at: SourceLocation(fileID, line))
    }
    (size, self.stride) = (window, steps)
    places = sizes.indices.map { max((sizes[$0] - window[$0]) / steps[$0] + 1, 0) }
  }
}

/// Every window times the weights of its place.
private func multiplied(
  _ x: Tensor, _ weight: Parameter, _ bias: Parameter?, _ window: [Int], _ stride: [Int]
) -> Tensor {
  let patches = locals(x, window, stride)
  let dimensions = window.count
  // [places..., batch, window · in] × [places..., window · in, out]
  let product = matmul(patches.movedAxis(from: 0, to: dimensions), weight.tensor).movedAxis(from: dimensions, to: 0)
  return bias.map { product + $0.tensor } ?? product
}

/// The windows of an image side by side: `[batch, spatial..., channels]` gives `[batch, places..., window · channels]`.
private func locals(_ x: Tensor, _ window: [Int], _ stride: [Int]) -> Tensor {
  let count = window.reduce(1, *)
  let parts = (0..<count).map { index -> Tensor in
    var (rest, part) = (index, x)
    for axis in window.indices.reversed() {
      let offset = rest % window[axis]
      rest /= window[axis]
      let places = (x.shape[axis + 1] - window[axis]) / stride[axis] + 1
      let positions = Tensor.range(0..<places) * Double(stride[axis]) + Double(offset)
      part = part.gathered(at: positions, axis: axis + 1)
    }
    return part
  }
  return Tensor(concatenating: parts, axis: -1)
}
