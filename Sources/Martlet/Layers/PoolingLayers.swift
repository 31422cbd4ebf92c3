/// The largest value in every window of a sequence.
public struct MaxPool1D: Layer {
  public let windowSize: Int
  public let stride: Int?
  public let padding: Padding

  /// - Parameter stride: The window's size if nil.
  public init(windowSize: Int, stride: Int? = nil, padding: Padding = .valid) {
    (self.windowSize, self.stride, self.padding) = (windowSize, stride, padding)
  }

  /// - Parameter x: `[batch, length, channels]`.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    maxPool1D(x, windowSize: Spatial(windowSize), stride: stride.map { Spatial($0) }, padding: padding)
  }
}

/// The largest value in every window of an image.
public struct MaxPool2D: Layer {
  public let windowSize: Spatial
  public let stride: Spatial?
  public let padding: Padding

  /// - Parameter stride: The window's size if nil.
  public init(windowSize: Spatial, stride: Spatial? = nil, padding: Padding = .valid) {
    (self.windowSize, self.stride, self.padding) = (windowSize, stride, padding)
  }

  /// - Parameter x: `[batch, height, width, channels]`.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    maxPool2D(x, windowSize: windowSize, stride: stride, padding: padding)
  }
}

/// The mean of every window of a sequence.
public struct AveragePool1D: Layer {
  public let windowSize: Int
  public let stride: Int?
  public let padding: Padding
  public let countsPadding: Bool

  /// - Parameters:
  ///   - stride: The window's size if nil.
  ///   - countsPadding: Whether the zeros around the sequence are part of the mean.
  public init(windowSize: Int, stride: Int? = nil, padding: Padding = .valid, countsPadding: Bool = false) {
    (self.windowSize, self.stride, self.padding) = (windowSize, stride, padding)
    self.countsPadding = countsPadding
  }

  /// - Parameter x: `[batch, length, channels]`.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    averagePool1D(
      x, windowSize: Spatial(windowSize), stride: stride.map { Spatial($0) }, padding: padding,
      countsPadding: countsPadding)
  }
}

/// The mean of every window of an image.
public struct AveragePool2D: Layer {
  public let windowSize: Spatial
  public let stride: Spatial?
  public let padding: Padding
  public let countsPadding: Bool

  /// - Parameters:
  ///   - stride: The window's size if nil.
  ///   - countsPadding: Whether the zeros around the image are part of the mean.
  public init(
    windowSize: Spatial, stride: Spatial? = nil, padding: Padding = .valid, countsPadding: Bool = false
  ) {
    (self.windowSize, self.stride, self.padding) = (windowSize, stride, padding)
    self.countsPadding = countsPadding
  }

  /// - Parameter x: `[batch, height, width, channels]`.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    averagePool2D(x, windowSize: windowSize, stride: stride, padding: padding, countsPadding: countsPadding)
  }
}

/// The mean over all positions: `[batch, spatial..., channels]` gives `[batch, channels]`.
public struct GlobalAveragePool: Layer {
  public init() {}
  public func callAsFunction(_ x: Tensor) -> Tensor { globalAveragePool(x) }
}

/// The largest value over all positions: `[batch, spatial..., channels]` gives `[batch, channels]`.
public struct GlobalMaxPool: Layer {
  public init() {}
  public func callAsFunction(_ x: Tensor) -> Tensor { globalMaxPool(x) }
}

/// The largest value in every window of a volume.
public struct MaxPool3D: Layer {
  public let windowSize: Spatial
  public let stride: Spatial?
  public let padding: Padding

  /// - Parameter stride: The window's size if nil.
  public init(windowSize: Spatial, stride: Spatial? = nil, padding: Padding = .valid) {
    (self.windowSize, self.stride, self.padding) = (windowSize, stride, padding)
  }

  /// - Parameter x: `[batch, depth, height, width, channels]`.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    maxPool3D(x, windowSize: windowSize, stride: stride, padding: padding)
  }
}

/// The mean of every window of a volume.
public struct AveragePool3D: Layer {
  public let windowSize: Spatial
  public let stride: Spatial?
  public let padding: Padding
  public let countsPadding: Bool

  /// - Parameters:
  ///   - stride: The window's size if nil.
  ///   - countsPadding: Whether the zeros around the volume are part of the mean.
  public init(
    windowSize: Spatial, stride: Spatial? = nil, padding: Padding = .valid, countsPadding: Bool = false
  ) {
    (self.windowSize, self.stride, self.padding) = (windowSize, stride, padding)
    self.countsPadding = countsPadding
  }

  /// - Parameter x: `[batch, depth, height, width, channels]`.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    averagePool3D(x, windowSize: windowSize, stride: stride, padding: padding, countsPadding: countsPadding)
  }
}

/// The norm of every window; see ``lpPool(_:order:windowSize:stride:fileID:line:)``.
public struct LpPool: Layer {
  public let order: Double
  public let windowSize: Spatial
  public let stride: Spatial?

  /// - Parameter stride: The window's size if nil.
  public init(order: Double, windowSize: Spatial, stride: Spatial? = nil) {
    (self.order, self.windowSize, self.stride) = (order, windowSize, stride)
  }

  /// - Parameter x: `[batch, spatial..., channels]`.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    lpPool(x, order: order, windowSize: windowSize, stride: stride)
  }
}

/// The mean of as many parts as are wanted: `[batch, spatial..., channels]` gives `[batch, size..., channels]`.
public struct AdaptiveAveragePool: Layer {
  public let size: Spatial
  public init(size: Spatial) { self.size = size }
  public func callAsFunction(_ x: Tensor) -> Tensor { adaptiveAveragePool(x, size: size) }
}

/// The largest of as many parts as are wanted: `[batch, spatial..., channels]` gives `[batch, size..., channels]`.
public struct AdaptiveMaxPool: Layer {
  public let size: Spatial
  public init(size: Spatial) { self.size = size }
  public func callAsFunction(_ x: Tensor) -> Tensor { adaptiveMaxPool(x, size: size) }
}
