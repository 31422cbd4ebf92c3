import Martlet
import MartletData
import MartletZoo
import MartletTestSupport
import Testing

@Suite(.endsAtZero) struct TextTests {
  static let configuration = GPTConfiguration(layers: 2, heads: 2, width: 16, context: 12, vocabulary: 11)
  let model = withSeed(5) { GPT(configuration) }

  @Test func `the novels are whole, and make the vocabulary of 75 characters`() throws {
    let (training, heldOut) = try TextSamples.load()
    #expect(training.utf8.count == 684_768)
    #expect(heldOut.utf8.count == 466_854)
    let corpus = TextCorpus(training: training, heldOut: heldOut, tokenizer: try TextTokenizer(of: training))
    #expect(corpus.tokenizer.vocabularySize == 75)
    #expect(corpus.training.count == 684_768)
    #expect(corpus.heldOut.count == 466_846)
    #expect(try corpus.tokenizer.decode(Array(corpus.training.prefix(200))) == String(training.prefix(200)))
  }

  @Test func `tokens one at a time give the logits of the whole sequence`() {
    let tokens: [Int32] = [3, 1, 4, 1, 5, 9, 2, 6]
    let whole = model(Tensor(tokens, shape: [1, 8]))[0].scalars(as: Float.self)
    let cache = GPTCache(Self.configuration)
    var pieces: [Float] = model.nextLogits(after: Tensor(Array(tokens[..<3]), shape: [1, 3]), cache: cache)
      .scalars(as: Float.self)
    #expect(pieces.count == 11)
    expectClose(pieces, Array(whole[(2 * 11)..<(3 * 11)]))
    for position in 3..<8 {
      pieces = model.nextLogits(after: Tensor([tokens[position]], shape: [1, 1]), cache: cache)
        .scalars(as: Float.self)
      expectClose(pieces, Array(whole[(position * 11)..<((position + 1) * 11)]))
    }
  }

  @Test func `later tokens do not change earlier logits`() {
    let a = model(Tensor([1, 2, 3, 4] as [Int32], shape: [1, 4]))[0, 0..<3].scalars(as: Float.self)
    let b = model(Tensor([1, 2, 3, 9] as [Int32], shape: [1, 4]))[0, 0..<3].scalars(as: Float.self)
    expectClose(a, b)
  }

  @Test func `the same seed says the same, beyond the context too`() {
    func tokens(_ seed: UInt64) -> [Int32] {
      Array(Generation(of: model, after: [1, 2], sampling: Sampling(seed: seed)).prefix(40))
    }
    #expect(tokens(1) == tokens(1))
    #expect(tokens(1) != tokens(2))
    #expect(tokens(3).allSatisfy { (0..<11).contains($0) })
  }

  @Test func `generation without a temperature takes what the whole model finds most probable`() {
    var sequence: [Int32] = [7, 3]
    let said = Array(Generation(of: model, after: sequence, sampling: Sampling(temperature: 0)).prefix(8))
    for token in said {
      let logits = model(Tensor(sequence, shape: [1, sequence.count]))[0, sequence.count - 1]
      #expect(Int32(logits.argMax().scalar) == token)
      sequence.append(token)
    }
  }

  private func expectClose(_ a: [Float], _ b: [Float]) {
    for (x, y) in zip(a, b) { #expect(abs(x - y) < 1e-5) }
  }
}

@Suite struct SamplingTests {
  static let logits: [Float] = [0, 3, 1, 3, -2]

  @Test func `without a temperature the first of the most probable tokens is taken`() {
    #expect(Sampling(temperature: 0).token(from: Self.logits, position: 0) == 1)
  }

  @Test func `tokens come as often as softmax says`() {
    let logits: [Float] = [0, 1, 2]
    let sum = logits.reduce(0.0) { $0 + exp(Double($1)) }
    var counts = [0, 0, 0]
    for position in 0..<20_000 { counts[Sampling(seed: 3).token(from: logits, position: position)] += 1 }
    for (count, logit) in zip(counts, logits) {
      // Five standard deviations of a share.
      let share = exp(Double(logit)) / sum
      #expect(abs(Double(count) / 20_000 - share) < 5 * (share * (1 - share) / 20_000).squareRoot())
    }
  }

  @Test func `only the most probable tokens are considered`() {
    let few = (0..<500).map { Sampling(topK: 2, seed: 1).token(from: Self.logits, position: $0) }
    #expect(Set(few) == [1, 3])
    // Tokens 1 and 3 have 0.46 each: the first alone reaches 0.4, both are needed for 0.5.
    #expect(Set((0..<500).map { Sampling(topP: 0.4).token(from: Self.logits, position: $0) }) == [1])
    #expect(Set((0..<500).map { Sampling(topP: 0.5).token(from: Self.logits, position: $0) }) == [1, 3])
  }

  private func exp(_ x: Double) -> Double { x == 0 ? 1 : x == 1 ? 2.718281828459045 : 7.38905609893065 }
}
