import MartletCPU
import MartletGraph
import MartletProfiling

extension ProgramTranslation {
  /// The kernels as they are recorded, with each operation's share of the time.
  var kernels: [KernelRecord] {
    flat.kernels.map { kernel in
      let parts = times(of: kernel).sorted { $0.key < $1.key }
      let sum = parts.reduce(0) { $0 + $1.value }
      return KernelRecord(
        name: kernel.kernel.summary,
        parts: parts.map { .init($0.key, share: sum > 0 ? $0.value / sum : 1 / Double(parts.count)) },
        workspaceBytes: workspaceBytes(of: kernel), bytesMoved: kernel.kernel.bytesRead + kernel.kernel.bytesWritten)
    }
  }

  /// What it packs and adds up in, and what the bodies that it runs work in.
  private func workspaceBytes(of kernel: FlatProgram.Kernel) -> Int {
    let scratch = kernel.number < totals.count ? totals[kernel.number].scratchBytes : 0
    return scratch + (kernel.kernel.bodies.map(\.arenaBytes).max() ?? 0)
  }

  /// The time of a kernel, taken apart: what its bodies took as measured, the rest as its operations should take.
  private func times(of kernel: FlatProgram.Kernel) -> [Int: Double] {
    var result: [Int: Double] = [:]
    for inner in kernel.bodies.joined() { result.merge(times(of: inner), uniquingKeysWith: +) }
    let measured = kernel.number < totals.count ? totals[kernel.number].nanoseconds : 0
    let inside = result.values.reduce(0, +)
    let weights = weights(of: kernel)
    let sum = weights.reduce(0) { $0 + $1.nanoseconds }
    // Nothing was measured where nothing ran.
    let own = measured > 0 ? max(measured - inside, 0) : kernel.bodies.isEmpty ? sum : 0
    for (operation, weight) in weights { result[operation, default: 0] += own * weight / sum }
    return result
  }

  /// About how long each operation of a kernel would take alone, were everything it needs at hand.
  private func weights(of kernel: FlatProgram.Kernel) -> [(operation: Int, nanoseconds: Double)] {
    kernel.operations.map { index in
      let node = flat.operations[index].node
      let alone = costs?.nanoseconds(flat.work([index], bytes: node.primitive.hasKernel ? bytes(of: index) : 0))
      let guess = work[index].nanoseconds(on: machine, isContraction: node.primitive.isContraction)
      return (index, max(alone ?? guess, 1e-3))
    }
  }

  private func bytes(of operation: Int) -> Int { work[operation].bytesRead + work[operation].bytesWritten }

  /// The number of the kernels that run one after the other in the program, among all kernels.
  var numbers: [Int] { flat.kernels.map(\.number) }
}

// MARK: - Predictions

extension ProgramTranslation {
  /// What the cost model expects one run of the program to spend on each operation; nil for those of no kernel.
  var predictions: [Double?] {
    var result = [Double?](repeating: nil, count: flat.operations.count)
    for kernel in flat.kernels { predict(kernel, &result) }
    return result
  }

  private func predict(_ kernel: FlatProgram.Kernel, _ result: inout [Double?]) {
    for inner in kernel.bodies.joined() { predict(inner, &result) }
    let weights = weights(of: kernel)
    let sum = weights.reduce(0) { $0 + $1.nanoseconds }
    let moved = kernel.kernel.bytesRead + kernel.kernel.bytesWritten
    // A loop itself only starts its bodies.
    let whole = kernel.bodies.isEmpty ? costs?.nanoseconds(flat.work(kernel.operations, bytes: moved)) ?? sum : 0
    for (operation, weight) in weights {
      let runs = Double(flat.operations[operation].trips ?? 1)
      result[operation] = (result[operation] ?? 0) + runs * whole * weight / sum
    }
  }
}
