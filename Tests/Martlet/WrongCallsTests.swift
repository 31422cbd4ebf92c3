import Martlet
import MartletTestSupport
import Testing

/// What stops a process runs in one of its own.
@Suite(.endsAtZero) struct WrongCallsTests {
  @Test func `a wrong call is a sentence that names operation, shapes, expectation and line`() {
    var complaints: [String] = []
    var misplaced: [String] = []
    for (index, wrong) in WrongCall.all.enumerated() {
      do {
        try checked { wrong.call() }
        complaints.append("\(index): nothing said: \(wrong.sentence)")
      } catch {
        let text = "\(error)"
        if !text.hasPrefix(wrong.sentence) {
          complaints.append("\(index): expected \(wrong.sentence)\n  got \(text)")
        } else if wrong.isPlacedByCounter ? !text.contains("WrongCalls") : !text.contains("WrongCalls.swift:") {
          // The optimizer may merge closures of one operator; then the line of the caller, in this file, is named.
          if wrong.isPlacedByCounter { misplaced.append(text) } else { complaints.append("\(index): no line: \(text)") }
        }
      }
    }
    #expect(WrongCall.all.count >= 100)
    #expect(complaints.isEmpty, "\(complaints.count) calls:\n\(complaints.joined(separator: "\n"))")
    // Only the optimizer puts a property into its caller, where the counter is read.
    #if DEBUG
      let allowed = misplaced.count
    #else
      let allowed = 0
    #endif
    #expect(misplaced.count <= allowed, "\(misplaced.joined(separator: "\n"))")
  }

  @Test func `recording goes on after a wrong call inside checked`() throws {
    #expect(throws: ProgramError.self) {
      try checked { matmul(Tensor.zeros([2, 3]), Tensor.zeros([4, 5])) + Tensor.ones([2, 5]) }
    }
    #expect(try checked { Tensor.ones([2, 2]).sum().scalar } == 4)
  }

  @Test(arguments: WrongCall.all.indices.filter { $0 % 2 == 0 })
  func `a wrong call stops the process with its sentence`(index: Int) async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [index] in
      WrongCall.all[index].call()
    }
    let output = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    let wrong = WrongCall.all[index]
    #expect(output.contains(wrong.sentence), "\(output.prefix(300))")
  }
}
