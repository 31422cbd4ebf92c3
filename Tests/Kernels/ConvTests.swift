import MartletKernels
import Testing

/// A random convolution of one to three dimensions, with its results by plain loops in float 64.
private struct Convolution {
  var shape = martlet_conv()
  private(set) var inputs = 0, outputs = 0, filters = 0

  /// A convolution with filters of 3 x 3 places and enough channels for minimal filtering.
  init(threeByThree seed: UInt64) {
    var numbers = Numbers(seed: seed)
    shape.groups = seed % 5 == 0 ? 2 : 1
    shape.in_channels = shape.groups * numbers.int(in: 16...40)
    shape.out_channels = shape.groups * numbers.int(in: 16...40)
    shape.batch = seed % 4 == 0 ? numbers.int(in: 30...40) : numbers.int(in: 1...3)
    let most = shape.batch > 3 ? 9 : 30
    finish([Dimension(), Dimension(ofThree: &numbers, most: most), Dimension(ofThree: &numbers, most: most)])
  }

  init(seed: UInt64) {
    var numbers = Numbers(seed: seed)
    let kind = numbers.int(in: 0...4)
    let groups = kind == 0 ? numbers.int(in: 2...70) : kind == 1 ? numbers.int(in: 2...3) : 1
    let most = kind == 4 ? 60 : 9
    shape.groups = groups
    shape.in_channels = groups * (kind == 0 ? 1 : numbers.int(in: 1...most))
    shape.out_channels = groups * (kind == 0 ? 1 : numbers.int(in: 1...most))
    shape.batch = numbers.int(in: 1...3)
    finish((0..<3).map { $0 + 1 + Int(seed % 3) > 2 ? Dimension(&numbers, isLast: $0 == 2) : Dimension() })
  }

  /// A convolution of images or sequences in many groups of few channels.
  init(narrowGroups seed: UInt64) {
    var numbers = Numbers(seed: seed)
    shape.groups = numbers.int(in: 2...24)
    shape.in_channels = shape.groups * numbers.int(in: 1...(seed % 2 == 0 ? 3 : 20))
    shape.out_channels = shape.groups * numbers.int(in: 1...9)
    shape.batch = numbers.int(in: 1...3)
    let height = seed % 3 == 0 ? Dimension() : Dimension(&numbers, isLast: true)
    finish([Dimension(), height, Dimension(&numbers, isLast: true)])
  }

  /// A convolution of images or sequences with few output channels.
  init(fewOutputs seed: UInt64) {
    var numbers = Numbers(seed: seed)
    shape.groups = 1
    shape.in_channels = numbers.int(in: 3...40)
    shape.out_channels = numbers.int(in: 1...12)
    shape.batch = numbers.int(in: 1...3)
    let height = seed % 3 == 0 ? Dimension() : Dimension(&numbers, isLast: true)
    finish([Dimension(), height, Dimension(&numbers, isLast: true)])
  }

  private mutating func finish(_ dimensions: [Dimension]) {
    shape.in_size = (dimensions[0].input, dimensions[1].input, dimensions[2].input)
    shape.out_size = (dimensions[0].output, dimensions[1].output, dimensions[2].output)
    shape.filter_size = (dimensions[0].filter, dimensions[1].filter, dimensions[2].filter)
    shape.stride = (dimensions[0].stride, dimensions[1].stride, dimensions[2].stride)
    shape.dilation = (dimensions[0].dilation, dimensions[1].dilation, dimensions[2].dilation)
    shape.pad_low = (dimensions[0].padding, dimensions[1].padding, dimensions[2].padding)
    inputs = shape.batch * dimensions.reduce(1) { $0 * $1.input } * shape.in_channels
    outputs = shape.batch * dimensions.reduce(1) { $0 * $1.output } * shape.out_channels
    filters = dimensions.reduce(1) { $0 * $1.filter } * (shape.in_channels / shape.groups) * shape.out_channels
    self.dimensions = dimensions
  }

  struct Dimension {
    var input = 1, output = 1, filter = 1, stride = 1, dilation = 1, padding = 0

    init() {}

    /// Three filter places next to each other.
    init(ofThree numbers: inout Numbers, most: Int) {
      filter = 3
      input = numbers.int(in: 4...most)
      padding = numbers.int(in: -1...3)
      output = max(1, input + padding + numbers.int(in: 0...3) - 2)
    }

    init(_ numbers: inout Numbers, isLast: Bool) {
      input = numbers.int(in: 1...(isLast ? 30 : 8))
      filter = numbers.int(in: 1...4)
      stride = numbers.int(in: 1...3)
      dilation = numbers.int(in: 1...2)
      padding = numbers.int(in: -1...3)
      let room = input + padding + numbers.int(in: 0...3) - (filter - 1) * dilation - 1
      output = max(0, room) / stride + 1
    }

