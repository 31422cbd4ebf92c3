import MartletGraph

/// A rate that is multiplied by `factor` when certain numbers of updates are done.
public struct MultiStepSchedule: LearningRate {
  public let initial, factor: Double
  /// The numbers of updates after which the rate changes; one named twice counts twice.
  public let milestones: [Int]

  public init(_ initial: Double, factor: Double, at milestones: [Int]) {
    (self.initial, self.factor, self.milestones) = (initial, factor, milestones)
  }

  public func rate(at step: Tensor) -> Tensor {
    milestones.reduce(.full([], value: initial, dtype: .float64)) { rate, milestone in
      select(step .>= Double(milestone), rate * factor, rate)
    }
  }
}

/// A rate that is multiplied by `factor` at every step.
public struct ExponentialSchedule: LearningRate {
  public let initial, factor: Double

  public init(_ initial: Double, factor: Double) { (self.initial, self.factor) = (initial, factor) }

  public func rate(at step: Tensor) -> Tensor { power(factor, step.cast(to: .float64)) * initial }
}

/// A rate that falls from `initial` to `floor` in `stepCount` steps along a power of what remains, and stays there.
public struct PolynomialSchedule: LearningRate {
  public let initial, floor, exponent: Double
  public let stepCount: Int

  /// - Parameter exponent: 1 is a straight line.
  public init(_ initial: Double, stepCount: Int, exponent: Double = 1, floor: Double = 0) {
    (self.initial, self.floor, self.exponent, self.stepCount) = (initial, floor, exponent, max(stepCount, 1))
  }

  public func rate(at step: Tensor) -> Tensor {
    let rest = 1 - progress(step, stepCount)
    return power(rest, exponent) * (initial - floor) + floor
  }
}

/// A rate that falls along half a cosine again and again, each time for a longer period.
///
/// - Note: Loshchilov and Hutter, *SGDR: stochastic gradient descent with warm restarts*, ICLR 2017.
public struct CosineRestartSchedule: LearningRate {
  public let peak, floor: Double
  public let period, periodFactor: Int

  /// - Parameters:
  ///   - period: The number of steps to the first restart.
  ///   - periodFactor: How many times longer each period is than the one before.
  public init(peak: Double, period: Int, periodFactor: Int = 1, floor: Double = 0) {
    precondition(period > 0 && periodFactor > 0, "CosineRestartSchedule: period and factor must be positive")
    (self.peak, self.floor, self.period, self.periodFactor) = (peak, floor, period, periodFactor)
  }

  public func rate(at step: Tensor) -> Tensor {
    let step = step.cast(to: .float64)
    let (first, factor) = (Double(period), Double(periodFactor))
    let position: Tensor
    if periodFactor == 1 {
      position = modulo(step, first) / first
    } else {
      // After n periods first · (factorⁿ - 1) / (factor - 1) steps are done. The logarithm of a power may be just too
      // small; no step before a restart is as near as this.
      let periods = Martlet.floor(log(step / first * (factor - 1) + 1) / logarithm(factor) + 1e-9)
      let grown = power(factor, periods)
      position = (step - (grown - 1) * (first / (factor - 1))) / (grown * first)
    }
    return (cos(position * Double.pi) + 1) * (0.5 * (peak - floor)) + floor
  }
}

/// How a schedule goes from one rate to the next.
public enum Annealing: Sendable, Hashable {
  /// Along a straight line.
  case linear
  /// Along half a cosine.
  case cosine
  /// By one minus the square root of the progress, for the last steps of a long constant phase.
  case squareRoot

  /// - Parameter progress: 0...1, `float64 []`.
  func between(_ start: Double, _ end: Double, _ progress: Tensor) -> Tensor {
    switch self {
    case .linear: progress * (end - start) + start
    case .cosine: (cos(progress * Double.pi) + 1) * (0.5 * (start - end)) + end
    case .squareRoot: (1 - sqrt(progress)) * (start - end) + end
    }
  }
}

/// A rate that rises to `peak` and falls to almost nothing, once.
///
/// - Note: Smith and Topin, *Super-convergence: very fast training of neural networks using large learning rates*, 2018.
public struct OneCycleSchedule: LearningRate {
  public let peak, initialDivisor, finalDivisor, rise: Double
  public let stepCount: Int
  public let annealing: Annealing
  public let hasThreePhases: Bool

  /// - Parameters:
  ///   - stepCount: All steps of the cycle.
  ///   - rise: The share of the steps in which the rate rises.
  ///   - initialDivisor: The rate begins at `peak / initialDivisor`
  ///   - finalDivisor: and ends at that divided by `finalDivisor`.
  ///   - hasThreePhases: Whether the rate falls as long as it rose, and only then to its end.
  public init(
    peak: Double, stepCount: Int, rise: Double = 0.3, annealing: Annealing = .cosine, initialDivisor: Double = 25,
    finalDivisor: Double = 1e4, hasThreePhases: Bool = false
  ) {
    (self.peak, self.stepCount, self.rise, self.annealing) = (peak, stepCount, rise, annealing)
    (self.initialDivisor, self.finalDivisor) = (initialDivisor, finalDivisor)
    self.hasThreePhases = hasThreePhases
  }

