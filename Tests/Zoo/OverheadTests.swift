import MartletFormats
import MartletZoo
import MartletTestSupport
import Testing

@Suite(.endsAtZero) struct OverheadTests {
  // In a process of its own, whose memory no other test changes. The machine may be busy with those, so times may be
  // ten times what they may be on a quiet one; `martlet bench overhead` holds them to the bars.
  @Test func `a tenth of everything is measured, and nothing is out of all proportion`() async {
    await #expect(processExitsWith: .success) {
      let overhead = try Overhead.measured(scale: 0.1)
      precondition(overhead.measurements.count == 12)
      for measurement in overhead.measurements {
        print(measurement.name, measurement.value, measurement.unit)
        precondition(measurement.value.isFinite)
        let allowance = measurement.unit == "MiB" ? 1.0 : 10
        precondition(measurement.value <= (measurement.bar ?? .infinity) * allowance, measurement.name)
      }
    }
  }

  @Test func `numbers are printed with their bars, and one above its bar is not met`() throws {
    let overhead = Overhead(measurements: [.init("adding", 0.5, "µs", bar: 0.25), .init("forgetting", 2, "µs")])
    #expect(!overhead.isMet)
    #expect(overhead.measurements.map(\.isMet) == [false, true])
    #expect(overhead.description.contains("MISSED") && overhead.description.contains("0.25"))
    let first = try #require(overhead.json.arrayValue?.first)
    #expect(first["met"] == false && first["value"] == 0.5 && first["bar"] == 0.25)
  }
}