    /// Output, filter and input places that meet.
    var meetings: [(output: Int, filter: Int, input: Int)] {
      (0..<output).flatMap { o in
        (0..<filter).map { f in (o, f, o * stride + f * dilation - padding) }
      }.filter { (0..<input).contains($0.2) }
    }
  }

  private var dimensions: [Dimension] = []

  /// Calls `body` with the positions of every product: output, input, filter.
  func forEachProduct(_ body: (_ output: Int, _ input: Int, _ filter: Int) -> Void) {
    let (d0, d1, d2) = (dimensions[0], dimensions[1], dimensions[2])
    let inGroup = shape.in_channels / shape.groups
    let outGroup = shape.out_channels / shape.groups
    for n in 0..<shape.batch {
      for x in d0.meetings {
        for y in d1.meetings {
          for z in d2.meetings {
            let output = ((n * d0.output + x.output) * d1.output + y.output) * d2.output + z.output
            let input = ((n * d0.input + x.input) * d1.input + y.input) * d2.input + z.input
            let place = (x.filter * d1.filter + y.filter) * d2.filter + z.filter
            for c in 0..<shape.out_channels {
              for i in 0..<inGroup {
                body(
                  output * shape.out_channels + c, input * shape.in_channels + c / outGroup * inGroup + i,
                  (place * inGroup + i) * shape.out_channels + c)
              }
            }
          }
        }
      }
    }
  }

  /// The output and both gradients by plain loops, summed in float 64.
  func summed<T: BinaryFloatingPoint>(
    _ x: [T], _ w: [T], bias: [T], gradient: [T]
  ) -> (output: [Double], inputGradient: [Double], filterGradient: [Double]) {
    var output = (0..<outputs).map { Double(bias[$0 % bias.count]) }
    var inputGradient = [Double](repeating: 0, count: x.count)
    var filterGradient = [Double](repeating: 0, count: w.count)
    forEachProduct { o, i, f in
      output[o] += Double(x[i]) * Double(w[f])
      inputGradient[i] += Double(gradient[o]) * Double(w[f])
      filterGradient[f] += Double(gradient[o]) * Double(x[i])
    }
    return (output, inputGradient, filterGradient)
  }

  struct Results { var output, inputGradient, filterGradient: [Float] }

  func run(_ x: [Float], _ w: [Float], bias: [Float], gradient: [Float]) -> Results {
    var shape = shape
    var results = Results(
      output: .init(repeating: .nan, count: outputs), inputGradient: .init(repeating: .nan, count: inputs),
      filterGradient: .init(repeating: .nan, count: filters))
    #expect(martlet_conv_forward_f32(&shape, x, w, bias, &results.output, nil, nil) == MARTLET_OK)
    #expect(martlet_conv_input_gradient_f32(&shape, gradient, w, &results.inputGradient) == MARTLET_OK)
    #expect(martlet_conv_filter_gradient_f32(&shape, x, gradient, &results.filterGradient) == MARTLET_OK)
    return results
  }
}

extension KernelTests {
  @Suite struct ConvTests {
    @Test(arguments: availableISAs)
    func `float 64 agrees with plain loops`(isa: martlet_isa) {
      for seed in 1...UInt64(60) {
        let convolution = Convolution(seed: seed)
        var numbers = Numbers(seed: seed + 3000)
        let x = numbers.floats(convolution.inputs).map(Double.init)
        let w = numbers.floats(convolution.filters).map(Double.init)
        let bias = numbers.floats(convolution.shape.out_channels).map(Double.init)
        let gradient = numbers.floats(convolution.outputs).map(Double.init)
        let (output, inputGradient, filterGradient) = convolution.summed(x, w, bias: bias, gradient: gradient)
        var shape = convolution.shape
        var found = (
          [Double](repeating: .nan, count: output.count), [Double](repeating: .nan, count: x.count),
          [Double](repeating: .nan, count: w.count)
        )
        withISA(isa) {
          #expect(martlet_conv_forward_f64(&shape, x, w, bias, &found.0, nil, nil) == MARTLET_OK)
          #expect(martlet_conv_input_gradient_f64(&shape, gradient, w, &found.1) == MARTLET_OK)
          #expect(martlet_conv_filter_gradient_f64(&shape, x, gradient, &found.2) == MARTLET_OK)
        }
        for (result, expected) in [(found.0, output), (found.1, inputGradient), (found.2, filterGradient)] {
          #expect(zip(result, expected).allSatisfy { abs($0 - $1) < 1e-12 }, "seed \(seed)")
        }
      }
    }

