import Martlet
import MartletTestSupport
import Testing

/// The layouts are those of NumPy 2, whose `print` made the expected texts; element type and shape are ours.
@Suite(.endsAtZero) struct DescriptionTests {
  @Test func `columns are aligned at the decimal point`() {
    let x = Tensor([[1, -2.5], [3.25, 100]] as [[Float]])
    #expect("\(x)" == "[[  1.    -2.5 ]\n [  3.25 100.  ]] float32 [2, 2]")
    #expect("\(Tensor([1, 10, -100]))" == "[   1   10 -100] int64 [3]")
    #expect("\(Tensor([true, false]))" == "[ true false] bool [2]")
  }

  @Test func `a scalar is only its number`() {
    #expect("\(Tensor(Float(0.1)))" == "0.1")
    #expect("\(Tensor(3))" == "3")
    #expect("\(Tensor(Double.nan))" == "nan")
    #expect(Tensor(Float(2)).debugDescription == "2. float32 []")
  }

  @Test func `numbers far apart are written with powers of ten`() {
    #expect("\(Tensor([1e-5, 1.5]))" == "[1.0e-05 1.5e+00] float64 [2]")
    #expect("\(Tensor([1e10, 2.5e10]))" == "[1.0e+10 2.5e+10] float64 [2]")
  }

  @Test func `infinities and NaN stand in their column`() {
    #expect("\(Tensor([Float.infinity, -1.5, .nan]))" == "[ inf -1.5  nan] float32 [3]")
  }

  @Test func `at most eight places are shown, rounded`() {
    #expect("\(Tensor([1.0 / 3, 2.0 / 3]))" == "[0.33333333 0.66666667] float64 [2]")
    #expect("\(Tensor([0.999999999, 1]))" == "[1. 1.] float64 [2]")
    #expect("\(Tensor([0.1] as [Float]).cast(to: .float16))" == "[0.1] float16 [1]")
  }

  @Test func `more than a thousand elements are summarized`() {
    let text = "\(Tensor.range(0..<2000).reshaped(to: [2, 1000]))"
    #expect(text == "[[   0    1    2 ...  997  998  999]\n [1000 1001 1002 ... 1997 1998 1999]] int64 [2, 1000]")
    #expect("\(Tensor.zeros([0, 3]))" == "[] float32 [0, 3]")
  }

  @Test func `blocks are separated by empty lines and long rows broken`() {
    #expect("\(Tensor.ones([2, 2, 1]))" == "[[[1.]\n  [1.]]\n\n [[1.]\n  [1.]]] float32 [2, 2, 1]")
    let lines = "\(Tensor.range(0..<30))".split(separator: "\n")
    #expect(
      lines == [
        "[ 0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18 19 20 21 22 23",
        " 24 25 26 27 28 29] int64 [30]",
      ])
  }
}
