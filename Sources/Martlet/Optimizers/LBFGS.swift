import MartletGraph

/// Quasi-Newton steps: curvature from the last few changes of position and gradient.
///
/// For smooth losses without noise. ``minimize(iterations:search:evaluations:_:)`` evaluates the loss as often as it
/// needs; ``update(with:)`` takes one step for gradients that are there, without a search.
///
/// - Note: Liu and Nocedal, *On the limited memory BFGS method for large scale optimization*, Math. Program. 45 (1989).
public final class LBFGS: Optimizer {
  private let core: OptimizerCore
  /// Of the loss along the whole vector of parameters: changes of position and of gradient, oldest first, `[memory, n]`.
  private let moves, changes: State
  /// The last gradient and direction, `[n]`, and the last step along it.
  private let gradient, direction, size: State
  /// The scale of the inverse Hessian where nothing is known.
  private let scale: State
  /// The gradient's and the change's magnitude below which minimizing ends.
  public let gradientTolerance, changeTolerance: Double

  /// - Parameters:
  ///   - parameters: All of one element type, float 32 or 64.
  ///   - learningRate: The length of a step, of a search's first step.
  ///   - memory: The number of changes that are remembered.
  ///   - gradientTolerance: Minimizing ends where no element of the gradient is larger.
  ///   - changeTolerance: Minimizing ends where no parameter, or the loss, changes by more.
  public init(
    _ parameters: [Parameter], learningRate: some LearningRate, memory: Int = 10, gradientTolerance: Double = 1e-7,
    changeTolerance: Double = 1e-9, fileID: StaticString = #fileID, line: UInt = #line
  ) {
    let dtype = parameters.first?.type.dtype ?? .float32
    if memory < 1 || dtype.isNarrow || parameters.contains(where: { $0.type.dtype != dtype }) {
      let message = "needs a memory and parameters of one type, float32 or float64, got \(memory) and \(dtype)"
      _ = stop(GraphError("LBFGS", message), at: SourceLocation(fileID, line))
    }
    var core = OptimizerCore("lbfgs", parameters, learningRate, weightDecay: 0, rules: [])
    let count = core.parameters.reduce(0) { $0 + $1.shape.elementCount }
    func state(_ name: String, _ shape: Shape) -> State {
      let state = State(.zeros(shape, dtype: dtype))
      state.name = "lbfgs.\(name)"
      core.add(state)
      return state
    }
    moves = state("moves", [memory, count])
    changes = state("changes", [memory, count])
    gradient = state("gradient", [count])
    direction = state("direction", [count])
    size = core.number("lbfgs.size", 0)
    scale = core.number("lbfgs.scale", 1)
    self.core = core
    (self.gradientTolerance, self.changeTolerance) = (gradientTolerance, changeTolerance)
  }

  public var parameters: [Parameter] { core.parameters }
  public var step: State { core.step }
  public var learningRateFactor: State { core.learningRateFactor }
  public var states: [State] { core.states }

  /// One step, as long as the learning rate says; parameters without a gradient have one of zero.
  public func update(with gradients: consuming Gradients) {
    let slope = flattened(gradients)
    _ = consume gradients
    let rate = nextRate(slope)
    aim(slope)
    size.tensor = rate
    place(vector() + direction.tensor * rate.cast(to: slope.dtype))
    Recorder.current.endStep()
  }

  /// Steps until the loss no longer falls, or `iterations` are done.
  ///
  /// - Parameters:
  ///   - search: How the length of each step is found.
  ///   - evaluations: The most evaluations of the loss; 5/4 of the iterations if nil.
  ///   - loss: The loss, a scalar; the same for the same parameters.
  /// - Returns: The loss where the parameters were.
  @discardableResult
  public func minimize(
    iterations: Int = 20, search: LineSearch = .strongWolfe, evaluations: Int? = nil, _ loss: () throws -> Tensor
  ) rethrows -> Double {
    let limit = evaluations ?? iterations * 5 / 4
    var here = try point(0, vector(), nil, loss)
    let first = here.loss
    var count = 1
    for iteration in 0..<iterations where largest(here.slope) > gradientTolerance {
      let before = here.loss
      let rate = nextRate(here.slope).scalar
      aim(here.slope)
      let direction = self.direction.tensor
      here.rise = dot(here.slope, direction).scalar
      if here.rise > -changeTolerance { break }
      let start = vector()
      func along(_ length: Double) throws -> SearchPoint { try point(length, start, direction, loss) }
      switch search {
      case .fixed:
        place(start + direction * rate)
        if iteration + 1 < iterations {
          here = try along(rate)
          count += 1
        } else {
          here.length = rate
        }
      case .strongWolfe:
        var line = StrongWolfe(
          from: here, largestElement: largest(direction), tolerance: changeTolerance, limit: limit - count)
        here = try line.search(firstLength: rate, along)
        count += line.evaluations
        place(start + direction * here.length)
      }
      let length = here.length
      size.tensor = .full([], value: length, dtype: .float64)
      Recorder.current.evaluate((states as [Variable] + parameters).map(\.storage))
      if count >= limit || largest(direction) * abs(length) <= changeTolerance { break }
      if abs(here.loss - before) < changeTolerance { break }
      here.length = 0
    }
    Recorder.current.endStep()
    return first
  }
}

