extension Convolve {
  /// The same convolution in another form, with the spatial sizes of what it gives.
  private func turned(_ form: Form, giving shape: Shape) -> Convolve {
    var other = self
    other.form = form
    let spatial = form == .filterGradient ? shape[..<(shape.rank - 2)] : shape[1..<(shape.rank - 1)]
    other.resultSizes = form == .forward ? Shape() : Shape(spatial)
    return other
  }

  public func pullback(_ context: PullbackContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    let (a, b) = (context.operands[0], context.operands[1])
    let g = context.cotangent
    // Each form is linear in both operands; for each of them, the other form that gives it, and that form's operands.
    let sources: [(form: Form, operands: Operands)] =
      switch form {
      case .forward: [(.inputGradient, Operands(g, b)), (.filterGradient, Operands(a, g))]
      case .inputGradient: [(.forward, Operands(g, b)), (.filterGradient, Operands(g, a))]
      case .filterGradient: [(.inputGradient, Operands(b, g)), (.forward, Operands(a, g))]
      }
    var cotangents: [Value?] = [nil, nil]
    for i in 0..<2 where context.isNeeded[i] {
      let other = turned(sources[i].form, giving: graph.shape(context.operands[i]))
      cotangents[i] = try graph.add(other, sources[i].operands)
    }
    return cotangents
  }

  public func pushforward(_ context: PushforwardContext, in graph: inout GraphBuilder) throws(GraphError) -> [Value?] {
    var sum: Value?
    if let tangent = context.tangents[0] { sum = try graph.add(self, Operands(tangent, context.operands[1])) }
    if let tangent = context.tangents[1] {
      sum = try graph.addIfPresent(sum, graph.add(self, Operands(context.operands[0], tangent)))
    }
    return [sum]
  }

  /// A multiplication and an addition for each filter element at each position and example, in every form.
  ///
  /// Positions at the border count in full, as if the padding were stored.
  public func cost(_ operands: OperandTypes, result: TensorType) -> Cost {
    let roles = roles(operands[operands.startIndex], operands[operands.startIndex + 1], result)
    let perElement = roles.filter.shape.dropLast().reduce(1, *)
    let operations = result.dtype.isFloatingPoint ? 2 * roles.output.elementCount * perElement : 0
    return Cost(moving: operands, to: result, operations: operations)
  }

  /// Of two operands and the result of any form, which is the image, the filter and the output.
  func roles<T>(_ a: T, _ b: T, _ result: T) -> (image: T, filter: T, output: T) {
    switch form {
    case .forward: (a, b, result)
    case .inputGradient: (result, b, a)
    case .filterGradient: (a, result, b)
    }
  }

  /// Loop 0 is the examples, 1 the image's channels, 2 the output's; channels in groups are taken as a whole.
  public func indexing(_ operands: OperandTypes, result: TensorType) -> IndexStructure? {
    let spatial = [Int?](repeating: nil, count: strides.rank)
    let input: Int? = groups == 1 ? 1 : nil
    let output: Int? = groups == 1 ? 2 : nil
    let image = [0] + spatial + [input]
    let filter = spatial + [input, output]
    let outputs = [0] + spatial + [output]
    switch form {
    case .forward:
      return IndexStructure(operands: [image, filter], result: outputs, reduced: groups == 1 ? [1] : [])
    case .inputGradient:
      return IndexStructure(operands: [outputs, filter], result: image, reduced: groups == 1 ? [2] : [])
    case .filterGradient:
      return IndexStructure(operands: [image, outputs], result: filter, reduced: [0])
    }
  }
}

extension Convolve {
  public func evaluate(
    _ operands: [ReferenceTensor], result: TensorType, count: inout OperationCount
  ) throws(ExecutionError) -> [ReferenceTensor] {
    let products = products(operands[0].type, operands[1].type, result, count: &count)
    if case .floating(let a) = operands[0].elements, case .floating(let b) = operands[1].elements {
      var sums = [Double](repeating: 0, count: result.elementCount)
      for (i, j, k) in products { sums[k] += a[i] * b[j] }
      return [ReferenceTensor(result, rounding: sums)]
    }
    let (a, b) = (operands[0].integers, operands[1].integers)
    var sums = [Int64](repeating: 0, count: result.elementCount)
    for (i, j, k) in products { sums[k] &+= a[i] &* b[j] }
    return [ReferenceTensor(result, wrapping: sums)]
  }

  /// Every product of the operation: the positions of its factors, and of the element it is added to.
  ///
  /// All three forms run over the same triples of image, filter and output; they differ in which two are known.
  private func products(
    _ a: TensorType, _ b: TensorType, _ result: TensorType, count: inout OperationCount
  ) -> [(Int, Int, Int)] {
    let (image, filter, output) = roles(a.shape, b.shape, result.shape)
    let rank = image.rank
    let (channels, outputs) = (filter[rank - 2], filter[rank - 1])
    let pixels = ConvolutionPixels(self, image: image, filter: filter, output: output)
    var products: [(Int, Int, Int)] = []
    for example in 0..<image[0] {
      for (pixel, tap, place) in pixels.triples {
        if result.dtype.isFloatingPoint { count.floatingPointOperations += 2 * channels * outputs }
        // Padding is 0: counted, but not summed.
        guard let pixel else { continue }
        for out in 0..<outputs {
          let group = out / (outputs / groups)
          for channel in 0..<channels {
            let i = (example * pixels.imageCount + pixel) * image[rank - 1] + group * channels + channel
            let j = (tap * channels + channel) * outputs + out
            let k = (example * pixels.outputCount + place) * outputs + out
            products.append(arranged(image: i, filter: j, output: k))
          }
        }
      }
    }
    return products
  }

  private func arranged(image: Int, filter: Int, output: Int) -> (Int, Int, Int) {
    switch form {
    case .forward: (image, filter, output)
    case .inputGradient: (output, filter, image)
    case .filterGradient: (image, output, filter)
    }
  }
}
