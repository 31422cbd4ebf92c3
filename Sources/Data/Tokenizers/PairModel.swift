/// Byte-pair encoding: a word begins as its characters (or bytes), and the pair of lowest rank is joined until none is left.
///
/// - Note: Sennrich, Haddow and Birch, *Neural machine translation of rare words with subword units* (2016).
struct PairModel: Sendable {
  /// Spellings as words have them: bytes in a byte-level model, else text.
  var table: TokenTable
  var merges: MergeTable
  /// The token of each byte, in a byte-level model.
  var bytes: [Int32]?
  var unknown: Int32?
  var fusesUnknown = false
  /// Tokens of single bytes for characters that the vocabulary lacks.
  var fallback: [Int32]?
  var prefix: [UInt8] = []
  var suffix: [UInt8] = []
  /// Whether a word that is a token is that token, whatever the merges say.
  var prefersWholeWords = false

  func encode(_ word: UnsafeBufferPointer<UInt8>, into scratch: EncodingScratch) throws(DataError) {
    guard word.count > 0 else { return }
    if scratch.appendKnown(word) { return }
    let first = scratch.tokens.count
    if prefersWholeWords, let token = table.number(word) {
      scratch.append(token, 0, word.count)
    } else {
      try split(word, scratch)
      if scratch.symbols.count <= 96 { mergeByScanning(scratch) } else { mergeByHeap(scratch) }
      var start = 0
      for i in scratch.symbols.indices where scratch.widths[i] >= 0 {
        let end = start + Int(scratch.widths[i])
        scratch.append(scratch.symbols[i], start, end)
        start = end
      }
    }
    scratch.keep(word, from: first)
  }

  // MARK: First symbols

  private func split(_ word: UnsafeBufferPointer<UInt8>, _ scratch: EncodingScratch) throws(DataError) {
    scratch.symbols.removeAll(keepingCapacity: true)
    scratch.widths.removeAll(keepingCapacity: true)
    if let bytes {
      for byte in word where bytes[Int(byte)] >= 0 {
        scratch.symbols.append(bytes[Int(byte)])
        scratch.widths.append(1)
      }
      return
    }
    var pending: (token: Int32, width: Int)?
    func flush() {
      guard let last = pending else { return }
      scratch.symbols.append(last.token)
      scratch.widths.append(Int32(last.width))
      pending = nil
    }
    var position = 0
    while position < word.count {
      let length = ValidUTF8.length(word[position])
      let character = UnsafeBufferPointer(rebasing: word[position..<(position + length)])
      let isFirst = position == 0
      position += length
      if let token = symbol(character, isFirst: isFirst, isLast: position == word.count) {
        flush()
        scratch.symbols.append(token)
        scratch.widths.append(Int32(length))
      } else if let fallback {
        // As the reference has it: the bytes come before an unknown character that is still pending.
        for byte in character {
          scratch.symbols.append(fallback[Int(byte)])
          scratch.widths.append(1)
        }
      } else if let unknown {
        if fusesUnknown, let last = pending {
          pending = (last.token, last.width + length)
        } else {
          flush()
          pending = (unknown, length)
        }
      }
    }
    flush()
  }

  private func symbol(_ character: UnsafeBufferPointer<UInt8>, isFirst: Bool, isLast: Bool) -> Int32? {
    if (isFirst || prefix.isEmpty) && (!isLast || suffix.isEmpty) { return table.number(character) }
    return table.number((isFirst ? [] : prefix) + Array(character) + (isLast ? suffix : []))
  }

  // MARK: Merging

  /// For short words: look at all pairs, join the first of lowest rank, look again.
  private func mergeByScanning(_ scratch: EncodingScratch) {
    var count = scratch.symbols.count
    guard count > 1 else { return }
    scratch.ranks.removeAll(keepingCapacity: true)
    for i in 1..<count { scratch.ranks.append(merges[scratch.symbols[i - 1], scratch.symbols[i]]) }
    scratch.symbols.withUnsafeMutableBufferPointer { symbols in
      scratch.widths.withUnsafeMutableBufferPointer { widths in
        scratch.ranks.withUnsafeMutableBufferPointer { ranks in
          while count > 1 {
            var best = UInt64.max
            var place = 0
            for i in 0..<(count - 1) where ranks[i] >> 32 < best >> 32 { (best, place) = (ranks[i], i) }
            if best == .max { break }
            symbols[place] = Int32(truncatingIfNeeded: best)
            widths[place] += widths[place + 1]
            count -= 1
            for i in (place + 1)..<max(count, place + 1) {
              symbols[i] = symbols[i + 1]
              widths[i] = widths[i + 1]
              ranks[i - 1] = ranks[i]
            }
            if place > 0 { ranks[place - 1] = merges[symbols[place - 1], symbols[place]] }
            if place + 1 < count { ranks[place] = merges[symbols[place], symbols[place + 1]] }
          }
        }
      }
    }
    scratch.symbols.removeLast(scratch.symbols.count - count)
    scratch.widths.removeLast(scratch.widths.count - count)
  }

  /// For long words: a heap of pairs by rank and place, and a chain of symbols. Symbols that were joined to the one
  /// before get a width of -1.
  private func mergeByHeap(_ scratch: EncodingScratch) {
    let count = scratch.symbols.count
    var heap = Heap<DueMerge>()
    var next = (0..<count).map { Int32($0 + 1) }
    var previous = (0..<count).map { Int32($0 - 1) }
    func push(_ left: Int, _ right: Int) {
      let merge = merges[scratch.symbols[left], scratch.symbols[right]]
      if merge != .max {
        heap.push(DueMerge(key: (merge >> 32) << 32 | UInt64(left), result: Int32(truncatingIfNeeded: merge)))
      }
    }
    for i in 1..<count { push(i - 1, i) }
    while let due = heap.pop() {
      let (key, result) = (due.key, due.result)
      let left = Int(key & 0xFFFF_FFFF)
      guard scratch.widths[left] >= 0, Int(next[left]) < count else { continue }
      let right = Int(next[left])
      // The pair that stands here now may be another one.
      let current = merges[scratch.symbols[left], scratch.symbols[right]]
      guard current != .max, current >> 32 == key >> 32, Int32(truncatingIfNeeded: current) == result else { continue }
      scratch.symbols[left] = result
      scratch.widths[left] += scratch.widths[right]
      scratch.widths[right] = -1
      next[left] = next[right]
      if Int(next[right]) < count { previous[Int(next[right])] = Int32(left) }
      if previous[left] >= 0 { push(Int(previous[left]), left) }
      if Int(next[left]) < count { push(left, Int(next[left])) }
    }
  }
}

/// A merge that is due: which and where, the earliest first, and what it gives.
private struct DueMerge: Comparable {
  let key: UInt64
  let result: Int32

  static func < (a: DueMerge, b: DueMerge) -> Bool { a.key < b.key }
}
