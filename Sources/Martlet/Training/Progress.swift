#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Where a run says how far it is.
public enum ProgressOutput: Sendable, Hashable {
  /// One line that is rewritten on a terminal; plain lines, a few a minute, into a file or pipe.
  case automatic
  /// Plain lines everywhere.
  case lines
  /// Nothing.
  case quiet
}

/// The line that says how far a run is, how fast, and how long it will take.
package struct Progress {
  private let isRewriting: Bool
  private let isQuiet: Bool
  private let descriptor: Int32
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant
  private let firstStep: Int
  private let totalSteps: Int?
  private var shown: ContinuousClock.Instant?
  private var width = 0

  package init(_ output: ProgressOutput, from firstStep: Int, totalSteps: Int?, descriptor: Int32 = STDOUT_FILENO) {
    isQuiet = output == .quiet
    isRewriting = output == .automatic && isatty(descriptor) == 1
    self.descriptor = descriptor
    self.firstStep = firstStep
    self.totalSteps = totalSteps
    start = clock.now
  }

  /// Shows a step, if the last one shown is long enough ago.
  mutating func show(epoch: Int, step: Int, loss: Double) {
    if isQuiet { return }
    let now = clock.now
    let pause: Duration = isRewriting ? .milliseconds(100) : .seconds(10)
    if let shown, now - shown < pause { return }
    shown = now
    let text = line(epoch: epoch, step: step, loss: loss, elapsed: now - start)
    isRewriting ? rewrite(text) : writeLine(text + "\n", to: descriptor)
  }

  /// Says something that stays.
  mutating func say(_ text: String) {
    if isQuiet { return }
    if isRewriting, width > 0 { rewrite("") }
    writeLine((isRewriting ? "\r" : "") + text + "\n", to: descriptor)
    width = 0
  }

  /// `epoch 3  step 1200/5000  loss 0.4321  812 steps/s  4 min 41 s left`.
  package func line(epoch: Int, step: Int, loss: Double, elapsed: Duration) -> String {
    let seconds = elapsed.inSeconds
    var text = "epoch \(epoch + 1)  step \(step)" + (totalSteps.map { "/\($0)" } ?? "") + "  loss \(rounded(loss))"
    let done = Double(step - firstStep)
    guard seconds > 0, done > 0 else { return text }
    let rate = done / seconds
    text += rate >= 1 ? "  \(rounded(rate)) steps/s" : "  \(rounded(1 / rate)) s/step"
    if let totalSteps, totalSteps > step { text += "  \(duration(Double(totalSteps - step) / rate)) left" }
    return text
  }

  private mutating func rewrite(_ text: String) {
    // Blanks cover what is left of a longer line before.
    writeLine("\r" + text + String(repeating: " ", count: max(width - text.count, 0)), to: descriptor)
    width = text.count
  }
}

/// A number with four significant digits.
package func rounded(_ number: Double) -> String {
  guard number.isFinite, number != 0 else { return "\(number)" }
  let magnitude = Int(log10(abs(number)).rounded(.down))
  if magnitude >= 4 { return magnitude < 15 ? "\(Int(number.rounded()))" : "\(number)" }
  let scale = pow(10, Double(3 - magnitude))
  let result = (number * scale).rounded() / scale
  return result.isFinite ? "\(result)" : "\(number)"
}

/// A time for people: `45 s`, `4 min 41 s`, `3 h 20 min`, `2 d 5 h`.
package func duration(_ seconds: Double) -> String {
  guard seconds < 1e9 else { return "for ever" }
  let whole = Int(seconds.rounded())
  switch whole {
  case ..<60: return "\(whole) s"
  case ..<3600: return "\(whole / 60) min \(whole % 60) s"
  case ..<86400: return "\(whole / 3600) h \(whole / 60 % 60) min"
  default: return "\(whole / 86400) d \(whole / 3600 % 24) h"
  }
}
