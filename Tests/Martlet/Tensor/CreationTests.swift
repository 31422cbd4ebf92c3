import Martlet
import MartletGraph
import MartletTestSupport
import Testing

@Suite(.endsAtZero) struct CreationTests {
  @Test(arguments: DType.allCases)
  func `zeros, ones and full have any element type`(dtype: MartletGraph.DType) {
    let one = Tensor.ones([2, 3], dtype: dtype)
    #expect(one.type == TensorType(dtype, [2, 3]))
    #expect(one.cast(to: .float64).scalars() == Array(repeating: 1.0, count: 6))
    #expect(Tensor.zeros(like: one).cast(to: .float64).scalars() == Array(repeating: 0.0, count: 6))
    #expect(Tensor.full(like: one, value: 1).cast(to: .int32).scalars() == Array(repeating: Int32(1), count: 6))
  }

  @Test func `ranges count, and lines do not drift`() {
    #expect(Tensor.range(2..<9, by: 3).scalars() == [2, 5, 8])
    #expect(Tensor.range(3..<3).shape == [0])
    #expect(Tensor.arange(0, 1, step: 0.25).scalars(as: Float.self) == [0, 0.25, 0.5, 0.75])
    #expect(Tensor.arange(1, 0, step: -0.5).scalars(as: Float.self) == [1, 0.5])
    #expect(Tensor.linspace(0, 1, count: 5, dtype: .float64).scalars() == [0.0, 0.25, 0.5, 0.75, 1])
    #expect(Tensor.linspace(3, 4, count: 1).scalars(as: Float.self) == [3])
    let long = Tensor.arange(0, 100_000, step: 0.1).scalars(as: Float.self)
    #expect(long.count == 1_000_000 && long[999_999] == Float(99999.9))
    #expect(Tensor.logspace(0, 2, count: 3, dtype: .float64).scalars() == [1.0, 10, 100])
  }

  @Test func `diagonals`() {
    #expect(Tensor.eye(2, columns: 3, diagonal: 1).array2D(as: Int.self) == [[0, 1, 0], [0, 0, 1]])
    let x = Tensor.range(0..<6).reshaped(to: [2, 3])
    #expect(x.diagonal().scalars() == [0, 4])
    #expect(x.lowerTriangle().array2D() == [[0, 0, 0], [3, 4, 0]])
    #expect(x.upperTriangle(diagonal: 1).array2D() == [[0, 1, 2], [0, 0, 5]])
    #expect(Tensor([7, 8]).diagonalMatrix().array2D() == [[7, 0], [0, 8]])
  }

  @Test func `nested arrays up to four levels keep their shape`() {
    #expect(Tensor([[1, 2, 3], [4, 5, 6]]).type == TensorType(.int64, [2, 3]))
    #expect(Tensor([[[1.5], [2]]], dtype: .float32).type == TensorType(.float32, [1, 2, 1]))
    #expect(Tensor([[[[true]], [[false]]]]).shape == [1, 2, 1, 1])
    #expect(Tensor([[[[1, 2], [3, 4]], [[5, 6], [7, 8]]]]).scalars() == Array(1...8))
    #expect(Tensor([[Int]]()).shape == [0, 0])
    #expect(Tensor([[[1, 2]], [[3, 4]]]).array3D() == [[[1, 2]], [[3, 4]]])
    #expect(Tensor(2, dtype: .bfloat16).dtype == .bfloat16)
  }

  @Test func `promotion is symmetric and never narrows`() {
    for a in DType.allCases {
      for b in DType.allCases {
        let c = a.promoted(with: b)
        #expect(c == b.promoted(with: a))
        #expect(c.sizeInBytes >= (a.isFloatingPoint == b.isFloatingPoint ? max(a.sizeInBytes, b.sizeInBytes) : 1))
        #expect(!(a.isFloatingPoint || b.isFloatingPoint) || c.isFloatingPoint)
      }
    }
    #expect(DType.uint8.promoted(with: .int8) == .int16)
    #expect(DType.uint32.promoted(with: .int16) == .int64)
    #expect(DType.uint64.promoted(with: .int64) == .float64)
    #expect(DType.float16.promoted(with: .bfloat16) == .float32)
    #expect(DType.int64.promoted(with: .float16) == .float16)
    let (a, b) = Tensor([1]).promoted(with: Tensor([0.5] as [Float]))
    #expect((a + b).scalars(as: Float.self) == [1.5])
  }
}
