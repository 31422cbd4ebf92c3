/// Compresses into deflate data (RFC 1951): matches in the last 32 KiB, found by hash chains with one step of
/// looking ahead, then the cheapest of a dynamic, a fixed or no Huffman code for each block.
package struct Deflate {
  /// The compressed form of bytes; same input, same output.
  package static func compress(_ input: Span<UInt8>) -> [UInt8] {
    var finder = MatchFinder()
    var block = DeflateBlock()
    var writer = BitWriter()
    writer.bytes.reserveCapacity(input.count / 3 + 64)
    var position = 0
    var blockStart = 0
    var ahead: (length: Int, distance: Int)?
    while position < input.count {
      let match = ahead ?? finder.match(at: position, in: input)
      ahead = nil
      if match.length >= 3 {
        // A literal now is better when the next position begins a longer match.
        if match.length < MatchFinder.goodLength {
          let next = finder.match(at: position + 1, in: input)
          if next.length > match.length {
            ahead = next
            block.append(literal: input[position])
            position += 1
            continue
          }
        }
        block.append(length: match.length, distance: match.distance)
        finder.skip(to: position + match.length, in: input)
        position += match.length
      } else {
        block.append(literal: input[position])
        position += 1
      }
      if block.isFull {
        block.write(to: &writer, source: input.extracting(blockStart..<position), isLast: false)
        block.reset()
        blockStart = position
      }
    }
    block.write(to: &writer, source: input.extracting(blockStart..<position), isLast: true)
    writer.alignToByte()
    return writer.bytes
  }
}

/// Finds earlier occurrences of the bytes at a position.
private struct MatchFinder {
  /// Matches from this length on are taken without looking further.
  static let goodLength = 32
  private static let window = 1 << 15
  private static let longestChain = 128

  // For each hash the last position with it, and for each position of the window the one before it; -1 is none.
  private var last = [Int](repeating: -1, count: 1 << 15)
  private var previous = [Int](repeating: -1, count: 1 << 15)
  private var inserted = 0

  /// The longest match at `position`; its length is 0 if there is none of at least 3.
  mutating func match(at position: Int, in input: Span<UInt8>) -> (length: Int, distance: Int) {
    skip(to: position, in: input)
    let longest = min(258, input.count - position)
    guard longest >= 3 else { return (0, 0) }
    var candidate = last[MatchFinder.hash(input, position)]
    var best = (length: 0, distance: 0)
    var steps = MatchFinder.longestChain
    while candidate >= 0, position - candidate <= MatchFinder.window - 1, steps > 0 {
      let length = commonLength(input, candidate, position, atMost: longest, beyond: best.length)
      if length > best.length {
        best = (length, position - candidate)
        if length >= longest || length >= MatchFinder.goodLength * 4 { break }
      }
      let next = previous[candidate & (MatchFinder.window - 1)]
      // An overwritten entry points forward; following it would go round in circles.
      guard next < candidate else { break }
      candidate = next
      steps -= 1
    }
    // Three bytes from far away cost more than three literals.
    return best.length >= 4 || best.length == 3 && best.distance <= 4096 ? best : (0, 0)
  }

  /// Enters all positions before `position` into the chains.
  mutating func skip(to position: Int, in input: Span<UInt8>) {
    let end = min(position, input.count - 2)
    while inserted < end {
      let hash = MatchFinder.hash(input, inserted)
      previous[inserted & (MatchFinder.window - 1)] = last[hash]
      last[hash] = inserted
      inserted += 1
    }
  }

  private static func hash(_ input: Span<UInt8>, _ i: Int) -> Int {
    let key = UInt32(input[i]) | UInt32(input[i + 1]) << 8 | UInt32(input[i + 2]) << 16
    return Int((key &* 0x9E37_79B1) >> 17)
  }

  private func commonLength(_ input: Span<UInt8>, _ a: Int, _ b: Int, atMost longest: Int, beyond best: Int) -> Int {
    // Only a match that agrees one byte further than the best so far is worth measuring.
    guard best == 0 || best < longest && input[a + best] == input[b + best] else { return 0 }
    var length = 0
    while length < longest, input[a + length] == input[b + length] { length += 1 }
    return length
  }
}

/// Bits packed into bytes, lowest first.
struct BitWriter {
  var bytes: [UInt8] = []
  private var pending: UInt64 = 0
  private var count: UInt64 = 0

  mutating func write(_ value: Int, bits: Int) {
    pending |= UInt64(value) << count
    count += UInt64(bits)
    while count >= 8 {
      bytes.append(UInt8(truncatingIfNeeded: pending))
      pending >>= 8
      count -= 8
    }
  }

  mutating func alignToByte() {
    if count > 0 { write(0, bits: 8 - Int(count)) }
  }
}
