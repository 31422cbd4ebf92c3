import MartletKernels
import Testing

extension KernelTests {
  @Suite struct RandomTests {
    /// Philox-4x32-10 as the paper states it, one block at a time.
    private func philox(_ counter: [UInt32], _ key: [UInt32]) -> [UInt32] {
      var c = counter, k = key
      for _ in 0..<10 {
        let p = UInt64(0xD251_1F53) * UInt64(c[0]), q = UInt64(0xCD9E_8D57) * UInt64(c[2])
        c = [
          UInt32(truncatingIfNeeded: q >> 32) ^ c[1] ^ k[0], UInt32(truncatingIfNeeded: q),
          UInt32(truncatingIfNeeded: p >> 32) ^ c[3] ^ k[1], UInt32(truncatingIfNeeded: p),
        ]
        k = [k[0] &+ 0x9E37_79B9, k[1] &+ 0xBB67_AE85]
      }
      return c
    }

    @Test func `the model in this file gives the known answers of the authors' library`() {
      #expect(philox([0, 0, 0, 0], [0, 0]) == [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8])
      #expect(
        philox([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0])
          == [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1])
    }

    @Test(arguments: [(0, 1), (0, 4), (1, 2), (3, 5), (2, 300), (17, 70_001)] as [(UInt64, Int)])
    func `any part of the stream is the model's, under every instruction set`(first: UInt64, count: Int) {
      let key: UInt64 = 0x0123_4567_89AB_CDEF, stream: UInt64 = 0xFEDC_BA98_7654_3210
      func words(at i: UInt64) -> UInt32 {
        philox(
          [
            UInt32(truncatingIfNeeded: i / 4), UInt32(truncatingIfNeeded: (i / 4) >> 32),
            UInt32(truncatingIfNeeded: stream), UInt32(stream >> 32),
          ], [UInt32(truncatingIfNeeded: key), UInt32(key >> 32)])[Int(i % 4)]
      }
      let expected = (0..<count).map { words(at: first + UInt64($0)) }
      for result in underEachSet({
        var result = [UInt32](repeating: 0, count: count)
        martlet_random_u32(&result, count, key, stream, first)
        return result
      }) { #expect(result == expected) }
    }

    @Test func `wide elements join two narrow ones, and counters pass 32 bits`() {
      var narrow = [UInt32](repeating: 0, count: 10), wide = [UInt64](repeating: 0, count: 5)
      let first: UInt64 = (1 << 34) - 4
      martlet_random_u32(&narrow, 10, 7, 0, first)
      martlet_random_u64(&wide, 5, 7, 0, first / 2)
      for i in 0..<5 { #expect(wide[i] == UInt64(narrow[2 * i]) | UInt64(narrow[2 * i + 1]) << 32) }
      #expect(Array(narrow[4..<8]) == philox([0, 1, 0, 0], [7, 0]))
    }
  }
}