  public func rate(at step: Tensor) -> Tensor {
    let step = step.cast(to: .float64)
    let initial = peak / initialDivisor
    let last = Double(stepCount - 1)
    let top = rise * Double(stepCount) - 1
    func phase(_ from: Double, _ to: Double, _ start: Double, _ end: Double) -> Tensor {
      annealing.between(start, end, ((step - from) / max(to - from, 1e-300)).clipped(to: 0...1))
    }
    let up = phase(0, top, initial, peak)
    if !hasThreePhases { return select(step .<= top, up, phase(top, last, peak, initial / finalDivisor)) }
    let bottom = 2 * top
    let down = select(
      step .<= bottom, phase(top, bottom, peak, initial), phase(bottom, last, initial, initial / finalDivisor))
    return select(step .<= top, up, down)
  }
}

/// A rate that rises in a straight line, stays, and falls at the end.
///
/// - Note: Hu et al., *MiniCPM*, 2024; the square root is Hägele et al., *Scaling laws and compute-optimal training
///   beyond fixed training durations*, NeurIPS 2024.
public struct WarmupStableDecaySchedule: LearningRate {
  public let peak, floor: Double
  public let warmupSteps, stableSteps, decaySteps: Int
  public let annealing: Annealing

  /// - Parameters:
  ///   - warmupSteps: The first update is done with `peak / warmupSteps`.
  ///   - stableSteps: Updates done with `peak` after the warm-up.
  ///   - decaySteps: Updates from `peak` to `floor`, where the rate stays.
  public init(
    peak: Double, warmupSteps: Int, stableSteps: Int, decaySteps: Int, floor: Double = 0,
    annealing: Annealing = .linear
  ) {
    (self.peak, self.floor, self.annealing) = (peak, floor, annealing)
    (self.warmupSteps, self.stableSteps, self.decaySteps) = (warmupSteps, stableSteps, decaySteps)
  }

  public func rate(at step: Tensor) -> Tensor {
    let falling = annealing.between(peak, floor, progress(step - Double(warmupSteps + stableSteps), decaySteps))
    if warmupSteps == 0 { return falling }
    let rising = (step.cast(to: .float64) + 1) * (peak / Double(warmupSteps))
    return select(step .< Double(warmupSteps), rising, falling)
  }
}

/// A rate that rises in a straight line and falls with the inverse square root of the step.
///
/// - Note: Vaswani et al., *Attention is all you need*, NeurIPS 2017.
public struct InverseSquareRootSchedule: LearningRate {
  public let peak: Double
  public let warmupSteps: Int

  /// - Parameter warmupSteps: When `peak` is reached, at least 1.
  public init(peak: Double, warmupSteps: Int) { (self.peak, self.warmupSteps) = (peak, max(warmupSteps, 1)) }

  public func rate(at step: Tensor) -> Tensor {
    let count = step.cast(to: .float64) + 1
    let warmup = Double(warmupSteps)
    return minimum(count / warmup, sqrt(reciprocal(count) * warmup)) * peak
  }
}

/// A rate that rises and falls between two bounds in straight lines, again and again.
///
/// - Note: Smith, *Cyclical learning rates for training neural networks*, WACV 2017.
public struct CyclicSchedule: LearningRate {
  public let low, high, factor: Double
  public let upSteps, downSteps: Int

  /// - Parameters:
  ///   - upSteps: Steps from `low` to `high`.
  ///   - downSteps: Steps back; as many if nil.
  ///   - factor: What every cycle's height is multiplied by after it.
  public init(low: Double, high: Double, upSteps: Int, downSteps: Int? = nil, factor: Double = 1) {
    (self.low, self.high, self.factor) = (low, high, factor)
    (self.upSteps, self.downSteps) = (max(upSteps, 1), max(downSteps ?? upSteps, 1))
  }

  public func rate(at step: Tensor) -> Tensor {
    let step = step.cast(to: .float64)
    let length = Double(upSteps + downSteps)
    let position = modulo(step, length)
    let up = position / Double(upSteps)
    let down = (length - position) / Double(downSteps)
    let height = select(position .<= Double(upSteps), up, down) * (high - low)
    return height * power(factor, Martlet.floor(step / length)) + low
  }
}

/// Schedules one after the other, each counting its steps from where it begins.
public struct SequentialSchedule: LearningRate {
  public let schedules: [any LearningRate]
  /// When each schedule but the first begins.
  public let milestones: [Int]

