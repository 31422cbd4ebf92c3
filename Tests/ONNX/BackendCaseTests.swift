import MartletONNX
import MartletTestSupport
import Testing

/// A part of ONNX's own backend tests, one case for each operator; `Benchmarks/ONNX/run.sh` runs all of them.
@Suite(.endsAtZero) struct BackendCaseTests {
  @Test(arguments: try! BackendCase.all(in: Fixture.folder))
  func `agrees with ONNX's reference`(test: BackendCase) throws { try test.run() }

  @Test func `there is a case for nearly every operator`() throws {
    let operators = try Set(BackendCase.all(in: Fixture.folder).flatMap { try $0.operators() })
    #expect(operators.count > 190)
  }
}
