import MartletKernels
import Testing

extension KernelTests {
  @Suite struct WindowTests {
    /// A window over [batch, height, width, channels].
    struct Case: Sendable, CustomTestStringConvertible {
      var input: [Int], window: [Int], stride: [Int], dilation: [Int], low: [Int], high: [Int]
      var testDescription: String { "\(input) by \(window)" }
      var output: [Int] {
        (0..<4).map { (input[$0] + low[$0] + high[$0] - (window[$0] - 1) * dilation[$0] - 1) / stride[$0] + 1 }
      }

      var native: martlet_window {
        var w = martlet_window()
        w.rank = 4
        func fill<T>(_ tuple: inout T, _ values: [Int]) {
          withUnsafeMutableBytes(of: &tuple) { bytes in
            for d in 0..<4 { bytes.bindMemory(to: Int.self)[d] = values[d] }
          }
        }
        fill(&w.input, input)
        fill(&w.output, output)
        fill(&w.window, window)
        fill(&w.stride, stride)
        fill(&w.dilation, dilation)
        fill(&w.padding, low)
        return w
      }

      /// Flat input positions of the window of an output, in window order.
      func taps(of flat: Int) -> [Int] {
        var place = [0, 0, 0, 0], rest = flat
        for d in (0..<4).reversed() {
          place[d] = rest % output[d]
          rest /= output[d]
        }
        return (0..<window.reduce(1, *)).compactMap { tap in
          var rest = tap, flat = 0, step = 1
          for d in (0..<4).reversed() {
            let at = place[d] * stride[d] + rest % window[d] * dilation[d] - low[d]
            rest /= window[d]
            guard at >= 0, at < input[d] else { return nil }
            flat += at * step
            step *= input[d]
          }
          return flat
        }
      }
    }

    static let cases = [
      Case(
        input: [2, 6, 8, 3], window: [1, 2, 2, 1], stride: [1, 2, 2, 1], dilation: [1, 1, 1, 1], low: [0, 0, 0, 0],
        high: [0, 0, 0, 0]),
      Case(
        input: [1, 7, 5, 300], window: [1, 3, 3, 1], stride: [1, 2, 1, 1], dilation: [1, 1, 1, 1], low: [0, 1, 1, 0],
        high: [0, 1, 1, 0]),
      Case(
        input: [3, 9, 4, 1], window: [1, 2, 3, 1], stride: [1, 3, 1, 1], dilation: [1, 2, 1, 1], low: [0, -1, 2, 0],
        high: [0, 0, 1, 0]),
      Case(
        input: [4, 3, 3, 6], window: [2, 1, 1, 3], stride: [1, 1, 1, 2], dilation: [1, 1, 1, 1], low: [1, 0, 0, 0],
        high: [0, 0, 0, 1]),
    ]

    @Test(arguments: cases) func `sums and maxima agree with a loop over each window`(example: Case) {
      let source = noise(example.input.reduce(1, *))
      let count = example.output.reduce(1, *)
      for kind in [MARTLET_REDUCE_SUM, MARTLET_REDUCE_MAX] {
        for result in underEachSet({
          var window = example.native, result = [Float](repeating: .nan, count: count)
          martlet_window_reduce(&window, UInt8(MARTLET_F32.rawValue), UInt8(kind.rawValue), source, &result)
          return result
        }) {
          for i in 0..<count {
            let values = example.taps(of: i).map { source[$0] }
            let expected = kind == MARTLET_REDUCE_MAX ? values.max() ?? -.infinity : values.reduce(0, +)
            #expect(abs(result[i] - expected) < 2e-6 || result[i] == expected)
          }
        }
      }
    }

    @Test(arguments: cases) func `the gradient of a maximum goes to the first one, and back`(example: Case) {
      // Few distinct values, so that a window has several maxima.
      let source = noise(example.input.reduce(1, *)).map { ($0 * 2).rounded() }
      let count = example.output.reduce(1, *), gradient = noise(count, seed: 5)
      var expected = [Float](repeating: 0, count: source.count), picked = [Float](repeating: 0, count: count)
      let values = noise(source.count, seed: 6)
      for i in 0..<count {
        let taps = example.taps(of: i)
        guard let best = taps.map({ source[$0] }).max(), let at = taps.first(where: { source[$0] == best }) else {
          continue
        }
        expected[at] += gradient[i]
        picked[i] = values[at]
      }
      var window = example.native
      var scattered = [Float](repeating: .nan, count: source.count), gathered = [Float](repeating: .nan, count: count)
      martlet_window_select_scatter(&window, UInt8(MARTLET_F32.rawValue), source, gradient, &scattered)
      martlet_window_select_gather(&window, UInt8(MARTLET_F32.rawValue), source, values, &gathered)
      #expect(scattered == expected)
      #expect(gathered == picked)
    }
  }
}
