import MartletGraph

/// The negative logarithm of the probability of all ways to say a sequence of labels in a longer time.
///
/// Between and within labels there may be blanks, and every label may last; equal neighbors need a blank between them.
/// Computed forward in time as a scan over logarithms, at least in float 32, so neither long sequences nor improbable
/// labels underflow; the derivative is that of the scan.
///
/// - Parameters:
///   - logProbabilities: `[batch, time, classes]`, as ``Tensor/logSoftmax(axis:fileID:line:)`` gives them.
///   - labels: `[batch, length]` of any integer type; what is beyond an example's length does not count.
///   - inputLengths: How much of the time counts, `[batch]` of integers in `0...time`.
///   - labelLengths: How many labels count, `[batch]` of integers in `0...length`. A label or a length outside its range
///     is an error when the program runs.
///   - blank: The class of a blank.
///   - ignoresImpossible: Whether an example whose labels do not fit its time counts 0, with a derivative of 0, instead
///     of infinity.
///   - reduction: The mean divides each loss by its number of labels first, as PyTorch does.
/// - Returns: `[]`, or `[batch]` without reduction.
/// - Note: Graves et al., *Connectionist temporal classification*, ICML 2006.
public func ctcLoss(
  _ logProbabilities: Tensor, labels: Tensor, inputLengths: Tensor, labelLengths: Tensor, blank: Int = 0,
  ignoresImpossible: Bool = false, reduction: LossReduction = .mean, fileID: StaticString = #fileID,
  line: UInt = #line
) -> Tensor {
  do {
    try checkCTC(logProbabilities, labels, inputLengths, labelLengths, blank)
  } catch {
    return Tensor(storage: stop(GraphError("ctcLoss", error.message), at: SourceLocation(fileID, line)))
  }
  let (time, classes, length) = (logProbabilities.shape[1], logProbabilities.shape[2], labels.shape[1])
  let wide = logProbabilities.dtype.wide
  let labelCounts = checkedNumbers(labelLengths, count: length + 1, fileID, line)
  let times = checkedNumbers(inputLengths, count: time + 1, fileID, line)
  let isLabel = Tensor.range(0..<length) .< labelCounts.expandingDimensions(at: 1)
  let known = select(isLabel, labels.cast(to: .int64), Double(blank))
  let states = CTCStates(checkedNumbers(known, count: classes, fileID, line), blank: blank)
  let logarithms = states.run(logProbabilities.cast(to: wide), times)
  let total = states.ending(logarithms, labelCounts)
  let isPossible = total .> impossible / 2
  var loss = select(isPossible, -total, ignoresImpossible ? 0 : .infinity)
  if reduction == .mean { loss = loss / maximum(labelCounts, 1).cast(to: wide) }
  return reduced(loss, reduction)
}

/// The logarithm of a probability of 0 that sums and differences can be taken of.
private let impossible = -1e30

private func checkCTC(
  _ logProbabilities: Tensor, _ labels: Tensor, _ inputLengths: Tensor, _ labelLengths: Tensor, _ blank: Int
) throws(GraphError) {
  try checkFloatingPoint(logProbabilities)
  if logProbabilities.rank != 3 || labels.rank != 2 || labels.shape[0] != logProbabilities.shape[0] {
    throw mistake(
      "needs log-probabilities [batch, time, classes] and labels [batch, length], got \(logProbabilities.type) and "
        + "\(labels.type)")
  }
  for (role, x) in [("labels", labels), ("input lengths", inputLengths), ("label lengths", labelLengths)]
  where !x.dtype.isInteger { throw mistake("the \(role) need an integer type, got \(x.dtype)") }
  for (role, x) in [("input", inputLengths), ("label", labelLengths)] where x.shape != [labels.shape[0]] {
    throw mistake("the \(role) lengths are [batch], got \(x.shape) for a batch of \(labels.shape[0])")
  }
  if blank < 0 || blank >= logProbabilities.shape[2] {
    throw mistake("the blank \(blank) is none of \(logProbabilities.shape[2]) classes")
  }
}

