import Martlet
import MartletGraph
import MartletTestSupport
import Testing

/// Positions 0, 1, 2, … so that every element tells where it came from.
private func counted(_ shape: Shape) -> Tensor { Tensor(Array(0..<shape.elementCount), shape: shape) }

@Suite(.endsAtZero) struct SubscriptTests {
  @Test func `integers drop a dimension, ranges keep it`() {
    let x = counted([3, 4])
    #expect(x[1].scalars() == [4, 5, 6, 7])
    #expect(x[-1, -2].scalars() == [10])
    #expect(x[0..., 3].scalars() == [3, 7, 11])
    #expect(x[1..<3, 1...2].array2D() == [[5, 6], [9, 10]])
    #expect(x[..<1].array2D() == [[0, 1, 2, 3]])
    #expect(x[.all, (-2)...].array2D() == [[2, 3], [6, 7], [10, 11]])
    #expect(x[...(-2)].shape == [2, 4])
    #expect(x[2..<2].shape == [0, 4])
  }

  @Test func `an ellipsis stands for the dimensions left over, and new axes are added`() {
    let x = counted([2, 3, 4])
    #expect(x[.ellipsis, 0].array2D() == [[0, 4, 8], [12, 16, 20]])
    #expect(x[1, .ellipsis, 2].scalars() == [14, 18, 22])
    #expect(x[.ellipsis, .newAxis, 0].shape == [2, 3, 1])
    #expect(x[.newAxis, 0, .newAxis].shape == [1, 1, 3, 4])
    #expect(x[0, 0, 0, .ellipsis].shape == [])
  }

  @Test func `steps go up and down`() {
    let x = counted([10])
    #expect(x[(0..<10).striding(by: 3)].scalars() == [0, 3, 6, 9])
    #expect(x[(1...).striding(by: 4)].scalars() == [1, 5, 9])
    #expect(x[.range(by: -3)].scalars() == [9, 6, 3, 0])
    #expect(x[.range(from: 8, to: 2, by: -2)].scalars() == [8, 6, 4])
    #expect(x[.range(from: 5, to: 5, by: -1)].shape == [0])
    #expect(x[.range(by: 100)].scalars() == [0])
  }

  @Test func `lists and tensors name slices, and several name points`() {
    let x = counted([3, 4])
    #expect(x[[2, 0, -1]].array2D() == [[8, 9, 10, 11], [0, 1, 2, 3], [8, 9, 10, 11]])
    #expect(x[.all, [3, 1]].array2D() == [[3, 1], [7, 5], [11, 9]])
    #expect(x[[0, 1, 2], [3, 2, 1]].scalars() == [3, 6, 9])
    #expect(x[Tensor([[0], [2]]), [1, 2]].array2D() == [[1, 2], [9, 10]])
    let y = counted([2, 3, 4])
    // Neighbors stay in their place; separated ones come to the front.
    #expect(y[.all, [0, 2], [1, 3]].array2D() == [[1, 11], [13, 23]])
    #expect(y[[0, 1], .all, [1, 3]].array2D() == [[1, 5, 9], [15, 19, 23]])
  }

  @Test func `assigning replaces the places that reading gives`() {
    var x = counted([3, 4])
    let before = x
    x[1] = Tensor([-1, -2, -3, -4])
    #expect(x.array2D() == [[0, 1, 2, 3], [-1, -2, -3, -4], [8, 9, 10, 11]])
    x[.all, 1..<3] = Tensor(7)
    #expect(x.array2D() == [[0, 7, 7, 3], [-1, 7, 7, -4], [8, 7, 7, 11]])
    x[.range(by: 2), .range(by: -3)] = Tensor([[50, 51], [52, 53]])
    #expect(x.array2D() == [[51, 7, 7, 50], [-1, 7, 7, -4], [53, 7, 7, 52]])
    x[[0, 2], [1, 2]] = Tensor([90, 91])
    #expect(x.array2D() == [[51, 90, 7, 50], [-1, 7, 7, -4], [53, 7, 91, 52]])
    #expect(before.array2D() == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]])
  }

  @Test func `derivatives pass through reading and assigning`() {
    let x = Tensor([1.0, 2, 3, 4])
    let read = gradient(at: x) { ($0[.range(by: -2)] * Tensor([10.0, 20])).sum() }
    #expect(read.scalars() == [0.0, 20, 0, 10])
    let repeated = gradient(at: x) { $0[[1, 1, 3]].sum() }
    #expect(repeated.scalars() == [0.0, 2, 0, 1])
    let written = gradient(at: x) { x in
      var y = x
      y[1..<3] = x[0..<2] * 5
      return (y * Tensor([1.0, 10, 100, 1000])).sum()
    }
    #expect(written.scalars() == [51.0, 500, 0, 1000])
  }

  @Test func `an index out of range is found when the program runs`() {
    #expect(throws: (any Error).self) { try counted([3])[[0, 3]].evaluated() }
    #expect(throws: Never.self) { try counted([3])[[0, -3]].evaluated() }
  }

  @Test func `a mask gives the positions at which it is true`() {
    let mask = Tensor([[true, false, true], [false, true, false]])
    #expect(mask.indices().array2D() == [[0, 0], [0, 2], [1, 1]])
    #expect(counted([2, 3]).gatheredPoints(at: mask.indices()).scalars() == [0, 2, 4])
  }
}
