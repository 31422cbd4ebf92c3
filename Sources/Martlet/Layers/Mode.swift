/// Whether layers that behave differently while training, such as ``Dropout`` and ``BatchNorm``, do so.
///
/// The mode is set for a stretch of code, not for a model: a model that is trained on one thread may serve on another.
/// It holds for the current task or thread inside ``withMode(_:_:)``; outside, it is ``evaluation``. A hand-written
/// training step says so once, `Trainer` does it by itself:
///
/// ```swift
/// withMode(.training) {
///   let (loss, gradients) = valueAndGradient { softmaxCrossEntropy(model(images), labels: labels) }
///   optimizer.update(with: gradients)
/// }
/// ```
public enum Mode: Sendable, Hashable {
  case training, evaluation

  private static let local = TaskLocal(wrappedValue: Mode.evaluation)

  /// The mode of the code that is running.
  public static var current: Mode { local.get() }

  fileprivate static func with<Result>(_ mode: Mode, _ body: () throws -> Result) rethrows -> Result {
    try local.withValue(mode, operation: body)
  }
}

/// Runs `body` with layers in the given mode.
public func withMode<Result>(_ mode: Mode, _ body: () throws -> Result) rethrows -> Result {
  try Mode.with(mode, body)
}