    @Test(arguments: availableISAs)
    func `output and both gradients agree with plain loops`(isa: martlet_isa) {
      let shapes =
        (1...150).map { Convolution(seed: $0) } + (151...190).map { Convolution(narrowGroups: $0) }
        + (191...230).map { Convolution(fewOutputs: $0) }
      for (seed, convolution) in zip(1..., shapes) {
        var numbers = Numbers(seed: UInt64(seed) + 1000)
        let x = numbers.floats(convolution.inputs)
        let w = numbers.floats(convolution.filters)
        let bias = numbers.floats(convolution.shape.out_channels)
        let gradient = numbers.floats(convolution.outputs)
        let (output, inputGradient, filterGradient) = convolution.summed(x, w, bias: bias, gradient: gradient)
        let found = withISA(isa) { convolution.run(x, w, bias: bias, gradient: gradient) }
        // Sums of at most a few thousand products below 1/4.
        #expect(distance(found.output, output) < 5e-5, "seed \(seed)")
        #expect(distance(found.inputGradient, inputGradient) < 5e-5, "seed \(seed)")
        #expect(distance(found.filterGradient, filterGradient) < 5e-5, "seed \(seed)")
      }
    }

    @Test(arguments: availableISAs)
    func `minimal filtering agrees with plain loops`(isa: martlet_isa) {
      for seed in 1...UInt64(24) {
        let convolution = Convolution(threeByThree: seed)
        var numbers = Numbers(seed: seed + 2000)
        let x = numbers.floats(convolution.inputs)
        let w = numbers.floats(convolution.filters)
        let bias = numbers.floats(convolution.shape.out_channels)
        let gradient = numbers.floats(convolution.outputs)
        let (output, inputGradient, filterGradient) = convolution.summed(x, w, bias: bias, gradient: gradient)
        let found = withISA(isa) { convolution.run(x, w, bias: bias, gradient: gradient) }
        for (result, expected) in [
          (found.output, output), (found.inputGradient, inputGradient), (found.filterGradient, filterGradient),
        ] {
          #expect(distance(result, expected) < 5e-6 * expected.reduce(1) { max($0, abs($1)) }, "seed \(seed)")
        }
      }
    }

    @Test(arguments: availableISAs)
    func `a filter that was packed before gives the same bits, and is not read`(isa: martlet_isa) {
      var packedCount = 0
      for seed in 1...UInt64(90) {
        let convolution = seed % 3 == 0 ? Convolution(threeByThree: seed) : Convolution(seed: seed)
        var numbers = Numbers(seed: seed + 4000)
        let x = numbers.floats(convolution.inputs)
        let w = numbers.floats(convolution.filters)
        let bias = numbers.floats(convolution.shape.out_channels)
        var shape = convolution.shape
        var outputs = [[Float](repeating: .nan, count: convolution.outputs)]
        outputs.append(outputs[0])
        withISA(isa) {
          #expect(martlet_conv_forward_f32(&shape, x, w, bias, &outputs[0], nil, nil) == MARTLET_OK)
          let byteCount = martlet_conv_packed_bytes_f32(&shape)
          if byteCount == 0 { return outputs[1] = outputs[0] }
          packedCount += 1
          let packed = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64)
          defer { packed.deallocate() }
          #expect(martlet_conv_pack_f32(&shape, w, packed) == MARTLET_OK)
          shape.packed_filter = UnsafeRawPointer(packed)
          let nothing = [Float](repeating: .nan, count: w.count)
          #expect(martlet_conv_forward_f32(&shape, x, nothing, bias, &outputs[1], nil, nil) == MARTLET_OK)
        }
        #expect(outputs[0].map(\.bitPattern) == outputs[1].map(\.bitPattern), "seed \(seed)")
      }
      #expect(packedCount > 40)
    }

    @Test(arguments: 50...UInt64(90))
    func `the bits are the same with any number of threads`(seed: UInt64) {
      let convolution =
        switch seed {
        case 81...: Convolution(fewOutputs: seed)
        case 71...: Convolution(narrowGroups: seed)
        case 63...: Convolution(threeByThree: seed)
        default: Convolution(seed: seed)
        }
      var numbers = Numbers(seed: seed)
      let x = numbers.floats(convolution.inputs)
      let w = numbers.floats(convolution.filters)
      let bias = numbers.floats(convolution.shape.out_channels)
      let gradient = numbers.floats(convolution.outputs)
      let results = (1...4).map { count in
        withThreads(count) { convolution.run(x, w, bias: bias, gradient: gradient) }
      }
      for result in results {
        #expect(result.output == results[0].output)
        #expect(result.inputGradient == results[0].inputGradient)
        #expect(result.filterGradient == results[0].filterGradient)
      }
    }
  }
}
