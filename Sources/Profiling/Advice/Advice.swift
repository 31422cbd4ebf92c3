import MartletGraph

/// Something that probably makes the program faster, smaller or right, with the numbers that say so.
public struct Advice: Sendable, Hashable {
  /// A number that speaks for it.
  public struct Evidence: Sendable, Hashable {
    /// What was measured or counted.
    public var name: String
    /// The number.
    public var value: Double
    /// The number with its unit.
    public var text: String
  }

  /// Who found it.
  public var checker: AdviceChecker
  /// What is the matter, in one sentence.
  public var summary: String
  /// The numbers.
  public var evidence: [Evidence]
  /// What to change.
  public var proposal: Proposal
  /// The part of a step that the change could save at best, so that nothing greater is hoped for; nil if it saves
  /// memory, or is about being right.
  public var largestGain: Double?
  /// Layers or source lines that it is about, those that matter most first.
  public var places: [String]

  init(
    _ checker: AdviceChecker, _ summary: String, evidence: [Evidence], proposal: Proposal, largestGain: Double? = nil,
    places: [String] = []
  ) {
    (self.checker, self.summary, self.evidence) = (checker, summary, evidence)
    (self.proposal, self.largestGain, self.places) = (proposal, largestGain, places)
  }
}

/// A change that a program can try by itself, to see whether advice holds.
public enum Proposal: Sendable, Hashable {
  /// Nothing that could be tried by itself: look at the places.
  case inspect
  /// Compute with so many threads.
  case threads(Int)
  /// Take so many examples in a batch.
  case batchSize(Int)
  /// Compute the contractions of these layers in another element type.
  case elementType(DType, layers: [String])
  /// Compute what these layers keep for the backward pass a second time.
  case checkpoint(layers: [String])
  /// Keep what these layers compute for the backward pass.
  case keepResults(layers: [String])
  /// Prepare so many batches ahead.
  case prefetch(batches: Int)
  /// Record a step once and run it again.
  case compileStep
  /// Round lengths up to a multiple, so that fewer programs are needed.
  case roundLengths(toMultipleOf: Int)
  /// Put examples of similar length into a batch.
  case bucketByLength
  /// Read values at these lines less often or later.
  case readLess(lines: [String])
  /// Leave these parameters out.
  case removeParameters([String])
  /// Make arrays at these lines in the order in which they are used.
  case removeCopies(lines: [String])
}

extension Proposal: CustomStringConvertible {
  /// The change in a sentence.
  public var description: String {
    switch self {
    case .inspect: "look at the places named"
    case .threads(let count): "compute with \(count) threads"
    case .batchSize(let size): "take \(size) examples in a batch"
    case .elementType(let type, let layers): "compute contractions in \(type) in \(Proposal.list(layers))"
    case .checkpoint(let layers): "wrap in checkpoint { }: \(Proposal.list(layers))"
    case .keepResults(let layers): "do without checkpoint { } in \(Proposal.list(layers))"
    case .prefetch(let batches): "prepare \(batches) batches ahead"
    case .compileStep: "put the step into compiled { }"
    case .roundLengths(let multiple): "round lengths up to a multiple of \(multiple)"
    case .bucketByLength: "put examples of similar length into a batch"
    case .readLess(let lines): "read values less often, or after the step, at \(Proposal.list(lines))"
    case .removeParameters(let names): "leave out \(Proposal.list(names))"
    case .removeCopies(let lines): "make arrays in the order in which they are used, at \(Proposal.list(lines))"
    }
  }

  private static func list(_ names: [String]) -> String {
    names.prefix(5).joined(separator: ", ") + (names.count > 5 ? " and \(names.count - 5) more" : "")
  }
}
