package import Martlet

/// Training on one batch, which may be made larger or smaller.
package protocol BatchedWorkload: TrainingWorkload {
  /// What the loss is computed from; the first dimension of each is that of examples.
  var batch: [Tensor] { get set }
}

extension BatchedWorkload {
  /// The same training on so many examples, those of the batch again and again.
  package func resized(to count: Int) throws -> Self {
    var copy = self
    copy.batch = batch.map { tensor in
      let repeats = (count + tensor.shape[0] - 1) / tensor.shape[0]
      return Tensor(concatenating: Array(repeating: tensor, count: repeats), axis: 0)[0..<count]
    }
    for tensor in copy.batch { try tensor.evaluated() }
    return copy
  }
}
