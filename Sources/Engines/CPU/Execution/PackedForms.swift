import MartletGraph
import MartletKernels
import Synchronization

/// Memory that holds a packed operand.
final class PackedBlock: Sendable {
  nonisolated(unsafe) let address: UnsafeMutableRawPointer
  private let byteCount: Int
  private let pool: BufferPool

  /// Nil where the pool has no room for more packed operands.
  init?(byteCount: Int, pool: BufferPool) {
    guard let address = pool.takePacked(byteCount) else { return nil }
    (self.address, self.byteCount, self.pool) = (address, byteCount, pool)
  }

  deinit { pool.givePacked(address, byteCount) }
}

/// The contents of one buffer as contractions like to read them, kept by the buffer as long as the contents last.
///
/// Weights are read by run after run, and packing them each time is a pass over all of them. The first runs only
/// count, since most buffers are read once or twice: by the forward and the backward pass of a step, after which the
/// optimizer makes new ones.
final class PackedForms: Sendable {
  /// A run that finds a buffer for this time packs it.
  static let packingUse = 3

  private struct Form {
    let layout: [Int]
    let isa: martlet_isa
    let byteCount: Int
    var uses = 0
    var block: PackedBlock?

    func serves(_ packing: Packing, _ isa: martlet_isa, _ byteCount: Int) -> Bool {
      self.isa == isa && self.byteCount == byteCount && layout == packing.layout
    }
  }

  private let forms = Mutex<[Form]>([])

  /// The right operand of a contraction packed, if it has been met often enough and there is room.
  ///
  /// - Parameter base: Where the memory of the buffer begins.
  func block(_ packing: Packing, _ base: UnsafeMutableRawPointer, _ pool: BufferPool) -> PackedBlock? {
    let byteCount = packing.step.packedBytes(keepsBits: true)
    if byteCount == 0 { return nil }
    let isa = martlet_current_isa()
    let (found, isDue) = forms.withLock { forms -> (PackedBlock?, Bool) in
      let index = forms.firstIndex { $0.serves(packing, isa, byteCount) } ?? forms.count
      if index == forms.count { forms.append(Form(layout: packing.layout, isa: isa, byteCount: byteCount)) }
      if let block = forms[index].block { return (block, false) }
      forms[index].uses += 1
      // Others that come meanwhile go on without, and so does everybody where there was no room.
      return (nil, forms[index].uses == PackedForms.packingUse)
    }
    guard isDue, let block = PackedBlock(byteCount: byteCount, pool: pool), packing.step.pack(base, into: block.address)
    else { return found }
    forms.withLock { forms in
      let index = forms.firstIndex { $0.serves(packing, isa, byteCount) }
      if let index { forms[index].block = block }
    }
    return block
  }
}

extension PlannedProgram {
  /// What the inputs keep packed for the contractions of the plan; holding it keeps it in place for a run.
  func packedBlocks(_ inputs: [Buffer]) -> [PackedBlock?] {
    // What is overwritten now must not be taken for what it was.
    for index in plan.donatedInputs { inputs[index].forgetDerivation() }
    return plan.packings.map { packing in
      let buffer = inputs[packing.input]
      return buffer.derivation { PackedForms() }?.block(packing, buffer.address, engine.pool)
    }
  }
}
