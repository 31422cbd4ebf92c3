import MartletGraph

/// How rotary positions are stretched, so that a model reads longer sequences than it was first trained on.
public enum RotaryScaling: Sendable, Hashable {
  /// Positions are divided by the factor.
  ///
  /// Chen et al., *Extending context window of large language models via positional interpolation*, 2023.
  case linear(factor: Double)
  /// Slow rotations, of fewer than `lowFrequencyFactor` turns in the original context, are slowed by the factor; quick
  /// ones, of more than `highFrequencyFactor` turns, stay; between them it changes evenly.
  ///
  /// As in Llama 3.1 (Grattafiori et al., *The Llama 3 herd of models*, 2024).
  case llama3(
    factor: Double, lowFrequencyFactor: Double = 1, highFrequencyFactor: Double = 4, originalContext: Int = 8192)
  /// Between `fast` and `slow` turns in the original context it changes evenly over the pairs; queries and keys grow a
  /// little: by `attentionFactor`, or 0.1 · ln(factor) + 1 if nil.
  ///
  /// Peng et al., *YaRN: efficient context window extension of large language models*, ICLR 2024.
  case yarn(
    factor: Double, originalContext: Int, fast: Double = 32, slow: Double = 1, attentionFactor: Double? = nil)
  /// The speed of each pair is divided by a number of its own, half the width of a head of them.
  case divisors([Double])
}

extension RotaryScaling {
  /// The speed of each pair of elements, in radians a position.
  static func speeds(_ half: Int, base: Double, scaling: RotaryScaling?) -> [Double] {
    let speeds = (0..<half).map { Math.exp(-Double($0) / Double(half) * Math.log(base)) }
    switch scaling {
    case nil: return speeds
    case .linear(let factor): return speeds.map { $0 / factor }
    case .divisors(let divisors): return zip(speeds, divisors).map { $0 / $1 }
    case .llama3(let factor, let low, let high, let context):
      return speeds.map { speed in
        let turns = Double(context) * speed / (2 * Double.pi)
        let share = min(max((turns - low) / (high - low), 0), 1)
        return share * speed + (1 - share) * speed / factor
      }
    case .yarn(let factor, let context, let fast, let slow, _):
      // The pair that makes so many turns in the original context.
      func pair(_ turns: Double) -> Double {
        Double(half) * Math.log(Double(context) / (turns * 2 * Double.pi)) / Math.log(base)
      }
      let first = max(pair(fast).rounded(.down), 0)
      let last = min(pair(slow).rounded(.up), Double(2 * half - 1))
      return speeds.enumerated().map { index, speed in
        let share = min(max((Double(index) - first) / max(last - first, 0.001), 0), 1)
        return share * speed / factor + (1 - share) * speed
      }
    }
  }

  /// What turned queries and keys are multiplied by.
  var amplitude: Double {
    guard case .yarn(let factor, _, _, _, let given) = self else { return 1 }
    return given ?? (factor > 1 ? 0.1 * Math.log(factor) + 1 : 1)
  }
}