/// How ``LBFGS`` finds the length of a step.
public enum LineSearch: Sendable, Hashable {
  /// The learning rate.
  case fixed
  /// A length at which the loss has fallen and its slope has flattened enough (the strong Wolfe conditions).
  case strongWolfe
}

// MARK: - Directions

extension LBFGS {
  /// The first step is no longer than 1 in the sum of magnitudes. Counts the step.
  private func nextRate(_ slope: Tensor) -> Tensor {
    let before = step.tensor
    step.tensor = before + 1
    let rate = core.schedule.rate(at: before) * learningRateFactor.tensor
    let first = minimum(reciprocal(abs(slope).sum().cast(to: .float64)), 1)
    return select(before .== 0, rate * first, rate)
  }

  /// Remembers the last change and points where the curvature says the minimum is.
  private func aim(_ slope: Tensor) {
    let isFirst = step.tensor .<= 1
    let move = direction.tensor * size.tensor.cast(to: slope.dtype)
    let change = slope - gradient.tensor
    let curvature = dot(change, move)
    let isUseful = (curvature .> 1e-10) & (step.tensor .> 1)
    moves.tensor = select(isUseful, pushed(move, onto: moves.tensor), moves.tensor)
    changes.tensor = select(isUseful, pushed(change, onto: changes.tensor), changes.tensor)
    let square = dot(change, change)
    let known = (curvature / select(isUseful, square, 1)).cast(to: .float64)
    scale.tensor = select(isUseful, known, select(isFirst, 1, scale.tensor))
    gradient.tensor = slope
    direction.tensor = select(isFirst, -slope, -product(slope))
  }

  private func pushed(_ row: Tensor, onto rows: Tensor) -> Tensor {
    Tensor(concatenating: [rows[1...], row.expandingDimensions(at: 0)], axis: 0)
  }

  /// The inverse Hessian times a vector, by the two loops over what is remembered.
  private func product(_ vector: Tensor) -> Tensor {
    let curvatures = (moves.tensor * changes.tensor).sum(axes: 1)
    // Rows that hold nothing yet have no curvature and take no part.
    let isKnown = curvatures .!= 0
    let inverse = select(isKnown, reciprocal(select(isKnown, curvatures, 1)), 0)
    let rows = [moves.tensor, changes.tensor, inverse]
    let (down, shares) = scan([vector], over: rows, isReversed: true) { carry, row in
      let share = dot(row[0], carry[0]) * row[2]
      return ([carry[0] - row[1] * share], [share])
    }
    let middle = down[0] * scale.tensor.cast(to: vector.dtype)
    let (up, _) = scan([middle], over: rows + shares) { carry, row in
      ([carry[0] + row[0] * (row[3] - dot(row[1], carry[0]) * row[2])], [])
    }
    return up[0]
  }
}

// MARK: - The vector of all parameters

extension LBFGS {
  private func vector() -> Tensor { Tensor(concatenating: parameters.map { $0.tensor.flattened() }, axis: 0) }

  private func flattened(_ gradients: Gradients) -> Tensor {
    Tensor(
      concatenating: parameters.map { (gradients[$0] ?? .zeros(like: $0.tensor)).flattened() }, axis: 0)
  }

  private func place(_ vector: Tensor) {
    var start = 0
    for parameter in parameters {
      let count = parameter.shape.elementCount
      parameter.tensor = vector[start..<(start + count)].reshaped(to: parameter.shape)
      start += count
    }
  }

  private func largest(_ vector: Tensor) -> Double { vector.elementCount == 0 ? 0 : abs(vector).max().scalar }

  /// Loss, gradient and slope at a length along a direction.
  private func point(
    _ length: Double, _ start: Tensor, _ direction: Tensor?, _ loss: () throws -> Tensor
  ) rethrows -> SearchPoint {
    if let direction { place(start + direction * length) }
    let (value, gradients) = try valueAndGradient(loss)
    let slope = flattened(gradients)
    let rise = direction.map { dot(slope, $0) }
    Recorder.current.evaluate([value.storage, slope.storage] + (rise.map { [$0.storage] } ?? []))
    return SearchPoint(length: length, loss: value.scalar, slope: slope, rise: rise?.scalar ?? 0)
  }
}
