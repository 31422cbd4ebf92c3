import MartletCPU
import MartletGraph

extension KernelWork {
  /// What moves no more is in the caches of a processor, or of all of them, by the time it is read again.
  private static let (nearBytes, middleBytes) = (1 << 20, 16 << 20)

  private static func levels(_ bytes: Int) -> [Double] {
    let amount = Double(bytes)
    return bytes <= nearBytes ? [amount, 0, 0] : bytes <= middleBytes ? [0, amount, 0] : [0, 0, amount]
  }

  /// The work of a kernel of a program; for one that runs bodies, without them.
  ///
  /// - Parameter bytes: What it reads and writes.
  init(_ operations: [FlatProgram.Operation], types: (Int) -> TensorType, bytes: Int) {
    let main = operations.first { $0.node.primitive.hasKernel } ?? operations.first
    isWide = main?.node.type.dtype.sizeInBytes == 8
    (kernelClass, amounts) = (.rows, [])
    let levels = KernelWork.levels(bytes)
    let rows = KernelWork.rowAmounts(operations, types: types)
    guard let main, main.node.primitive.hasKernel else {
      amounts = [1] + levels + rows
      return
    }
    let operands = main.operands.map(types)
    let result = main.node.type
    switch main.node.primitive {
    case .contract(let contract): setProduct(contract, operands, bytes)
    case .convolve(let convolve): setConvolution(convolve, operands, result, bytes)
    case .call(let call) where call.isAttention(operands): setAttention(call, operands)
    case .gather: (kernelClass, amounts) = (.gather, [1] + KernelWork.runs(operands) + levels)
    case .scatter: (kernelClass, amounts) = (.scatter, [1] + KernelWork.runs(operands) + levels)
    case .identity, .transpose, .concatenate, .pad, .slice, .reverse, .dynamicSlice, .dynamicUpdate:
      let isOrdered = main.node.primitive.keepsOrder
      (kernelClass, amounts) = (.copy, [1, isOrdered ? 0 : Double(result.elementCount)] + levels)
    case .reduceWindow, .windowSelect:
      let cost = main.node.primitive.rules.cost(operands[...], result: result)
      (kernelClass, amounts) = (.window, [1, Double(cost.floatingPointOperations)] + levels)
    case .randomBits: (kernelClass, amounts) = (.random, [1, Double(result.elementCount)])
    default:
      let cost = main.node.primitive.rules.cost(operands[...], result: result)
      (kernelClass, amounts) = (.other, [1, Double(cost.floatingPointOperations)] + levels)
    }
    let others = operations.filter { !$0.node.primitive.hasKernel }
    // In a tile there is nothing to start or to fetch.
    if !others.isEmpty { self.rows = [0, 0, 0, 0, 0, 0] + KernelWork.rowAmounts(others, types: types).dropFirst(2) }
  }

  /// How many runs of elements indices stand for, of arrays that fit in caches and of those that do not.
  private static func runs(_ operands: [TensorType]) -> [Double] {
    let count = Double((operands.dropFirst().first { !$0.dtype.isFloatingPoint } ?? operands[0]).elementCount)
    return operands[0].sizeInBytes <= middleBytes ? [count, 0] : [0, count]
  }

  private mutating func setProduct(_ contract: Contract, _ operands: [TensorType], _ bytes: Int) {
    let (a, b) = (operands[0].shape, operands[1].shape)
    let batch = contract.leftBatch.reduce(1.0) { $0 * Double(a[$1]) }
    let depth = contract.leftContracted.reduce(1.0) { $0 * Double(a[$1]) }
    let rows = contract.leftFree(rank: a.rank).reduce(1.0) { $0 * Double(a[$1]) }
    let columns = contract.rightFree(rank: b.rank).reduce(1.0) { $0 * Double(b[$1]) }
    let products = batch * rows * columns * depth
    if min(rows, columns) <= 4 {
      (kernelClass, amounts) = (.thinProduct, [1, products] + KernelWork.levels(bytes))
    } else {
      let sizes = [batch * depth * columns, batch * rows * depth, batch * rows * columns]
      let own = sizes.reduce(0, +) * Double(operands[0].dtype.sizeInBytes)
      (kernelClass, amounts) = (.product, [1, products] + sizes + [max(0, Double(bytes) - own)])
    }
  }

  private mutating func setConvolution(
    _ convolve: Convolve, _ operands: [TensorType], _ result: TensorType, _ bytes: Int
  ) {
    let (filterType, output): (TensorType, TensorType) =
      switch convolve.form {
      case .forward: (operands[1], result)
      case .inputGradient: (operands[1], operands[0])
      case .filterGradient: (result, operands[1])
      }
    let filter = filterType.shape
    let perElement = Double(filter.dropLast().reduce(1, *))
    let products = Double(output.elementCount) * perElement
    if convolve.groups > 1 {
      (kernelClass, amounts) = (.depthwise, [1, products] + KernelWork.levels(bytes))
      return
    }
    let isUsual = filter.dropLast(2).allSatisfy { $0 == 3 } && convolve.strides.allSatisfy { $0 == 1 }
    let positions = Double(output.elementCount) / Double(max(filter[filter.rank - 1], 1))
    kernelClass =
      switch convolve.form {
      case .forward: .convolution
      case .inputGradient: .inputGradient
      case .filterGradient: .filterGradient
      }
    amounts = [
      1, isUsual ? products : 0, isUsual ? 0 : products, positions * perElement, Double(filterType.elementCount),
      Double(output.elementCount),
      Double(max(0, bytes - operands.reduce(result.sizeInBytes) { $0 + $1.sizeInBytes })),
    ]
  }