/// The same numbers, `int64`; one outside `0..<count` is an error when the program runs.
func checkedNumbers(_ numbers: Tensor, count: Int, _ fileID: StaticString, _ line: UInt) -> Tensor {
  let wide = numbers.cast(to: .int64)
  // Negative indices count from the end; moved further down they are outside as well.
  let indices = select(wide .< 0, wide - Double(count), wide)
  return Tensor.range(0..<count).gathered(at: indices, fileID: fileID, line: line)
}

/// The states that an example passes through: blank, label, blank, label, …, blank.
private struct CTCStates {
  /// The class of each, `[batch, states]`.
  let classes: Tensor
  /// Whether a state may follow the one but last: a label that differs from the label before.
  let mayskip: Tensor

  init(_ labels: Tensor, blank: Int) {
    let (batch, length) = (labels.shape[0], labels.shape[1])
    let blanks = Tensor.full([batch, length], value: Double(blank), dtype: .int64)
    let pairs = Tensor(stacking: [blanks, labels], axis: 2).reshaped(to: [batch, 2 * length])
    let last = Tensor.full([batch, 1], value: Double(blank), dtype: .int64)
    classes = Tensor(concatenating: [pairs, last], axis: 1)
    let start = Tensor.full([batch, 2], value: Double(blank), dtype: .int64)
    let earlier = Tensor(concatenating: [start, classes], axis: 1)[.all, 0..<(2 * length + 1)]
    mayskip = (classes .!= Double(blank)) & (classes .!= earlier)
  }

  /// The logarithm of the probability of being in each state when an example's time is over, `[batch, states]`.
  func run(_ logProbabilities: Tensor, _ times: Tensor) -> Tensor {
    let (batch, time, count) = (logProbabilities.shape[0], logProbabilities.shape[1], classes.shape[1])
    let dtype = logProbabilities.dtype
    let places = classes.expandingDimensions(at: 1).broadcast(to: [batch, time, count])
    let said = logProbabilities.takenAlong(axis: 2, at: places).transposed([1, 0, 2])
    // Before the first step all is in the first blank, from which it may go on to the first label.
    let isFirst = Tensor.range(0..<count) .== 0
    let start = select(isFirst, Tensor.zeros([batch, count], dtype: dtype), impossible)
    let isOver = Tensor.range(0..<time).expandingDimensions(at: [1, 2]) .>= times.expandingDimensions(at: 1)
    let (carry, _) = scan([start], over: [said, isOver]) { carry, step in
      let stay = carry[0]
      let next = shifted(stay, 1)
      let skip = select(mayskip, shifted(stay, 2), impossible)
      let peak = stopGradient(maximum(stay, maximum(next, skip)))
      let sum = exp(stay - peak) + exp(next - peak) + exp(skip - peak)
      return ([select(step[1], stay, maximum(log(sum) + peak + step[0], impossible))], [])
    }
    return carry[0]
  }

  /// Each state's value for the one `distance` further on; nothing comes before the first.
  private func shifted(_ x: Tensor, _ distance: Int) -> Tensor {
    let (batch, count) = (x.shape[0], x.shape[1])
    let start = Tensor.full([batch, distance], value: impossible, dtype: x.dtype)
    return Tensor(concatenating: [start, x], axis: 1)[.all, 0..<count]
  }

  /// The logarithm of the probability of ending with the last label or the blank after it, `[batch]`.
  func ending(_ logarithms: Tensor, _ labelCounts: Tensor) -> Tensor {
    let last = (labelCounts * 2).expandingDimensions(at: 1)
    let blank = logarithms.takenAlong(axis: 1, at: last).squeezed(axes: 1)
    let label = logarithms.takenAlong(axis: 1, at: maximum(last - 1, 0)).squeezed(axes: 1)
    let safe = select(labelCounts .> 0, label, impossible)
    let peak = stopGradient(maximum(blank, safe))
    return log(exp(blank - peak) + exp(safe - peak)) + peak
  }
}
