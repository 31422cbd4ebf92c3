package import MartletFormats

/// What work costs on a machine with some number of threads, in nanoseconds: the cost model.
package struct KernelCosts: Sendable, Hashable {
  /// For each class a cost for each of its ``KernelClass/features``.
  private var costs: [KernelClass: [Double]] = [:]
  /// All time of the kernels from which the costs were learned: less is a less disturbed measurement.
  package var measuredNanoseconds = Double.infinity
  /// Whether the machine was busy with something else meanwhile. Such costs are used, but not kept for the next process.
  package var isDisturbed = false

  package init() {}

  package subscript(kernelClass: KernelClass) -> [Double]? {
    get { costs[kernelClass] }
    set { costs[kernelClass] = newValue }
  }

  /// How long a kernel takes; nil where its class was not measured.
  package func nanoseconds(_ work: KernelWork) -> Double? {
    guard let costs = costs[work.kernelClass] else { return nil }
    var sum = KernelCosts.product(costs, work.amounts)
    if work.isWide { sum += sum - costs[0] }
    if let rows = work.rows, let cost = self.costs[.rows] { sum += KernelCosts.product(cost, rows) }
    return sum
  }

  static func product(_ costs: [Double], _ amounts: [Double]) -> Double {
    zip(costs, amounts).reduce(0) { $0 + $1.0 * $1.1 }
  }

  /// The costs that were measured with fewer disturbances.
  func better(_ other: KernelCosts) -> KernelCosts {
    if isDisturbed != other.isDisturbed { return isDisturbed ? other : self }
    return other.measuredNanoseconds < measuredNanoseconds ? other : self
  }
}

// MARK: - Learning

extension KernelCosts {
  /// A kernel that was measured.
  package struct Sample: Sendable {
    package var work: KernelWork
    package var nanoseconds: Double

    package init(work: KernelWork, nanoseconds: Double) { (self.work, self.nanoseconds) = (work, nanoseconds) }
  }

  /// Costs that give the measured times as nearly as possible.
  ///
  /// The sum of squares of relative errors is made small, with no cost below zero: rows first, because other kernels do
  /// row operations on their results.
  package init(_ samples: [Sample]) {
    measuredNanoseconds = samples.reduce(0) { $0 + $1.nanoseconds }
    let classes = [KernelClass.rows] + KernelClass.allCases.filter { $0 != .rows }
    for kernelClass in classes {
      let count = kernelClass.features.count
      let own = samples.filter {
        $0.work.kernelClass == kernelClass && $0.work.amounts.count == count && $0.nanoseconds > 0
      }
      guard own.count >= 2 else { continue }
      costs[kernelClass] = fit(own, count: count)
    }
  }

  /// Coordinate descent: each cost in turn gets its best value, given the others.
  private func fit(_ samples: [Sample], count: Int) -> [Double] {
    // Amounts relative to the time, so that all samples weigh the same; the target is 1 for each.
    let rows = samples.map { sample in
      sample.work.amounts.enumerated().map { index, amount in
        (sample.work.isWide && index > 0 ? 2 * amount : amount) / sample.nanoseconds
      }
    }
    let rowCosts = self.costs[.rows] ?? []
    var rests = samples.map { 1 - KernelCosts.product(rowCosts, $0.work.rows ?? []) / $0.nanoseconds }
    var costs = [Double](repeating: 0, count: count)
    for _ in 0..<2000 {
      for index in 0..<count {
        let squares = rows.reduce(0.0) { $0 + $1[index] * $1[index] }
        guard squares > 0 else { continue }
        let slope = zip(rows, rests).reduce(0.0) { $0 + $1.0[index] * $1.1 }
        let new = max(0, costs[index] + slope / squares)
        for place in rests.indices { rests[place] -= (new - costs[index]) * rows[place][index] }
        costs[index] = new
      }
    }
    return costs
  }
}

// MARK: - Storage

extension KernelCosts {
  package var json: JSON {
    var object = JSONObject()
    object["nanoseconds"] = .number(measuredNanoseconds)
    for kernelClass in KernelClass.allCases {
      if let costs = costs[kernelClass] { object[kernelClass.rawValue] = .array(costs.map(JSON.number)) }
    }
    return .object(object)
  }

  /// Reads what ``json`` gives; nil if anything in it cannot be.
  package init?(_ json: JSON) {
    guard let measured = json["nanoseconds"]?.positive else { return nil }
    measuredNanoseconds = measured
    for kernelClass in KernelClass.allCases {
      guard let stored = json[kernelClass.rawValue] else { continue }
      let costs = (stored.arrayValue ?? []).compactMap(\.doubleValue)
      guard costs.count == kernelClass.features.count, costs.allSatisfy({ $0.isFinite && $0 >= 0 }) else { return nil }
      self.costs[kernelClass] = costs
    }
  }
}
