/// Makes canonical Huffman codes of limited length.
enum HuffmanEncoder {
  /// Code lengths for symbols that occur so often; 0 for those that do not occur.
  ///
  /// Optimal unless the limit is hit; then the deepest leaves are pulled up and others pushed down until the code fits.
  static func lengths(for counts: [Int], limit: Int) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: counts.count)
    let used = counts.indices.filter { counts[$0] > 0 }.sorted { (counts[$0], $0) < (counts[$1], $1) }
    if used.count <= 1 {
      if let symbol = used.first { result[symbol] = 1 }
      return result
    }
    var perLength = histogram(of: depths(used.map { counts[$0] }), limit: limit)
    makeComplete(&perLength, limit: limit)
    // The rarest symbols get the longest codes.
    var length = limit
    for symbol in used {
      while perLength[length] == 0 { length -= 1 }
      perLength[length] -= 1
      result[symbol] = UInt8(length)
    }
    return result
  }

  /// The codes themselves, with their bits in the order in which they are sent.
  static func codes(for lengths: [UInt8]) -> [Int] {
    var counts = [Int](repeating: 0, count: 16)
    for length in lengths where length > 0 { counts[Int(length)] += 1 }
    var next = [Int](repeating: 0, count: 16)
    for length in 1..<16 { next[length] = (next[length - 1] + counts[length - 1]) << 1 }
    return lengths.map { length in
      guard length > 0 else { return 0 }
      defer { next[Int(length)] += 1 }
      return HuffmanDecoder.reversed(next[Int(length)], bits: Int(length))
    }
  }

  /// Depths of the leaves of a Huffman tree over ascending weights, by the two-queue method.
  private static func depths(_ weights: [Int]) -> [Int] {
    let count = weights.count
    var total = weights
    var parent = [Int](repeating: 0, count: 2 * count - 1)
    var leaf = 0
    var inner = count
    for node in count..<(2 * count - 1) {
      var weight = 0
      for _ in 0..<2 {
        let takesLeaf = leaf < count && (inner >= node || total[leaf] <= total[inner])
        let child = takesLeaf ? leaf : inner
        if takesLeaf { leaf += 1 } else { inner += 1 }
        parent[child] = node
        weight += total[child]
      }
      total.append(weight)
    }
    var depth = [Int](repeating: 0, count: 2 * count - 1)
    for node in stride(from: 2 * count - 3, through: 0, by: -1) { depth[node] = depth[parent[node]] + 1 }
    return Array(depth[..<count])
  }

  private static func histogram(of depths: [Int], limit: Int) -> [Int] {
    var result = [Int](repeating: 0, count: limit + 1)
    for depth in depths { result[min(depth, limit)] += 1 }
    return result
  }

  /// Lengthens shorter codes until those cut to the limit have room (Kraft's sum is one again).
  private static func makeComplete(_ perLength: inout [Int], limit: Int) {
    var sum = 0
    for length in 1...limit { sum += perLength[length] << (limit - length) }
    while sum > 1 << limit {
      // One leaf at the limit goes up beside a leaf that moves one down: together one unit less.
      perLength[limit] -= 1
      var length = limit - 1
      while perLength[length] == 0 { length -= 1 }
      perLength[length] -= 1
      perLength[length + 1] += 2
      sum -= 1
    }
  }
}
