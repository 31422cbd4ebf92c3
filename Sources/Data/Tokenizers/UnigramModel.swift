/// A unigram language model: of all ways to cut a text into pieces, the one of highest probability.
///
/// - Note: Kudo, *Subword Regularization* (2018); the best path by dynamic programming over positions.
struct UnigramModel: Sendable {
  /// Pieces with the logarithms of their probabilities.
  let pieces: [(spelling: [UInt8], score: Double)]
  let unknown: Int32?
  /// Tokens of single bytes, for characters that no piece covers.
  let fallback: [Int32]?
  /// Whether sums are kept with 32 bits, as SentencePiece does, which decides between ways that are nearly as likely.
  var roundsToFloat = false
  private let trie: ByteTrie
  private let unknownScore: Double

  /// The best way to reach a place: its score, and the piece that ends there with its length.
  typealias Arrival = (score: Double, token: Int32, length: Int32)

  private static let nowhere: Arrival = (0, 0, 0)

  /// How much less likely than the least likely piece an unknown character is.
  private static let unknownPenalty = 10.0

  /// A model of the given pieces.
  ///
  /// - Parameter isMatched: Whether a piece is looked for in texts; control pieces and bytes are not.
  init(
    pieces: [(spelling: [UInt8], score: Double)], unknown: Int32?, fallback: [Int32]?,
    isMatched: (Int) -> Bool = { _ in true }, lowest: Double? = nil
  ) {
    self.pieces = pieces
    self.unknown = unknown
    self.fallback = fallback
    var trie = ByteTrie()
    for (i, piece) in pieces.enumerated() where isMatched(i) && !piece.spelling.isEmpty {
      trie.insert(piece.spelling, Int32(i))
    }
    trie.finish()
    self.trie = trie
    unknownScore = (lowest ?? pieces.map(\.score).min() ?? 0) - UnigramModel.unknownPenalty
  }

  func encode(_ text: UnsafeBufferPointer<UInt8>, into scratch: EncodingScratch) throws(DataError) {
    if scratch.appendKnown(text) { return }
    let first = scratch.tokens.count
    try search(text, scratch)
    scratch.keep(text, from: first)
  }

  private func search(_ text: UnsafeBufferPointer<UInt8>, _ scratch: EncodingScratch) throws(DataError) {
    // Taken out of the scratch memory, so that the array has one owner while it changes.
    var best = scratch.lattice
    scratch.lattice = []
    defer { scratch.lattice = best }
    best.removeAll(keepingCapacity: true)
    best.append(contentsOf: repeatElement(UnigramModel.nowhere, count: text.count + 1))
    var position = 0
    while position < text.count {
      let score = best[position].score
      let width = ValidUTF8.length(text[position])
      var hasSingle = false
      func offer(_ token: Int32, _ length: Int, _ candidate: Double) {
        let target = position + length
        let candidate = roundsToFloat ? Double(Float(candidate)) : candidate
        if best[target].length == 0 || candidate > best[target].score {
          best[target] = (candidate, token, Int32(length))
        }
      }
      trie.forEachPrefix(text, from: position) { token, length in
        offer(token, length, score + pieces[Int(token)].score)
        hasSingle = hasSingle || length == width
      }
      if !hasSingle {
        guard let unknown else {
          throw DataError("the text has a character that no piece covers, and no piece for such")
        }
        offer(unknown, width, score + unknownScore)
      }
      position += width
    }
    try follow(best, text, scratch)
  }

  /// Walks the best path back from the end, and appends its pieces in order.
  private func follow(
    _ best: [Arrival], _ text: UnsafeBufferPointer<UInt8>,
    _ scratch: EncodingScratch
  ) throws(DataError) {
    var path: [(token: Int32, start: Int, end: Int)] = []
    var position = text.count
    while position > 0 {
      let (_, token, length) = best[position]
      let start = position - Int(length)
      // Unknown characters side by side are one token.
      if token == unknown, let last = path.last, last.token == unknown {
        path[path.count - 1].start = start
      } else {
        path.append((token, start, position))
      }
      position = start
    }
    for (token, start, end) in path.reversed() {
      if token == unknown, let fallback {
        // All bytes of a run share its place in the text.
        for byte in text[start..<end] { scratch.append(fallback[Int(byte)], start, end) }
      } else {
        scratch.append(token, start, end)
      }
    }
  }
}

/// A tree of byte strings, for finding all that begin at a place of a text.
struct ByteTrie: Sendable {
  private var children: [UInt64: Int32] = [:]
  private var values: [Int32] = [-1]
  /// Node and byte to node, open addressing; made by `finish()`.
  private var keys: [UInt64] = []
  private var targets: [Int32] = []
  private var first: [Int32] = []

  mutating func insert(_ spelling: [UInt8], _ value: Int32) {
    var node: Int32 = 0
    for byte in spelling {
      let key = UInt64(node) << 8 | UInt64(byte)
      if let next = children[key] {
        node = next
      } else {
        values.append(-1)
        let next = Int32(values.count - 1)
        children[key] = next
        node = next
      }
    }
    values[Int(node)] = value
  }

  /// Lays the tree out for quick walks.
  mutating func finish() {
    var size = 16
    while size < children.count * 2 { size *= 2 }
    keys = [UInt64](repeating: .max, count: size)
    targets = [Int32](repeating: 0, count: size)
    first = [Int32](repeating: 0, count: 256)
    for (key, target) in children {
      if key < 256 { first[Int(key)] = target }
      var slot = ByteTrie.slot(key) & (size - 1)
      while keys[slot] != .max { slot = (slot + 1) & (size - 1) }
      keys[slot] = key
      targets[slot] = target
    }
    children = [:]
  }

  @inline(__always)
  private static func slot(_ key: UInt64) -> Int {
    Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 24)
  }

  /// Calls `body` with the value and length of each string of the tree that stands at a place.
  @inline(__always)
  func forEachPrefix(_ text: UnsafeBufferPointer<UInt8>, from start: Int, _ body: (Int32, Int) -> Void) {
    keys.withUnsafeBufferPointer { keys in
      targets.withUnsafeBufferPointer { targets in
        var node = first[Int(text[start])]
        var position = start + 1
        while node > 0 {
          let value = values[Int(node)]
          if value >= 0 { body(value, position - start) }
          guard position < text.count else { return }
          let key = UInt64(node) << 8 | UInt64(text[position])
          var slot = ByteTrie.slot(key) & (keys.count - 1)
          node = 0
          while keys[slot] != .max {
            if keys[slot] == key {
              node = targets[slot]
              break
            }
            slot = (slot + 1) & (keys.count - 1)
          }
          position += 1
        }
      }
    }
  }
}
