import Martlet
import MartletGraph

/// Samples that can be put together into a batch.
public protocol Collatable: Sendable {
  /// Several of them together.
  associatedtype Batch: Sendable

  /// Puts samples together, in order.
  ///
  /// - Parameter samples: At least one.
  /// - Throws: ``DataError`` if they do not fit together.
  static func collated(_ samples: [Self]) throws -> Batch
}

/// A sample with its answer, or a batch of them.
///
/// As a sample, `inputs` is `[...]` and `labels` usually a scalar; as a batch, `[batch, ...]` and `[batch]`.
public struct Example: Sendable {
  /// What the model sees.
  public var inputs: Tensor
  /// What it should say.
  public var labels: Tensor

  /// An example of the given tensors.
  public init(inputs: Tensor, labels: Tensor) {
    self.inputs = inputs
    self.labels = labels
  }
}

extension Example: Collatable {
  /// Stacks inputs and labels.
  public static func collated(_ samples: [Example]) throws -> Example {
    Example(inputs: try .collated(samples.map(\.inputs)), labels: try .collated(samples.map(\.labels)))
  }
}

extension Tensor: Collatable {
  /// Stacks tensors of the same type and shape along a new first axis, by copying their elements.
  public static func collated(_ samples: [Tensor]) throws -> Tensor {
    guard let type = samples.first?.type else { throw DataError("there are no samples to put together") }
    guard let sizes = type.shape.rank < Shape.maximumRank ? [samples.count] + type.shape : nil else {
      throw DataError("samples of \(type.shape) leave no room for a batch axis")
    }
    if let other = samples.first(where: { $0.type != type }) {
      throw DataError("samples of \(type.dtype) \(type.shape) and \(other.dtype) \(other.shape) make no batch")
    }
    return Tensor(type: TensorType(type.dtype, Shape(sizes))) { memory in
      for (i, sample) in samples.enumerated() {
        sample.withUnsafeBytes { bytes in
          UnsafeMutableRawBufferPointer(rebasing: memory[(i * bytes.count)...]).copyMemory(from: bytes)
        }
      }
    }
  }
}

extension Int: Collatable {
  /// An `int64` vector.
  public static func collated(_ samples: [Int]) -> Tensor { Tensor(samples) }
}

extension Float: Collatable {
  /// A `float32` vector.
  public static func collated(_ samples: [Float]) -> Tensor { Tensor(samples) }
}
