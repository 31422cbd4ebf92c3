import MartletTestMemory
package import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Whether nothing else uses the processors, so that times can be compared: with `MARTLET_TIMING` in the environment.
package let isQuiet = getenv("MARTLET_TIMING") != nil

/// What is said of a test that needs processors that nothing else uses.
package let needsQuiet: Comment = "set MARTLET_TIMING=1 on a quiet machine, and --no-parallel"

/// The time that this thread computes in `body`. Tests run beside each other, and on machines that others use; neither
/// they nor a wait for them count.
package func threadTime(_ body: () throws -> Void) rethrows -> Duration {
  let start = martlet_test_thread_nanoseconds()
  try body()
  return .nanoseconds(martlet_test_thread_nanoseconds() - start)
}

/// What a file or a call from outside may take before it has its result or its error; builds for debugging, which the
/// sanitizers watch, take tens of times as long.
package let hostileLimit = Duration.seconds(isOptimized ? 1 : 60)

private let isOptimized: Bool = {
  var result = true
  assert(
    {
      result = false
      return true
    }())
  return result
}()
