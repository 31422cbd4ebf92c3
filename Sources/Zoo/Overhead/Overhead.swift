public import MartletFormats

/// What the framework itself costs, beside the work that kernels do: each number with the bar it has to stay under.
public struct Overhead: Sendable {
  /// One number.
  public struct Measurement: Sendable {
    /// What was measured.
    public let name: String
    /// The number, and what it counts.
    public let value: Double, unit: String
    /// What it may be at most; nil where there is no bar.
    public let bar: Double?

    /// Whether the number is not above its bar.
    public var isMet: Bool { bar.map { value <= $0 } ?? true }

    package init(_ name: String, _ value: Double, _ unit: String, bar: Double? = nil) {
      (self.name, self.value, self.unit, self.bar) = (name, value, unit, bar)
    }

    /// One object.
    public var json: JSON {
      [
        "name": .string(name), "value": .rounded(value, 4), "unit": .string(unit),
        "bar": bar.map { .number($0) } ?? .null, "met": .bool(isMet),
      ]
    }
  }

  /// The numbers, in the order in which they were measured.
  public let measurements: [Measurement]

  package init(measurements: [Measurement]) { self.measurements = measurements }

  /// Whether every number is within its bar.
  public var isMet: Bool { measurements.allSatisfy(\.isMet) }

  /// Measures everything; takes about a minute.
  ///
  /// - Parameter scale: A part of the full sizes, such as 0.1; the bars, but that of memory, are of the full ones.
  /// - Throws: An `ExecutionError` if memory runs out.
  public static func measured(scale: Double = 1) throws -> Overhead {
    func scaled(_ count: Int) -> Int { max(1, Int(Double(count) * scale)) }
    // Memory comes first: what the others leave behind would hide what a loop adds.
    var measurements = [try LoopMemory.measured(steps: scaled(100_000))]
    measurements.append(try Recording.measured(additions: scaled(10_000)))
    measurements += try StepCosts.measured(layers: scaled(28), steps: scaled(100))
    measurements.append(try Starting.measured(runs: scaled(20_000)))
    measurements += try FileCosts.measured(tensors: scaled(10_000))
    measurements += try LongChain.measured(operations: scaled(1_000_000))
    return Overhead(measurements: measurements)
  }

  /// An array of objects.
  public var json: JSON { .array(measurements.map(\.json)) }
}

extension Overhead: CustomStringConvertible {
  /// One line for each number.
  public var description: String {
    measurements.map { measurement in
      let name = measurement.name.padded(to: 52)
      let value = "\(JSON.rounded(measurement.value, 3)) \(measurement.unit)".padded(to: 22)
      guard let bar = measurement.bar else { return name + value }
      return name + value + "bar \(JSON.rounded(bar, 3))".padded(to: 12) + (measurement.isMet ? "met" : "MISSED")
    }.joined(separator: "\n")
  }
}

extension String {
  fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}

/// The middle of some numbers.
func median(_ values: [Double]) -> Double {
  let sorted = values.sorted()
  return (sorted[sorted.count / 2] + sorted[(sorted.count - 1) / 2]) / 2
}
