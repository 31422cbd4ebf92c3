/// A contraction whose right operand may be packed once for many runs.
protocol PackingStep: Step {
  var right: Placed { get }

  /// The bytes that the right operand takes when it is packed once; 0 where that does not pay.
  ///
  /// - Parameter keepsBits: Whether the results must be, to the bit, those of a run that packs on the way.
  func packedBytes(keepsBits: Bool) -> Int

  /// Packs the right operand, given where its memory begins; false without memory to work in.
  func pack(_ base: UnsafeMutableRawPointer, into packed: UnsafeMutableRawPointer) -> Bool

  /// Numbers that are the same for two steps only if they pack the same memory in the same way, given the same
  /// instruction set and byte count.
  var packedLayout: [Int] { get }
}

/// A contraction whose right operand is an input that stays the same from run to run.
struct Packing: Sendable {
  let step: any PackingStep
  /// Which of the program's inputs it is.
  let input: Int
  let layout: [Int]

  init(step: any PackingStep, input: Int) {
    (self.step, self.input) = (step, input)
    layout = step.packedLayout
  }
}
