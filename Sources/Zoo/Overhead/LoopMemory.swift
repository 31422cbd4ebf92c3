import Martlet

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// How much more memory the process holds at the end of a long training loop than after the first tenth of it.
enum LoopMemory {
  static func measured(steps: Int) throws -> Overhead.Measurement {
    let model = withSeed(1) {
      Sequential {
        Dense(8, 16)
        Activation.tanh
        Dense(16, 1)
      }
    }
    let optimizer = Adam(model.parameters, learningRate: 1e-3)
    let (x, y) = (Tensor.normal([4, 8], seed: 1), Tensor.normal([4, 1], seed: 2))
    try evaluate(x, y)
    var early = 0
    for step in 1...max(steps, 10) {
      let (loss, gradients) = valueAndGradient { meanSquaredError(model(x), y) }
      optimizer.update(with: gradients)
      if step % 1000 == 0 { _ = loss.scalar }
      if step == max(steps, 10) / 10 { early = residentBytes() }
    }
    let growth = Double(residentBytes() - early) / Double(1 << 20)
    return .init("memory that \(steps) steps add after the first tenth", growth, "MiB", bar: 1)
  }
}

/// A chain of very many operations on a thread with a small stack: recorded, differentiated, run, let go.
enum LongChain {
  static func measured(operations: Int) throws -> [Overhead.Measurement] {
    let before = peakResidentBytes()
    let clock = ContinuousClock()
    nonisolated(unsafe) var recording = 0.0
    nonisolated(unsafe) var running = 0.0
    nonisolated(unsafe) var releasing = 0.0
    nonisolated(unsafe) var derivative = Double.nan
    onSmallStack {
      let x = Parameter(.zeros([4]) + 0.5)
      var gradient: Tensor?
      recording =
        clock.measure {
          gradient =
            valueAndGradient {
              var y = x.tensor
              for step in 0..<operations { y = step % 2 == 0 ? sin(y) : y + x.tensor }
              return y.sum()
            }.gradients[x]
        }.inSeconds
      running = clock.measure { derivative = gradient!.sum().scalar }.inSeconds
      releasing =
        clock.measure {
          gradient = nil
          try? Recorder.current.finishStep()
        }.inSeconds
    }
    precondition(derivative.isFinite, "the chain has no derivative")
    let megabytes = Double(peakResidentBytes() - before) / Double(1 << 20)
    let name = "a chain of \(operations) operations and its gradient"
    return [
      .init("\(name): recording", recording, "s", bar: 30), .init("\(name): planning, running", running, "s", bar: 60),
      .init("\(name): letting go", releasing, "s", bar: 10), .init("\(name): memory", megabytes, "MiB", bar: 8192),
    ]
  }

  /// Runs `body` on a thread whose stack has 512 KiB, and waits for it.
  private static func onSmallStack(_ body: () -> Void) {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setstacksize(&attributes, 512 << 10)
    withoutActuallyEscaping(body) { body in
      let argument = Unmanaged.passRetained(ThreadBody(body)).toOpaque()
      #if canImport(Darwin)
        var thread: pthread_t?
        let code = pthread_create(&thread, &attributes, { runBody($0) }, argument)
      #else
        var thread = pthread_t()
        let code = pthread_create(&thread, &attributes, { runBody($0!) }, argument)
      #endif
      precondition(code == 0, "the system has no thread to give")
      #if canImport(Darwin)
        pthread_join(thread!, nil)
      #else
        pthread_join(thread, nil)
      #endif
    }
    pthread_attr_destroy(&attributes)
  }
}

private final class ThreadBody {
  let run: () -> Void
  init(_ run: @escaping () -> Void) { self.run = run }
}

private func runBody(_ argument: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
  Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().run()
  return nil
}

/// The memory that this process holds now; where the system does not say, the most that it has held.
func residentBytes() -> Int {
  guard let file = fopen("/proc/self/statm", "r") else { return peakResidentBytes() }
  defer { fclose(file) }
  var line = [CChar](repeating: 0, count: 256)
  guard fgets(&line, 256, file) != nil else { return peakResidentBytes() }
  let fields = line.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }.split(separator: " ")
  guard fields.count > 1, let pages = Int(fields[1]) else { return peakResidentBytes() }
  return pages * sysconf(Int32(_SC_PAGESIZE))
}
