import MartletSymbols
import Runtime
import Testing

/// What the symbolizer of the Swift runtime says of a stack is what we say of its addresses.
///
/// The runtime of Swift 6.3 gives functions that are inlined into each other each other's places, and leaves out those
/// without a line; llvm-symbolizer does neither, and ``ObjectFileTests`` compares with it. So chains are compared here
/// by the functions and by the places in them, and those with a call that has no line by their ends.
@Suite struct RuntimeComparisonTests {
  @Test func `functions inlined into each other are told apart, with their lines`() throws {
    let stack = try InlinedCalls().stack()
    try compare(stack)
    let calls = DebugInformation().calls(at: returnAddresses(stack)).values.first { sites in
      sites.contains { $0.function == "InlinedCalls.inner(_:)" }
    }
    let expected = [
      ("closure #1 in InlinedCalls.middle()", InlinedCalls.lineOfMiddle),
      ("InlinedCalls.inner(_:)", InlinedCalls.lineOfInner), ("InlinedCalls.middle()", InlinedCalls.lineOfMiddle),
      ("InlinedCalls.stack()", InlinedCalls.lineOfStack),
    ]
    #expect(calls?.map(\.function) == expected.map(\.0))
    #expect(calls?.map(\.line) == expected.map(\.1))
    #expect(calls?.allSatisfy { $0.file == #filePath } == true)
  }

  @Test func `closures and generic functions have the runtime's names`() throws {
    let stack = try [1].map { try stackOfGeneric($0) }[0]
    let functions = try compare(stack)
    #expect(functions.contains { $0.hasSuffix("stackOfGeneric<A>(_:)") }, "\(functions)")
    #expect(functions.contains { $0.hasPrefix("closure #1 in RuntimeComparisonTests") }, "\(functions)")
  }

  @Test func `a stack through the standard library has the runtime's names`() throws {
    var stack: Backtrace?
    var numbers = [2, 1, 3]
    numbers.sort { first, second in
      if stack == nil { stack = try? captured() }
      return first < second
    }
    let functions = try compare(try #require(stack))
    #expect(functions.contains { $0.contains("ort") && $0.contains("within") || $0.contains("_stableSort") })
  }

  @Test func `an address without code has no calls`() {
    #expect(DebugInformation().calls(at: [0, 1, 4096, .max]).isEmpty)
  }

  /// Compares all places of a stack.
  ///
  /// - Returns: All functions that are found.
  @discardableResult
  private func compare(_ stack: Backtrace) throws -> [String] {
    let addresses = returnAddresses(stack)
    let ours = DebugInformation().calls(at: addresses)
    let theirs = try runtimeCalls(stack)
    #expect(theirs.count > 3)
    for (address, expected) in theirs {
      let sites = try #require(ours[address], "nothing is known of \(expected)")
      #expect(sites.last?.function == expected.last?.function)
      #expect(Place(sites[0]) == Place(expected[0]))
      if sites.allSatisfy({ $0.line > 0 }) {
        #expect(sites.map(\.function).sorted() == expected.map(\.function).sorted())
        #expect(Set(sites.map(Place.init)) == Set(expected.map(Place.init)))
      }
    }
    return addresses.flatMap { ours[$0] ?? [] }.map(\.function)
  }

  private func runtimeCalls(_ stack: Backtrace) throws -> [UInt: [CallSite]] {
    var result: [UInt: [CallSite]] = [:]
    for frame in try #require(stack.symbolicated()).frames {
      guard let address = returnAddress(frame.captured), let symbol = frame.symbol else { continue }
      let place = symbol.sourceLocation
      result[address, default: []].append(
        CallSite(function: symbol.name, file: place?.path ?? "", line: place?.line ?? 0, column: place?.column ?? 0))
    }
    return result
  }

  private func returnAddresses(_ stack: Backtrace) -> [UInt] { stack.frames.compactMap(returnAddress) }

  private func returnAddress(_ frame: Backtrace.Frame) -> UInt? {
    guard case .returnAddress(let address) = frame else { return nil }
    return UInt("\(address)".dropFirst(2), radix: 16)
  }

  /// A place as both write it: the runtime joins the directory `/` to a file with another slash.
  private struct Place: Hashable {
    var (file, line, column): (String, Int, Int)

    init(_ site: CallSite) {
      file = site.file.hasPrefix("//") ? String(site.file.dropFirst()) : site.file
      (line, column) = (site.line, site.column)
    }
  }
}

@inline(never)
func captured() throws -> Backtrace { try Backtrace.capture(algorithm: .fast) }

@inline(never)
private func stackOfGeneric<Value>(_ value: Value) throws -> Backtrace {
  // A call that is not the last thing, so that it stays on the stack.
  let stack = try captured()
  return stack
}

/// Functions of which the compiler makes one.
private struct InlinedCalls {
  static let lineOfStack = #line + 6
  static let lineOfMiddle = #line + 11
  static let lineOfInner = #line + 16

  @inline(never)
  func stack() throws -> Backtrace {
    let result = try middle()
    return result
  }

  @inline(__always)
  private func middle() throws -> Backtrace {
    let result = try inner { try captured() }
    return result
  }

  @inline(__always)
  private func inner(_ body: () throws -> Backtrace) throws -> Backtrace {
    let result = try body()
    return result
  }
}
