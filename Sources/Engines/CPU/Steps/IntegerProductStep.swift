import MartletGraph

/// A contraction of integers, which wrap: plain loops, since no model spends its time here.
struct IntegerProductStep: Step {
  let product: MatrixProduct
  let left: Placed
  let right: Placed
  let result: Int32
  let dtype: DType
  let summary: String

  func run(_ frame: Frame) throws(ExecutionError) {
    // Wrapping arithmetic does not depend on the sign.
    switch dtype.sizeInBytes {
    case 1: multiply(UInt8.self, frame)
    case 2: multiply(UInt16.self, frame)
    case 4: multiply(UInt32.self, frame)
    default: multiply(UInt64.self, frame)
    }
  }

  private func multiply<T: FixedWidthInteger>(_: T.Type, _ frame: Frame) {
    let a = frame.address(left).assumingMemoryBound(to: T.self)
    let b = frame.address(right).assumingMemoryBound(to: T.self)
    let c = frame.address(result).assumingMemoryBound(to: T.self)
    let count = product.batch.reduce(1) { $0 * $1.size }
    for index in 0..<count {
      var rest = index
      var (leftOffset, rightOffset) = (0, 0)
      for dimension in product.batch.reversed() {
        leftOffset += rest % dimension.size * dimension.left
        rightOffset += rest % dimension.size * dimension.right
        rest /= dimension.size
      }
      matrix(a + leftOffset, b + rightOffset, c + index * product.rows * product.columns)
    }
  }

  private func matrix<T: FixedWidthInteger>(
    _ a: UnsafePointer<T>, _ b: UnsafePointer<T>, _ c: UnsafeMutablePointer<T>
  ) {
    for row in 0..<product.rows {
      let line = c + row * product.columns
      line.update(repeating: 0, count: product.columns)
      for k in 0..<product.depth {
        let factor = a[row * product.leftRowStride + k * product.leftDepthStride]
        let other = b + k * product.rightDepthStride
        for column in 0..<product.columns {
          line[column] &+= factor &* other[column * product.rightColumnStride]
        }
      }
    }
  }
}
