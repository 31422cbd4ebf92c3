import MartletGraph
import Testing

struct ShapeTests {
  static let huge = 1 << 40

  @Test(
    arguments: [
      ([], 1), ([7], 7), ([2, 3, 4], 24), ([0], 0), ([2, 0, 4], 0), ([0, huge, huge], 0), ([huge, huge, 0], 0),
      ([huge, 0, huge], 0), ([Int.max], Int.max), ([1 << 31, 1 << 31], 1 << 62),
    ] as [([Int], Int)])
  func `elements are counted, and an empty shape has none whatever its other sizes`(sizes: [Int], count: Int) {
    let shape = Shape(sizes)
    #expect(shape.elementCount == count)
    #expect(shape.checkedElementCount == count)
    #expect(TensorType(.uint8, shape).sizeInBytes == count)
  }

  @Test(arguments: [[huge, huge], [Int.max, 2], [huge, huge, 3]])
  func `more elements than can be counted are nil`(sizes: [Int]) {
    #expect(Shape(sizes).checkedElementCount == nil)
  }

  @Test func `counting more elements than can be counted stops`() async {
    await #expect(processExitsWith: .failure) { _ = Shape([1 << 40, 1 << 40]).elementCount }
  }

  @Test func `strides are row-major, and of an empty shape they are anything`() {
    #expect(Shape([2, 3, 4]).rowMajorStrides == [12, 4, 1])
    for sizes in [[0, ShapeTests.huge, ShapeTests.huge], [ShapeTests.huge, ShapeTests.huge, 0]] {
      #expect(Shape(sizes).rowMajorStrides.rank == 3)
    }
  }
}
