import MartletGraph
import MartletKernels

/// A contraction in floating point, with what is done to its tiles.
struct ProductStep: Step {
  let product: MatrixProduct
  let left: Placed
  let right: Placed
  let result: Int32
  let dtype: DType
  let epilogue: Epilogue?
  /// The place of the right operand among those packed once, if it is one of them.
  let packing: Int?
  let site: Site
  let summary: String

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

  /// The bytes that the right operand takes when it is packed once; 0 where that does not pay.
  var packedBytes: Int {
    var gemm = gemm
    return martlet_gemm_packed_bytes_f32(&gemm)
  }

  /// Packs the right operand, given where its memory begins.
  func pack(_ base: UnsafeMutableRawPointer, into packed: UnsafeMutableRawPointer) {
    var gemm = gemm
    gemm.b = UnsafeRawPointer(base + right.byteOffset)
    martlet_gemm_pack_b_f32(&gemm, packed)
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

/// A product of a loop's body whose right operand is the same in every turn.
struct Packing: Sendable {
  let step: ProductStep
  /// Which of the body's inputs it is.
  let input: Int
}
