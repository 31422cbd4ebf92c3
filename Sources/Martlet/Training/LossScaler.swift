import MartletGraph

/// Keeps small gradients of float 16 from becoming zero: multiplies the loss, and divides the gradients in float 32.
///
/// The factor is halved when a gradient is not finite, and that update is left out; it is doubled after many good
/// updates. bfloat16 has the range of float 32 and needs none of this.
///
/// ```swift
/// let ((_, loss), gradients) = valueAndGradient { let loss = loss(batch); return (scaler.scaled(loss), loss) }
/// if let gradients = scaler.unscaled(gradients) { optimizer.update(with: gradients) }
/// ```
/// - Note: Micikevicius et al., *Mixed precision training*, ICLR 2018.
public final class LossScaler: Sendable {
  /// The factor, `float64 []`.
  public let scale: State
  /// Good updates since the factor changed, `int64 []`.
  public let goodSteps: State
  /// What the factor is multiplied by after ``growthInterval`` good updates, and after a bad one.
  public let growth, backoff: Double
  public let growthInterval: Int

  public init(initial: Double = 65_536, growth: Double = 2, backoff: Double = 0.5, growthInterval: Int = 2000) {
    scale = State(.full([], value: initial, dtype: .float64))
    scale.name = "lossScaler.scale"
    goodSteps = State(.zeros([], dtype: .int64))
    goodSteps.name = "lossScaler.goodSteps"
    (self.growth, self.backoff, self.growthInterval) = (growth, backoff, max(growthInterval, 1))
  }

  /// Everything a checkpoint must hold.
  public var states: [State] { [scale, goodSteps] }

  /// What to differentiate in place of a loss.
  public func scaled(_ loss: Tensor) -> Tensor { loss * scale.tensor.cast(to: loss.dtype) }

  /// The gradients of the loss itself, at least in float 32; nil if one is not finite. Adapts the factor.
  ///
  /// Runs a program, because whether there is an update depends on values.
  public func unscaled(_ gradients: consuming Gradients) -> Gradients? {
    let factor = 1 / scale.tensor
    let wide = gradients.widened().scaled(by: factor)
    _ = consume gradients
    let isGood = wide.areFinite
    let count = goodSteps.tensor + 1
    let isDue = count .>= Double(growthInterval)
    let grown = select(isDue, scale.tensor * growth, scale.tensor)
    scale.tensor = select(isGood, grown, scale.tensor * backoff)
    goodSteps.tensor = select(isGood & !isDue, count, 0)
    // One program for loss, gradients and states: asking for the answer alone would compute the gradients twice.
    Recorder.current.endStep()
    return isGood.scalar == 1 ? wide : nil
  }
}

extension Gradients {
  /// The gradients, those of 16-bit floats in float 32.
  fileprivate func widened() -> Gradients {
    Gradients(
      derivatives.map { parameter, derivative in
        switch derivative {
        case .whole(let gradient): return (parameter, .whole(gradient.cast(to: gradient.dtype.wide)))
        case .rows(var rows):
          rows.updates = rows.updates.cast(to: rows.updates.dtype.wide)
          rows.type = TensorType(rows.type.dtype.wide, rows.type.shape)
          return (parameter, .rows(rows))
        }
      })
  }

  /// Whether every number is finite, bool `[]`.
  fileprivate var areFinite: Tensor {
    derivatives.reduce(Tensor.full([], value: 1, dtype: .bool)) { all, entry in
      switch entry.derivative {
      case .whole(let gradient): return all & isFinite(gradient).all()
      case .rows(let rows): return all & isFinite(rows.updates).all()
      }
    }
  }
}
