import MartletGraph

/// A contraction as matrix products: rows × depth times depth × columns, for each of a batch.
struct MatrixProduct {
  /// A dimension over which the product is repeated, with the steps of both operands in elements.
  struct BatchDimension {
    var size: Int
    var left: Int
    var right: Int
  }

  var rows = 1
  var columns = 1
  var depth = 1
  var leftRowStride = 0
  var leftDepthStride = 0
  var rightDepthStride = 0
  var rightColumnStride = 0
  /// Outermost first; the results lie one after the other.
  var batch: [BatchDimension] = []

  /// Nil when an operand's rows, columns or depth cannot be walked with one step.
  init?(_ contract: Contract, _ planner: borrowing Planner, _ left: Int32, _ right: Int32, _ result: TensorType) {
    let a = planner.program.type(left).shape
    let b = planner.program.type(right).shape
    let leftStrides = planner.views[Int(left)].strides
    let rightStrides = planner.views[Int(right)].strides
    var walk = Walk()
    for axis in 0..<a.rank where !contract.leftBatch.contains(axis) && !contract.leftContracted.contains(axis) {
      walk.append(a[axis], leftStrides[axis], 0)
    }
    guard let (rows, rowStep, _) = walk.single else { return nil }
    walk = Walk()
    for axis in 0..<b.rank where !contract.rightBatch.contains(axis) && !contract.rightContracted.contains(axis) {
      walk.append(b[axis], 0, rightStrides[axis])
    }
    guard let (columns, _, columnStep) = walk.single else { return nil }
    walk = Walk()
    for (i, j) in zip(contract.leftContracted, contract.rightContracted) {
      walk.append(a[i], leftStrides[i], rightStrides[j])
    }
    guard let (depth, leftStep, rightStep) = walk.single else { return nil }
    (self.rows, self.columns, self.depth) = (rows, columns, depth)
    (leftRowStride, leftDepthStride) = (rowStep, leftStep)
    (rightDepthStride, rightColumnStride) = (rightStep, columnStep)
    walk = Walk()
    for (i, j) in zip(contract.leftBatch, contract.rightBatch) {
      walk.append(a[i], leftStrides[i], rightStrides[j])
    }
    batch = walk.dimensions.map { BatchDimension(size: $0.0, left: $0.1, right: $0.2) }
  }

  /// Dimensions walked together in two operands, neighbors joined where both allow it.
  private struct Walk {
    var dimensions: [(Int, Int, Int)] = []

    mutating func append(_ size: Int, _ left: Int, _ right: Int) {
      if size == 1 { return }
      if let (outer, outerLeft, outerRight) = dimensions.last, outerLeft == left * size, outerRight == right * size {
        dimensions[dimensions.count - 1] = (outer * size, left, right)
      } else {
        dimensions.append((size, left, right))
      }
    }

    /// The one dimension that is left, or nil when there are more.
    var single: (Int, Int, Int)? {
      if dimensions.contains(where: { $0.0 == 0 }) { return (0, 1, 1) }
      return dimensions.count > 1 ? nil : dimensions.first ?? (1, 1, 1)
    }
  }
}