  public init(_ schedules: [any LearningRate], at milestones: [Int]) {
    precondition(
      schedules.count == milestones.count + 1 && milestones == milestones.sorted(),
      "SequentialSchedule: \(schedules.count) schedules need one ascending milestone less, not \(milestones)")
    (self.schedules, self.milestones) = (schedules, milestones)
  }

  public func rate(at step: Tensor) -> Tensor {
    zip(schedules.dropFirst(), milestones).reduce(schedules[0].rate(at: step)) { rate, next in
      let own = maximum(step - Double(next.1), 0)
      return select(step .>= Double(next.1), next.0.rate(at: own), rate)
    }
  }
}

/// The product of schedules: one rate, and what it is multiplied by.
public struct ChainedSchedule: LearningRate {
  public let schedules: [any LearningRate]

  public init(_ schedules: [any LearningRate]) {
    precondition(!schedules.isEmpty, "ChainedSchedule: there is no schedule")
    self.schedules = schedules
  }

  public func rate(at step: Tensor) -> Tensor {
    schedules.dropFirst().reduce(schedules[0].rate(at: step)) { $0 * $1.rate(at: step) }
  }
}

/// Lowers an optimizer's rate when a number that is measured stops getting better.
///
/// ```swift
/// var plateau = ReduceOnPlateau(factor: 0.5, patience: 3)
/// plateau.observe(validationLoss, optimizer)
/// ```
public struct ReduceOnPlateau: Sendable, Hashable {
  /// What counts as better than the best value so far.
  public enum Threshold: Sendable, Hashable {
    /// By more than this share of it.
    case relative(Double)
    /// By more than this.
    case absolute(Double)
  }

  public let factor, minimumFactor: Double
  public let patience, cooldown: Int
  public let threshold: Threshold
  public let isLargerBetter: Bool
  /// The best value so far; nil before the first.
  public private(set) var best: Double?
  private var worseCount = 0
  private var cooling = 0

  /// - Parameters:
  ///   - factor: What the rate is multiplied by.
  ///   - patience: Values in a row that may be no better before the next one lowers the rate.
  ///   - cooldown: Values that do not count after the rate was lowered.
  ///   - minimumFactor: What the rate's factor never falls below.
  public init(
    factor: Double = 0.1, patience: Int = 10, cooldown: Int = 0, threshold: Threshold = .relative(1e-4),
    minimumFactor: Double = 0, isLargerBetter: Bool = false
  ) {
    (self.factor, self.patience, self.cooldown, self.threshold) = (factor, patience, cooldown, threshold)
    (self.minimumFactor, self.isLargerBetter) = (minimumFactor, isLargerBetter)
  }

  /// Takes in a new value.
  ///
  /// - Returns: Whether the optimizer's ``Optimizer/learningRateFactor`` was lowered.
  @discardableResult
  public mutating func observe(_ value: Double, _ optimizer: any Optimizer) -> Bool {
    if isBetter(value) {
      (best, worseCount) = (value, 0)
    } else {
      worseCount += 1
    }
    if cooling > 0 { (cooling, worseCount) = (cooling - 1, 0) }
    if worseCount <= patience { return false }
    (cooling, worseCount) = (cooldown, 0)
    let state = optimizer.learningRateFactor
    let old = state.tensor.scalar
    let new = max(old * factor, minimumFactor)
    // As PyTorch: a change that nothing would notice is not made.
    if old - new <= 1e-8 { return false }
    state.tensor = .full([], value: new, dtype: .float64)
    return true
  }

  private func isBetter(_ value: Double) -> Bool {
    guard let best else { return !value.isNaN }
    switch (threshold, isLargerBetter) {
    case (.relative(let share), false): return value < best * (1 - share)
    case (.relative(let share), true): return value > best * (1 + share)
    case (.absolute(let distance), false): return value < best - distance
    case (.absolute(let distance), true): return value > best + distance
    }
  }
}

/// The share of `stepCount` that is done, kept inside 0...1; `float64 []`.
private func progress(_ step: Tensor, _ stepCount: Int) -> Tensor {
  (step.cast(to: .float64) / Double(max(stepCount, 1))).clipped(to: 0...1)
}

/// The natural logarithm of a number above 1, by its series, since nothing here may import a math library.
private func logarithm(_ x: Double) -> Double {
  // x = 2ᵏ m with m in 1..<2; log m = 2 artanh((m - 1) / (m + 1)).
  let z = (x.significand - 1) / (x.significand + 1)
  var (term, sum) = (z, z)
  for k in stride(from: 3, through: 79, by: 2) {
    term *= z * z
    sum += term / Double(k)
  }
  return Double(x.exponent) * 0.6931471805599453 + 2 * sum
}
