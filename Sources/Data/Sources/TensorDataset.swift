import Martlet
import MartletGraph

/// Examples in memory: the rows of two tensors.
public struct TensorDataset: Dataset {
  /// All inputs, `[count, ...]`.
  public let inputs: Tensor
  /// All labels, `[count, ...]`.
  public let labels: Tensor

  /// A data set whose sample *i* is row *i* of both tensors.
  ///
  /// - Precondition: At least one dimension each, and the same number of rows.
  public init(inputs: Tensor, labels: Tensor, fileID: StaticString = #fileID, line: UInt = #line) {
    precondition(
      inputs.rank > 0 && labels.rank > 0 && inputs.shape[0] == labels.shape[0],
      "TensorDataset: inputs \(inputs.shape) and labels \(labels.shape) differ in rows at \(fileID):\(line)")
    self.inputs = inputs
    self.labels = labels
  }

  public var count: Int { inputs.shape[0] }

  public func element(at index: Int) throws -> Example {
    Example(inputs: inputs.copiedRows([index], isBatch: false), labels: labels.copiedRows([index], isBatch: false))
  }
}

extension TensorDataset {
  /// The same samples in an order that depends on `seed` only.
  public func shuffled(seed: UInt64) -> TensorBatches {
    TensorBatches(dataset: self, order: permutation(count: count, seed: seed, epoch: 0))
  }

  /// The samples by number, `size` to a batch; the last batch may have fewer.
  ///
  /// - Precondition: A positive size.
  public func batches(of size: Int) -> TensorBatches {
    TensorBatches(dataset: self, order: Array(0..<count)).batches(of: size)
  }
}

/// Batches of examples that are in memory: a sequence for plain `for` loops, since nothing can go wrong on the way.
public struct TensorBatches: Sequence {
  let dataset: TensorDataset
  let order: [Int]
  var size = 1

  /// The same order, `size` samples to a batch; the last batch may have fewer.
  ///
  /// - Precondition: A positive size.
  public func batches(of size: Int) -> TensorBatches {
    precondition(size > 0, "batches: the size \(size) is not positive")
    return TensorBatches(dataset: dataset, order: order, size: size)
  }

  /// The batches, each `[batch, ...]`.
  public func makeIterator() -> AnyIterator<Example> {
    var start = 0
    return AnyIterator {
      guard start < order.count else { return nil }
      defer { start += size }
      let rows = order[start..<Swift.min(start + size, order.count)]
      return Example(
        inputs: dataset.inputs.copiedRows(rows, isBatch: true), labels: dataset.labels.copiedRows(rows, isBatch: true))
    }
  }
}

extension Tensor {
  /// Copies rows along the first axis into a tensor of their own; `isBatch` keeps that axis.
  func copiedRows(_ rows: some Collection<Int>, isBatch: Bool) -> Tensor {
    let row = Array(shape.dropFirst())
    let type = TensorType(dtype, Shape(isBatch ? [rows.count] + row : row))
    let rowSize = row.reduce(dtype.sizeInBytes, *)
    return withUnsafeBytes { source in
      Tensor(type: type) { memory in
        for (i, index) in rows.enumerated() {
          let bytes = UnsafeRawBufferPointer(rebasing: source[(index * rowSize)..<((index + 1) * rowSize)])
          UnsafeMutableRawBufferPointer(rebasing: memory[(i * rowSize)...]).copyMemory(from: bytes)
        }
      }
    }
  }
}
