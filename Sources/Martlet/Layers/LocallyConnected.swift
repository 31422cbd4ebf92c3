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
    let sizes = inputSize.layerSizes(1, "LocallyConnected1D", fileID, line)
    self.kernelSize = kernelSize.layerSizes(1, "LocallyConnected1D", fileID, line)
    self.stride = stride.layerSizes(1, "LocallyConnected1D", fileID, line).map { max($0, 1) }
    let window = self.kernelSize
    if let axis = sizes.indices.first(where: { window[$0] < 1 || window[$0] > sizes[$0] }) {
      let message = "a window of \(window) does not fit \(sizes) (\(window[axis]) > \(sizes[axis]))"
      _ = stop(GraphError("LocallyConnected1D", message), at: SourceLocation(fileID, line))
    }
    let steps = self.stride
    let places = sizes.indices.map { max((sizes[$0] - window[$0]) / steps[$0] + 1, 0) }
    let size = window.reduce(1, *) * inputCount
    weight = initializer.parameter(Shape(places + [size, outputCount]), dtype: dtype, seed: seed)
    bias = hasBias ? Parameter(.zeros(Shape(places + [outputCount]), dtype: dtype)) : nil
  }

  /// - Parameter x: `[batch, length, in]`.
  /// - Returns: `[batch, length, out]`.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    let patches = locals(x, kernelSize, stride)
    // [places..., batch, window · in] × [places..., window · in, out]
    let product = matmul(patches.movedAxis(from: 0, to: 1), weight.tensor).movedAxis(from: 1, to: 0)
    return bias.map { product + $0.tensor } ?? product
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
    let sizes = inputSize.layerSizes(2, "LocallyConnected2D", fileID, line)
    self.kernelSize = kernelSize.layerSizes(2, "LocallyConnected2D", fileID, line)
    self.stride = stride.layerSizes(2, "LocallyConnected2D", fileID, line).map { max($0, 1) }
    let window = self.kernelSize
    if let axis = sizes.indices.first(where: { window[$0] < 1 || window[$0] > sizes[$0] }) {
      let message = "a window of \(window) does not fit \(sizes) (\(window[axis]) > \(sizes[axis]))"
      _ = stop(GraphError("LocallyConnected2D", message), at: SourceLocation(fileID, line))
    }
    let steps = self.stride
    let places = sizes.indices.map { max((sizes[$0] - window[$0]) / steps[$0] + 1, 0) }
    let size = window.reduce(1, *) * inputCount
    weight = initializer.parameter(Shape(places + [size, outputCount]), dtype: dtype, seed: seed)
    bias = hasBias ? Parameter(.zeros(Shape(places + [outputCount]), dtype: dtype)) : nil
  }

  /// - Parameter x: `[batch, height, width, in]`.
  /// - Returns: `[batch, height, width, out]`.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    let patches = locals(x, kernelSize, stride)
    // [places..., batch, window · in] × [places..., window · in, out]
    let product = matmul(patches.movedAxis(from: 0, to: 2), weight.tensor).movedAxis(from: 2, to: 0)
    return bias.map { product + $0.tensor } ?? product
  }
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
