import MartletKernels
import Synchronization
import Testing

/// How often each chunk ran.
private final class Tally: Sendable {
  let counts: [Atomic64]
  init(_ count: Int) { counts = (0..<count).map { _ in Atomic64() } }
}

private final class Atomic64: Sendable {
  let value = Atomic<Int>(0)
}

private func tally(_ chunks: Int) -> [Int] {
  let tally = Tally(chunks)
  martlet_pool_run(
    chunks,
    { context, chunk, _ in
      let tally = Unmanaged<Tally>.fromOpaque(context!).takeUnretainedValue()
      tally.counts[chunk].value.add(1, ordering: .relaxed)
    }, Unmanaged.passUnretained(tally).toOpaque())
  return tally.counts.map { $0.value.load(ordering: .relaxed) }
}

extension KernelTests {
  @Suite struct PoolTests {
    @Test(arguments: 1...5)
    func `each chunk runs exactly once, region after region`(threads: Int) {
      withThreads(threads) {
        #expect(martlet_pool_threads() == threads)
        for region in 0..<3000 {
          let chunks = region * 7 % 23
          // Each region has a context of its own that dies with it: a worker that came late would be caught.
          #expect(tally(chunks) == [Int](repeating: 1, count: chunks))
        }
      }
    }

    @Test func `regions inside regions and from several threads at once all complete`() async {
      martlet_pool_set_threads(3)
      defer { martlet_pool_set_threads(0) }
      await withTaskGroup(of: Bool.self) { group in
        for _ in 0..<4 {
          group.addTask {
            (0..<300).allSatisfy { _ in tally(9) == [Int](repeating: 1, count: 9) }
          }
        }
        for await isComplete in group { #expect(isComplete) }
      }
      let inner = Atomic64()
      martlet_pool_run(
        8,
        { context, _, _ in
          martlet_pool_run(
            5,
            { context, _, _ in
              Unmanaged<Atomic64>.fromOpaque(context!).takeUnretainedValue().value.add(1, ordering: .relaxed)
            }, context)
        }, Unmanaged.passUnretained(inner).toOpaque())
      #expect(inner.value.load(ordering: .relaxed) == 40)
    }

    @Test func `an instruction set the machine lacks falls back to one it has`() {
      let before = martlet_current_isa()
      defer { martlet_set_isa(before) }
      for isa in [MARTLET_ISA_SCALAR, MARTLET_ISA_NEON, MARTLET_ISA_AVX2, MARTLET_ISA_AVX512] {
        let chosen = martlet_set_isa(isa)
        #expect(martlet_has_isa(chosen))
        #expect(chosen.rawValue <= isa.rawValue)
        if martlet_has_isa(isa) { #expect(chosen == isa) }
      }
    }
  }
}
