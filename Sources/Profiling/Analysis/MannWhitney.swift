#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The test of Mann and Whitney: whether one sample tends to larger values than another.
///
/// It only compares ranks, so a few very slow steps do not decide.
///
/// - Note: Mann and Whitney, *Annals of Mathematical Statistics* 18 (1947).
package struct MannWhitney {
  /// The chance of so great a difference, in either direction, if both samples came from the same source.
  package let probability: Double
  /// How many of all pairs have the larger value in the second sample; pairs of equals count half.
  let statistic: Double

  package init(_ first: [Double], _ second: [Double]) {
    let ranks = MannWhitney.ranks(first + second)
    let (n, m) = (first.count, second.count)
    guard n > 0, m > 0 else {
      (probability, statistic) = (1, 0)
      return
    }
    let sum = ranks.values[n...].reduce(0, +)
    statistic = sum - Double(m * (m + 1)) / 2
    if ranks.tieCorrection == 0, n * m <= 400 {
      probability = MannWhitney.exact(Int(statistic.rounded()), n, m)
    } else {
      probability = MannWhitney.normal(statistic, n, m, ranks.tieCorrection)
    }
  }

  /// Ranks from 1, equals sharing the mean of theirs; and the sum of t³ - t over groups of t equals.
  private static func ranks(_ values: [Double]) -> (values: [Double], tieCorrection: Double) {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = [Double](repeating: 0, count: values.count)
    var correction = 0.0
    var start = 0
    while start < order.count {
      var end = start + 1
      while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
      let size = Double(end - start)
      for i in start..<end { ranks[order[i]] = Double(start + end + 1) / 2 }
      correction += size * size * size - size
      start = end
    }
    return (ranks, correction)
  }

  /// By counting in how many of all arrangements the statistic is as far from its middle.
  private static func exact(_ statistic: Int, _ n: Int, _ m: Int) -> Double {
    // ways[j][u]: arrangements of j values of the second sample among those seen so far, with statistic u.
    var ways = [[Double]](repeating: [Double](repeating: 0, count: n * m + 1), count: m + 1)
    ways[0][0] = 1
    for seen in 1...(n + m) {
      for j in stride(from: min(m, seen), through: 1, by: -1) {
        // The value at this place belongs to the second sample and exceeds those of the first before it.
        let smaller = seen - j
        guard smaller <= n else { continue }
        for u in stride(from: n * m, through: smaller, by: -1) { ways[j][u] += ways[j - 1][u - smaller] }
      }
    }
    let all = ways[m].reduce(0, +)
    let low = min(statistic, n * m - statistic)
    return min(1, 2 * ways[m][...max(low, 0)].reduce(0, +) / all)
  }

  private static func normal(_ statistic: Double, _ n: Int, _ m: Int, _ ties: Double) -> Double {
    let (first, second) = (Double(n), Double(m))
    let all = first + second
    let variance = first * second / 12 * (all + 1 - ties / (all * (all - 1)))
    guard variance > 0 else { return 1 }
    let distance = max(abs(statistic - first * second / 2) - 0.5, 0)
    return erfc(distance / variance.squareRoot() / 2.0.squareRoot())
  }
}
