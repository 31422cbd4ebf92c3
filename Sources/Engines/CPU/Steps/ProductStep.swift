import MartletGraph
import MartletKernels

/// A contraction in floating point, with what is done to its tiles.
struct ProductStep: PackingStep {
  let product: MatrixProduct
  let left: Placed
  let right: Placed
  let result: Int32
  let dtype: DType
  let epilogue: Epilogue?
  /// The place of the right operand among those packed once, if it is one of them.
  var packing: Int?
  let site: Site
  var summary: String

  func run(_ frame: Frame) throws(ExecutionError) {
    guard let epilogue else {
      if multiply(frame, nil) != MARTLET_OK { throw site.outOfMemory("matmul", frame.engine) }
      return
    }
    var status = MARTLET_OK
    try epilogue.run(frame, rowsPerMatrix: product.rows) { status = multiply(frame, $0) }
    if status != MARTLET_OK { throw site.outOfMemory("matmul", frame.engine) }
  }

  private func multiply(_ frame: Frame, _ context: UnsafeMutablePointer<Epilogue.Context>?) -> martlet_status {
    var gemm = self.gemm
    if let packing, let packed = frame.packed { gemm.packed_b = packed[packing] }
    if let context {
      gemm.epilogue = Epilogue.callback
      gemm.epilogue_context = UnsafeMutableRawPointer(context)
    }
    return overOuterBatch(&gemm, frame, context)
  }

  /// The shape and strides of the product; the kernel walks the innermost dimension of a batch.
  private var gemm: martlet_gemm {
    var gemm = martlet_gemm()
    gemm.rows = product.rows
    gemm.columns = product.columns
    gemm.depth = product.depth
    gemm.a_row_stride = product.leftRowStride
    gemm.a_column_stride = product.leftDepthStride
    gemm.b_row_stride = product.rightDepthStride
    gemm.b_column_stride = product.rightColumnStride
    gemm.c_row_stride = product.columns
    gemm.c_column_stride = 1
    gemm.alpha = 1
    let inner = product.batch.last
    gemm.batch = inner?.size ?? 1
    gemm.a_batch_stride = inner?.left ?? 0
    gemm.b_batch_stride = inner?.right ?? 0
    gemm.c_batch_stride = product.rows * product.columns
    return gemm
  }

  func packedBytes(keepsBits: Bool) -> Int {
    var gemm = gemm
    return keepsBits ? martlet_gemm_reusable_bytes_f32(&gemm) : martlet_gemm_packed_bytes_f32(&gemm)
  }

  func pack(_ base: UnsafeMutableRawPointer, into packed: UnsafeMutableRawPointer) -> Bool {
    var gemm = gemm
    gemm.b = UnsafeRawPointer(base + right.byteOffset)
    martlet_gemm_pack_b_f32(&gemm, packed)
    return true
  }

  /// B alone decides how it is packed.
  var packedLayout: [Int] {
    [right.byteOffset, product.depth, product.columns, product.rightDepthStride, product.rightColumnStride]
  }

  /// Repeats the product over the batch dimensions that the kernel does not walk itself.
  private func overOuterBatch(
    _ gemm: inout martlet_gemm, _ frame: Frame, _ context: UnsafeMutablePointer<Epilogue.Context>?
  ) -> martlet_status {
    let width = dtype.sizeInBytes
    let (a, b, c) = (frame.address(left), frame.address(right), frame.address(result))
    let outer = product.batch.dropLast()
    let count = outer.reduce(1) { $0 * $1.size }
    for index in 0..<count {
      var rest = index
      var (leftOffset, rightOffset) = (0, 0)
      for dimension in outer.reversed() {
        leftOffset += rest % dimension.size * dimension.left
        rightOffset += rest % dimension.size * dimension.right
        rest /= dimension.size
      }
      let matrices = index * gemm.batch
      gemm.a = UnsafeRawPointer(a + leftOffset * width)
      gemm.b = UnsafeRawPointer(b + rightOffset * width)
      gemm.c = c + matrices * product.rows * product.columns * width
      context?.pointee.firstRow = matrices * product.rows
      let status = dtype == .float64 ? martlet_gemm_f64(&gemm) : martlet_gemm_f32(&gemm)
      if status != MARTLET_OK { return status }
    }
    return MARTLET_OK
  }
}
