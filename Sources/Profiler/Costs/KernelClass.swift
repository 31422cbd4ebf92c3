/// Kinds of kernels, each with a cost model of its own: a time is a sum of amounts of work times a cost each.
package enum KernelClass: String, Sendable, Hashable, CaseIterable {
  /// Matrix products, and those with a side so short that reading the other operand is all the work.
  case product
  case thinProduct = "thin_product"
  /// Convolutions and their derivatives, and those whose channels do not mix.
  case convolution
  case inputGradient = "input_gradient"
  case filterGradient = "filter_gradient"
  case depthwise
  case attention
  case attentionGradient = "attention_gradient"
  /// Everything that goes through arrays row by row: element-wise operations, reductions, normalizations.
  case rows
  case gather, scatter
  /// Arrays put into another order, and joined or cut.
  case copy
  /// Maxima and sums over windows.
  case window
  case random
  /// Everything else, by operations and bytes.
  case other

  /// What is counted of a kernel of this class; the first is the kernel itself.
  package var features: [String] {
    // Bytes by how much is moved in all, so by the level of memory that they come from.
    let bytes = ["near bytes", "middle bytes", "far bytes"]
    return switch self {
    case .product: ["kernel", "multiply-adds", "right elements", "left elements", "results", "other bytes"]
    case .thinProduct, .depthwise: ["kernel", "multiply-adds"] + bytes
    case .convolution, .inputGradient, .filterGradient:
      [
        "kernel", "multiply-adds of 3 × 3", "other multiply-adds", "patch elements", "filter elements", "results",
        "other bytes",
      ]
    case .attention, .attentionGradient: ["kernel", "multiply-adds", "scores", "elements"]
    case .rows:
      ["kernel"] + bytes + [
        "operations", "starts of operations", "simple elements", "divisions", "functions", "reductions", "columns",
      ]
    case .gather, .scatter: ["kernel", "rows", "rows of large arrays"] + bytes
    case .copy: ["kernel", "transposed elements"] + bytes
    case .window: ["kernel", "elements of windows"] + bytes
    case .random: ["kernel", "elements"]
    case .other: ["kernel", "operations"] + bytes
    }
  }
}

/// Amounts of work of a kernel.
package struct KernelWork: Sendable, Hashable {
  package var kernelClass: KernelClass
  /// An amount for each of ``KernelClass/features``.
  package var amounts: [Double]
  /// Row operations that a product or convolution does on its results, for which the costs of rows hold.
  package var rows: [Double]?
  /// Whether the elements have 8 bytes, of which a vector register holds half as many.
  package var isWide: Bool

  package init(kernelClass: KernelClass, amounts: [Double], rows: [Double]?, isWide: Bool) {
    (self.kernelClass, self.amounts, self.rows, self.isWide) = (kernelClass, amounts, rows, isWide)
  }
}
