import MartletGraph

/// The share of examples whose largest logit is that of the right class.
///
/// - Parameters:
///   - logits: `[..., classes]`; of equal ones the first counts.
///   - labels: `[...]` of any integer type.
/// - Returns: `float32 []`; NaN without examples.
public func accuracy(
  _ logits: Tensor, labels: Tensor, fileID: StaticString = #fileID, line: UInt = #line
) -> Tensor {
  let found = logits.argMax(axis: -1, fileID: fileID, line: line)
  guard labels.dtype.isInteger, labels.shape == found.shape else {
    let message = "needs logits [..., classes] and integer labels [...], got \(logits.type) and \(labels.type)"
    return Tensor(storage: stop(GraphError("accuracy", message), at: SourceLocation(fileID, line)))
  }
  return (found .== labels.cast(to: found.dtype)).cast(to: .float32).mean()
}
