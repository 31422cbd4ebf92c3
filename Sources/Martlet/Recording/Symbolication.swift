import MartletGraph
import MartletSupport
import Runtime
import Synchronization

/// Finds the lines of recorded program counters, by the debug information of the running program.
enum Symbolication {
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
    let frames = images.withLock { Symbolication.frames(of: counter, $0) }
    // The recorded instruction is one captured frame; functions inlined there come first, operators among them.
    let places = frames.compactMap { frame -> SymbolicatedBacktrace.SourceLocation? in
      let isRecorded = "\(frame.captured.adjustedProgramCounter)" == "\(Backtrace.Address(UInt64(counter)))"
      return isRecorded ? frame.symbol?.sourceLocation : nil
    }
    guard let place = places.first(where: { !isOperator($0.path) && $0.line > 0 }) else { return nil }
    return "\(place.path.split(separator: "/").last ?? "?"):\(place.line)"
  }

  /// The recorded instruction as the outermost frame of a stack of its own.
  private static func frames(of counter: UInt, _ images: ImageMap) -> [SymbolicatedBacktrace.Frame] {
    var request = (images: images, frames: [SymbolicatedBacktrace.Frame]())
    withUnsafeMutablePointer(to: &request) { pointer in
      martlet_call_below(
        counter,
        { context in
          let request = context!.assumingMemoryBound(
            to: (images: ImageMap, frames: [SymbolicatedBacktrace.Frame]).self)
          let images = request.pointee.images
          guard let stack = try? Backtrace.capture(algorithm: .fast, limit: 8, images: images) else { return }
          request.pointee.frames = stack.symbolicated(with: images)?.frames ?? []
        }, pointer)
    }
    return request.frames
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
