/// A value that holds parameters, states, or other such values: a layer, or a model with a call of its own.
///
/// Nothing is registered. Whatever is stored is found by reflection: variables, layers, and arrays, dictionaries,
/// optionals, tuples and structs of them. See ``parameters``.
public protocol Module: Sendable {}

/// A function of one tensor that may hold parameters: a struct with fields, an initializer and this function.
///
/// Layers refer to their parameters, so a copy of a layer shares them; building another one does not.
///
/// ```swift
/// struct FeedForward: Layer {
///   let expand = Dense(512, 2048)
///   let contract = Dense(2048, 512)
///   func callAsFunction(_ x: Tensor) -> Tensor { contract(gelu(expand(x))) }
/// }
/// ```
public protocol Layer: Module {
  /// The values of the layer at `x`.
  func callAsFunction(_ x: Tensor) -> Tensor
}

extension Array: Module where Element: Module {}
extension Optional: Module where Wrapped: Module {}
