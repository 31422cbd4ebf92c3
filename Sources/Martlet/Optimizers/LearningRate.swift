import MartletGraph

/// A learning rate as a function of the number of updates done: a number, or one of the schedules.
///
/// Computed inside the program, so that a compiled step needs no new recording when the rate changes.
public protocol LearningRate: Sendable {
  /// - Parameter step: The number of updates done before this one, `int64 []`.
  /// - Returns: `float64 []`.
  func rate(at step: Tensor) -> Tensor
}

extension Double: LearningRate {
  /// The same at every step.
  public func rate(at step: Tensor) -> Tensor { .full([], value: self, dtype: .float64) }
}

/// A rate that is multiplied by `factor` every `interval` steps.
public struct StepSchedule: LearningRate {
  public let initial, factor: Double
  public let interval: Int

  public init(_ initial: Double, factor: Double, every interval: Int) {
    precondition(interval > 0, "StepSchedule: the interval must be positive")
    (self.initial, self.factor, self.interval) = (initial, factor, interval)
  }

  public func rate(at step: Tensor) -> Tensor {
    power(factor, (step / Double(interval)).cast(to: .float64)) * initial
  }
}

/// A rate that rises to `peak` in a straight line, falls along one in `stepCount` steps to `floor`, and stays there.
public struct LinearSchedule: LearningRate {
  public let peak, floor: Double
  public let warmupSteps, stepCount: Int

  /// - Parameters:
  ///   - stepCount: When `floor` is reached, warm-up included.
  ///   - warmupSteps: When `peak` is reached; the first update is done with `peak / warmupSteps`.
  public init(peak: Double, stepCount: Int, warmupSteps: Int = 0, floor: Double = 0) {
    (self.peak, self.floor, self.warmupSteps, self.stepCount) = (peak, floor, warmupSteps, stepCount)
  }

  public func rate(at step: Tensor) -> Tensor {
    warmed(step, peak: peak, warmupSteps: warmupSteps, stepCount: stepCount) { progress in
      peak + progress * (floor - peak)
    }
  }
}

/// A rate that rises to `peak` in a straight line, falls along half a cosine to `floor`, and stays there.
///
/// - Note: Loshchilov and Hutter, *SGDR*, ICLR 2017, without restarts.
public struct CosineSchedule: LearningRate {
  public let peak, floor: Double
  public let warmupSteps, stepCount: Int

  /// - Parameters:
  ///   - stepCount: When `floor` is reached, warm-up included.
  ///   - warmupSteps: When `peak` is reached; the first update is done with `peak / warmupSteps`.
  public init(peak: Double, stepCount: Int, warmupSteps: Int = 0, floor: Double = 0) {
    (self.peak, self.floor, self.warmupSteps, self.stepCount) = (peak, floor, warmupSteps, stepCount)
  }

  public func rate(at step: Tensor) -> Tensor {
    warmed(step, peak: peak, warmupSteps: warmupSteps, stepCount: stepCount) { progress in
      floor + (peak - floor) * 0.5 * (1 + cos(progress * Double.pi))
    }
  }
}

/// A straight line up during warm-up, then `fall` of the progress from 0 to 1.
private func warmed(
  _ step: Tensor, peak: Double, warmupSteps: Int, stepCount: Int, _ fall: (Tensor) -> Tensor
) -> Tensor {
  let step = step.cast(to: .float64)
  let length = Double(max(stepCount - warmupSteps, 1))
  let falling = fall(((step - Double(warmupSteps)) / length).clipped(to: 0...1))
  if warmupSteps == 0 { return falling }
  return select(step .< Double(warmupSteps), (step + 1) * (peak / Double(warmupSteps)), falling)
}
