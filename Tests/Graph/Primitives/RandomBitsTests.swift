import MartletGraph
import Testing

@Suite struct RandomBitsTests {
  // Known answers of philox4x32 with 10 rounds, from the kat_vectors file of the authors' Random123 library.
  @Test func `blocks are those of the authors' library`() {
    #expect(
      RandomBits.philox(counter: [0, 0, 0, 0], key: [0, 0]) == [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8])
    #expect(
      RandomBits.philox(counter: [.max, .max, .max, .max], key: [.max, .max])
        == [0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD])
    #expect(
      RandomBits.philox(
        counter: [0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344], key: [0xA409_3822, 0x299F_31D0])
        == [0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1])
  }

  func bits(_ type: TensorType, key: Int64, stream: Int64) throws -> [Int64] {
    try run([integerTensor([2], [key, stream], .uint64)]) { graph, x in [try graph.add(RandomBits(type), Operands(x))]
    }[0]
    .integers
  }

  @Test func `words follow the counter, and wide elements take two`() throws {
    let key: Int64 = 0x299F_31D0_A409_3822
    let stream: Int64 = 0x0370_7344_1319_8A2E
    let words = try bits(TensorType(.uint32, [3, 2]), key: key, stream: stream)
    let blocks = (0..<2).flatMap { block in
      RandomBits.philox(counter: [block, 0, 0x1319_8A2E, 0x0370_7344], key: [0xA409_3822, 0x299F_31D0])
    }
    #expect(words == blocks.prefix(6).map(Int64.init))
    let wide = try bits(TensorType(.uint64, [3]), key: key, stream: stream)
    #expect(wide == (0..<3).map { Int64(bitPattern: UInt64(blocks[2 * $0]) | UInt64(blocks[2 * $0 + 1]) << 32) })
  }

  @Test func `each example of a batch has the bits of its key`() throws {
    let keys = [[1, 2], [3, 4]].map { integerTensor([2], $0, .uint64) }
    try checkBatching(keys.map { [$0] }) { graph, x in
      [try graph.add(RandomBits(TensorType(.uint32, [5])), Operands(x))]
    }
  }
}
