import Martlet
import MartletGraph
import MartletTestSupport
import Testing

/// Arguments that have broken operators elsewhere, each with several variants: every one is refused with a sentence, or
/// has a defined result. None traps, hangs, allocates what it only claims, or writes where it should not.
@Suite(.endsAtZero) struct HostileArgumentsTests {
  @Test(arguments: HostileCase.all) func `hostile arguments are refused or have a defined result`(
    _ hostile: HostileCase
  ) {
    for (number, variant) in hostile.variants.enumerated() {
      do {
        let found = try checked { () -> (shape: [Int], values: [Double]) in
          let result = try variant.call().evaluated()
          return (Array(result.shape), result.cast(to: .float64).scalars(as: Double.self))
        }
        switch variant.answer {
        case .refused:
          Issue.record(
            "\(hostile.name), variant \(number): nothing said, the result is \(found.shape) \(found.values.prefix(8))")
        case .gives(let shape, let values):
          #expect(found.shape == shape, "\(hostile.name), variant \(number)")
          let isSame = found.values.elementsEqual(values) { $0 == $1 || $0.isNaN && $1.isNaN }
          #expect(isSame, "\(hostile.name), variant \(number): \(found.values.prefix(8))")
        }
      } catch {
        guard case .refused(let sentence) = variant.answer else {
          Issue.record("\(hostile.name), variant \(number): \(error)")
          continue
        }
        #expect(sentence.isEmpty || "\(error)".contains(sentence), "\(hostile.name), variant \(number): \(error)")
      }
    }
    #expect(hostile.variants.count >= 4, "\(hostile.name)")
  }
}

/// An operation and the arguments that have broken it.
struct HostileCase: Sendable, CustomTestStringConvertible {
  enum Answer: Sendable {
    /// An error with these words.
    case refused(String)
    case gives([Int], [Double])
  }

  struct Variant: Sendable {
    let answer: Answer
    let call: @Sendable () throws -> Tensor
  }

  let name: String
  let variants: [Variant]

  var testDescription: String { name }

  static let all = indexing + shaping + reducing + multiplying + windows + learning + making + others + data
}

extension HostileCase {
  static func no(_ words: String = "", _ call: @escaping @Sendable () throws -> Tensor) -> Variant {
    Variant(answer: .refused(words), call: call)
  }

  static func yes(_ shape: [Int], _ values: [Double], _ call: @escaping @Sendable () throws -> Tensor) -> Variant {
    Variant(answer: .gives(shape, values), call: call)
  }

  /// Of what was refused there is none.
  static func first(_ parts: [Tensor]) -> Tensor { parts.first ?? f([]) }
  static func f(_ shape: Shape) -> Tensor { .ones(shape) }
  static func i(_ values: [Int]) -> Tensor { Tensor(values) }
  static func g(_ values: [Int32]) -> Tensor { Tensor(values) }
  static func v(_ values: [Double]) -> Tensor { Tensor(values) }
}
