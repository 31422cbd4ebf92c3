import MartletGraph
import MartletSupport
import Runtime
import Synchronization

/// Finds the lines of recorded program counters, by the debug information of the running program.
package enum Symbolication {
  /// Makes ``SourceLocation`` print lines; done once, when the first recorder is made.
  static let isInstalled: Bool = {
    _ = images.withLock { $0.count }
    SourceLocation.symbolicate = line(of:)
    return true
  }()

  /// The program and its libraries, looked up once: the runtime reads the head of everything that is mapped, and a file
  /// that another thread unmaps meanwhile would end the process. The lock also keeps symbolication to one thread.
  private static let images = Mutex(ImageMap.capture())

  /// `Model.swift:12`, or nil where there is no debug information.
  static func line(of counter: UInt) -> String? {
    if counter == 0 { return nil }
    let frames = images.withLock { Symbolication.frames(of: [counter + 1], $0) }
    // The recorded instruction is one captured frame; functions inlined there come first, operators among them.
    let places = frames.compactMap { frame -> SymbolicatedBacktrace.SourceLocation? in
      let isRecorded = "\(frame.captured.adjustedProgramCounter)" == "\(Backtrace.Address(UInt64(counter)))"
      return isRecorded ? frame.symbol?.sourceLocation : nil
    }
    guard let place = places.first(where: { !isOperator($0.path) && $0.line > 0 }) else { return nil }
    return "\(place.path.split(separator: "/").last ?? "?"):\(place.line)"
  }

  /// The frames of a stack of return addresses, the innermost first, below those that ask.
  private static func frames(of addresses: [UInt], _ images: ImageMap) -> [SymbolicatedBacktrace.Frame] {
    var request = (images: images, limit: addresses.count + 8, frames: [SymbolicatedBacktrace.Frame]())
    withUnsafeMutablePointer(to: &request) { pointer in
      martlet_call_below(
        addresses, addresses.count,
        { context in
          let request = context!.assumingMemoryBound(
            to: (images: ImageMap, limit: Int, frames: [SymbolicatedBacktrace.Frame]).self)
          let (images, limit) = (request.pointee.images, request.pointee.limit)
          guard let stack = try? Backtrace.capture(algorithm: .fast, limit: limit, images: images) else { return }
          request.pointee.frames = stack.symbolicated(with: images)?.frames ?? []
        }, pointer)
    }
    return request.frames
  }

  /// What the debug information says of return addresses: the call there, and the functions around it that were
  /// inlined, the innermost first.
  package static func calls(at addresses: [UInt]) -> [UInt: [CallSite]] {
    var result: [UInt: [CallSite]] = [:]
    var rest = addresses[...]
    while !rest.isEmpty {
      let part = Array(rest.prefix(Int(MARTLET_MAXIMUM_CALLS)))
      rest = rest.dropFirst(part.count)
      let frames = images.withLock { Symbolication.frames(of: part, $0) }
      // The frames of the walk itself come first, and those inlined at an address one after the other.
      let asked = Dictionary(part.map { ("\(Backtrace.Address(UInt64($0 - 1)))", $0) }, uniquingKeysWith: { a, _ in a })
      for frame in frames {
        guard let address = asked["\(frame.captured.adjustedProgramCounter)"], let symbol = frame.symbol else {
          continue
        }
        let place = symbol.sourceLocation
        result[address, default: []].append(
          CallSite(function: symbol.name, file: place?.path ?? "", line: place?.line ?? 0, column: place?.column ?? 0))
      }
    }
    return result
  }

  /// The line of the user's program that is being run, by walking the real stack.
  static func callingLine() -> String? {
    let frames = images.withLock { images in
      (try? Backtrace.capture(limit: 32, images: images))?.symbolicated(with: images)?.frames ?? []
    }
    let places = frames.lazy.compactMap { $0.symbol?.sourceLocation }
    guard let place = places.first(where: { !isOwn($0.path) && $0.line > 0 }) else { return nil }
    return "\(place.path.split(separator: "/").last ?? "?"):\(place.line)"
  }

  private static func isOwn(_ path: String) -> Bool {
    path.contains("/Sources/Martlet/") || path.contains("/Sources/Support/") || path.contains("/Sources/Graph/")
  }

  private static func isOperator(_ path: String) -> Bool {
    path.hasSuffix("Tensor+Operators.swift") || path.hasSuffix("MartletSupport.h")
  }
}

/// A line of a program and the function that it is in.
package struct CallSite: Sendable, Hashable {
  /// As the debug information writes it.
  package var function: String
  package var file: String
  /// 0 where nothing is known.
  package var line: Int
  package var column: Int
}
