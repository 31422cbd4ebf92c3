public import Martlet

/// A tensor with its element type in ONNX, which may be narrower than any that Martlet computes with.
public struct ONNXTensor: Sendable {
  /// The values, in the carrier of the element type.
  public let tensor: Tensor
  /// The element type in ONNX.
  public let elementType: ONNXElementType
  /// The same values with channels as the last dimension instead of the second, if they were computed so.
  ///
  /// ONNX has images as `[batch, channels, spatial…]`, Martlet's convolutions as `[batch, spatial…, channels]`. Both
  /// are recorded and only what is used is computed, so that no image is turned around between two convolutions.
  let channelsLast: Tensor?
  /// Whether the value is the same at every call of the model.
  var isConstant = false
  /// The same values in the order of a filter of Martlet's, if that has been computed.
  var preparedFilter: Tensor?

  /// A tensor of one of Martlet's own element types.
  public init(_ tensor: Tensor) { self.init(tensor, as: ONNXElementType(tensor.dtype)) }

  /// Values of a type that `tensor` carries.
  ///
  /// - Precondition: The element type of `tensor` is the carrier.
  public init(_ tensor: Tensor, as elementType: ONNXElementType) {
    precondition(elementType.carrier == tensor.dtype, "\(elementType) is not carried by \(tensor.dtype)")
    self.tensor = tensor
    self.elementType = elementType
    channelsLast = nil
  }

  /// Values of a type that `tensor` carries, unless a mistake has been made on the way there.
  init(computed tensor: Tensor, as elementType: ONNXElementType) throws {
    try Interpreter.checkMistakes()
    guard elementType.carrier == tensor.dtype else {
      throw ONNXError(.mismatch, "\(tensor.dtype) is not the type of \(elementType)")
    }
    self.init(tensor, as: elementType)
  }

  /// A tensor that was computed with channels as the last dimension, of at least three.
  init(channelsLast: Tensor) throws {
    try Interpreter.checkMistakes()
    let rank = channelsLast.rank
    tensor = channelsLast.transposed([0, rank - 1] + Array(1..<(rank - 1)))
    elementType = ONNXElementType(channelsLast.dtype)
    self.channelsLast = channelsLast
  }

  private init(_ tensor: Tensor, channelsLast: Tensor?) {
    self.tensor = tensor
    elementType = ONNXElementType(tensor.dtype)
    self.channelsLast = channelsLast
  }
}

extension ONNXTensor {
  /// The same values with channels as the last dimension.
  ///
  /// - Precondition: At least two dimensions.
  var withChannelsLast: Tensor { channelsLast ?? tensor.transposed([0] + Array(2..<tensor.rank) + [1]) }

  /// The values of a filter in the order of Martlet's: `[spatial…, in, out]`.
  var filter: Tensor { preparedFilter ?? tensor.asFilter }

  /// Applies a function of every element, in whichever order of dimensions is there.
  func map(_ function: (Tensor) throws -> Tensor) rethrows -> ONNXTensor {
    try ONNXTensor(function(tensor), channelsLast: channelsLast.map(function))
  }

  /// Applies a function of two elements, broadcasting; keeps channels last if both have them, or one has one element.
  func combined(with other: ONNXTensor, _ function: (Tensor, Tensor) throws -> Tensor) rethrows -> ONNXTensor {
    ONNXTensor(
      try function(tensor, other.tensor),
      channelsLast: try ONNXTensor.alignedChannelsLast(self, other).map { try function($0, $1) })
  }

  private static func alignedChannelsLast(_ a: ONNXTensor, _ b: ONNXTensor) -> (Tensor, Tensor)? {
    guard a.channelsLast != nil || b.channelsLast != nil else { return nil }
    let rank = max(a.tensor.rank, b.tensor.rank)
    guard let x = a.channelsLastLike(rank), let y = b.channelsLastLike(rank) else { return nil }
    return (x, y)
  }

  /// Channels last for an operation with a tensor of `rank` dimensions that has them.
  private func channelsLastLike(_ rank: Int) -> Tensor? {
    if let channelsLast { return channelsLast.rank == rank ? channelsLast : nil }
    if tensor.elementCount == 1, tensor.rank <= rank { return tensor }
    // A weight for each channel is turned around at no cost worth mentioning.
    guard tensor.rank == rank, tensor.elementCount == tensor.shape[1] else { return nil }
    return withChannelsLast
  }
}
