/// A size in an exported model: a number, or a multiple of the batch size and a number.
struct Size: Hashable {
  var multiplier: Int
  var constant: Int

  /// The number; nil if it depends on the batch.
  var fixed: Int? { multiplier == 0 ? constant : nil }

  /// The straight line through sizes that were found at some batch sizes; nil if there is none.
  init?(_ sizes: [Int], at batches: [Int]) {
    guard batches.count > 1, let first = sizes.first, sizes.contains(where: { $0 != first }) else {
      (multiplier, constant) = (0, sizes[0])
      return
    }
    let (rise, run) = (sizes[1] - sizes[0], batches[1] - batches[0])
    guard rise % run == 0 else { return nil }
    multiplier = rise / run
    constant = first - multiplier * batches[0]
    let line = self
    guard zip(sizes, batches).allSatisfy({ $0 == line.multiplier * $1 + line.constant }) else { return nil }
  }

  /// The name of a dimension that is not fixed: `batch`, `2 * batch + 1`.
  var name: String {
    let product = multiplier == 1 ? "batch" : "\(multiplier) * batch"
    return constant == 0 ? product : "\(product) + \(constant)"
  }
}
