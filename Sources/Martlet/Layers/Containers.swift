/// Layers one after the other.
///
/// ```swift
/// let model = Sequential {
///   Flatten()
///   Dense(784, 128)
///   Activation.relu
///   Dense(128, 10)
/// }
/// ```
/// Paths count the layers: `1.weight`.
public struct Sequential: Layer {
  public let layers: [any Layer]

  /// The given layers in order.
  public init(_ layers: [any Layer]) { self.layers = layers }

  /// The layers that the closure lists.
  public init(@LayerBuilder _ layers: () -> [any Layer]) { self.init(layers()) }

  public func callAsFunction(_ x: Tensor) -> Tensor { layers.reduce(x) { $1($0) } }
}

/// Collects the layers that a closure lists.
@resultBuilder
public enum LayerBuilder {
  public static func buildExpression(_ layer: any Layer) -> [any Layer] { [layer] }
  public static func buildExpression(_ layers: [any Layer]) -> [any Layer] { layers }
  public static func buildBlock(_ parts: [any Layer]...) -> [any Layer] { parts.flatMap { $0 } }
  public static func buildOptional(_ part: [any Layer]?) -> [any Layer] { part ?? [] }
  public static func buildEither(first part: [any Layer]) -> [any Layer] { part }
  public static func buildEither(second part: [any Layer]) -> [any Layer] { part }
  public static func buildArray(_ parts: [[any Layer]]) -> [any Layer] { parts.flatMap { $0 } }
}

/// What layers give, added to their input: `x + body(x)`.
///
/// - Note: He et al., *Deep residual learning for image recognition*, CVPR 2016.
public struct Residual: Layer {
  public let body: Sequential
  /// Applied to the input before it is added, where shapes differ.
  public let shortcut: (any Layer)?

  /// A residual connection around the layers that the closure lists.
  public init(shortcut: (any Layer)? = nil, @LayerBuilder _ body: () -> [any Layer]) {
    self.shortcut = shortcut
    self.body = Sequential(body)
  }

  public func callAsFunction(_ x: Tensor) -> Tensor { (shortcut?(x) ?? x) + body(x) }
}

/// All dimensions but the first joined into one: `[batch, ...]` gives `[batch, size]`.
public struct Flatten: Layer {
  public init() {}
  public func callAsFunction(_ x: Tensor) -> Tensor {
    x.rank == 1 ? x.expandingDimensions(at: 1) : x.flattened(from: 1)
  }
}

/// A function without parameters as a layer: ``relu``, ``gelu``, … or one of your own.
public struct Activation: Layer {
  private let function: @Sendable (Tensor) -> Tensor

  /// Any function: `Activation { leakyReLU($0, negativeSlope: 0.2) }`.
  public init(_ function: @escaping @Sendable (Tensor) -> Tensor) { self.function = function }

  public func callAsFunction(_ x: Tensor) -> Tensor { function(x) }

  public static let relu = Activation { Martlet.relu($0) }
  /// By the error function.
  public static let gelu = Activation { Martlet.gelu($0) }
  /// By a hyperbolic tangent, as GPT-2 has it.
  public static let geluTanh = Activation { Martlet.gelu($0, approximation: .tanh) }
  public static let silu = Activation { Martlet.silu($0) }
  public static let sigmoid = Activation { Martlet.sigmoid($0) }
  public static let tanh = Activation { Martlet.tanh($0) }
  public static let elu = Activation { Martlet.elu($0) }
  public static let leakyReLU = Activation { Martlet.leakyReLU($0) }
  public static let softplus = Activation { Martlet.softplus($0) }
  public static let hardSwish = Activation { Martlet.hardSwish($0) }
  /// Probabilities along the last axis.
  public static let softmax = Activation { $0.softmax() }
}