  private mutating func setAttention(_ call: Call, _ operands: [TensorType]) {
    let (query, key) = (operands[0].shape, operands[1].shape)
    let isCausal = call.attributes.count > 1 && call.attributes[1] != 0
    let scores = Double(query[0] * query[1] * query[2] * key[1]) * (isCausal ? 0.5 : 1)
    let isGradient = call.label.hasSuffix("gradient")
    (kernelClass, amounts) = (
      isGradient ? .attentionGradient : .attention,
      [1, scores * Double(query[3]), scores, Double(operands[0].elementCount + 2 * operands[1].elementCount)]
    )
  }

  /// Operations of rows, how often they are started, and their elements: of simple ones, divisions and roots, functions,
  /// and reductions along rows and across them.
  private static func rowAmounts(_ operations: [FlatProgram.Operation], types: (Int) -> TensorType) -> [Double] {
    var amounts = [Double](repeating: 0, count: 5)
    // Without reductions along rows, rows are cut into blocks of some thousand elements.
    var (largest, starts) = (1.0, 0.0)
    for operation in operations {
      let type = operation.node.type
      // Elements of 8 bytes take two registers for one.
      let count = Double(type.elementCount) * (type.dtype.sizeInBytes == 8 ? 2 : 1)
      switch operation.node.primitive {
      case .reduce(let reduce):
        let operand = types(operation.operands[0])
        let isAlongRows = reduce.axes.contains(operand.rank - 1)
        amounts[isAlongRows ? 3 : 4] += Double(operand.elementCount)
        if isAlongRows { starts = max(starts, Double(operand.elementCount / max(operand.shape.last ?? 1, 1))) }
      case .unary(let unary):
        amounts[operation.isFunction(types) ? 2 : unary.isRoot ? 1 : 0] += count
      case .binary(let binary):
        amounts[operation.isFunction(types) ? 2 : binary.kind == .divide ? 1 : 0] += count
      case .compare, .select, .cast, .bitCast, .iota: amounts[0] += count
      default: break
      }
      largest = max(largest, count)
    }
    let count = Double(operations.count)
    return [count, count * max(starts, (largest / 1024).rounded(.up))] + amounts
  }
}

extension FlatProgram {
  /// The work of some operations that are done together.
  func work(_ positions: [Int], bytes: Int) -> KernelWork {
    KernelWork(positions.map { operations[$0] }, types: { operations[$0].node.type }, bytes: bytes)
  }

  /// Each kernel that runs no others, and the work that it does.
  var allWork: [(number: Int, work: KernelWork)] {
    func collect(_ kernels: [Kernel]) -> [(number: Int, work: KernelWork)] {
      kernels.flatMap { kernel -> [(number: Int, work: KernelWork)] in
        if !kernel.bodies.isEmpty { return collect(Array(kernel.bodies.joined())) }
        let bytes = kernel.kernel.bytesRead + kernel.kernel.bytesWritten
        return kernel.operations.isEmpty ? [] : [(kernel.number, work(kernel.operations, bytes: bytes))]
      }
    }
    return collect(kernels)
  }
}

extension FlatProgram.Operation {
  /// Whether it is a function such as `exp`.
  fileprivate func isFunction(_ types: (Int) -> TensorType) -> Bool {
    node.primitive.rules.cost(operands.map(types)[...], result: node.type).transcendentalOperations > 0
  }
}

extension Call {
  fileprivate func isAttention(_ operands: [TensorType]) -> Bool {
    label.hasPrefix("attention") && operands.count >= 3 && operands[0].rank == 4 && operands[1].rank == 4
  }
}

extension Unary {
  fileprivate var isRoot: Bool {
    switch kind {
    case .sqrt, .rsqrt, .cbrt, .reciprocal: true
    default: false
    }
  }
}

extension Primitive {
  /// Whether a kernel is mainly for it, rather than for the row operations around it.
  var hasKernel: Bool {
    switch self {
    case .unary, .binary, .compare, .select, .cast, .bitCast, .iota, .reduce, .reshape, .broadcast, .element, .input,
      .scalar:
      false
    default: true
    }
  }

  /// Whether it moves runs of elements that stay as they are.
  fileprivate var keepsOrder: Bool {
    switch self {
    case .concatenate, .pad, .slice, .dynamicSlice, .dynamicUpdate: true
    default: false
    }
  }
}
