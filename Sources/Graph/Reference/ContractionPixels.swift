/// Which pixel of the image meets which element of the filter for which pixel of the output.
struct ConvolutionPixels {
  /// Row-major positions among the spatial dimensions; the image's is nil in the padding.
  var triples: [(image: Int?, filter: Int, output: Int)] = []
  /// The number of pixels of the image.
  let imageCount: Int
  /// The number of pixels of the output.
  let outputCount: Int

  /// - Parameters:
  ///   - image: `[batch, spatial…, channels]`.
  ///   - filter: `[spatial…, channels / groups, out channels]`.
  ///   - output: `[batch, spatial…, out channels]`.
  init(_ convolution: Convolve, image: Shape, filter: Shape, output: Shape) {
    let imageSizes = Shape(image[1..<(image.rank - 1)])
    let filterSizes = Shape(filter[..<(filter.rank - 2)])
    let outputSizes = Shape(output[1..<(output.rank - 1)])
    imageCount = imageSizes.elementCount
    outputCount = outputSizes.elementCount
    let places = ConvolutionPixels.indices(of: outputSizes)
    let taps = ConvolutionPixels.indices(of: filterSizes)
    for (output, place) in places.enumerated() {
      for (filter, tap) in taps.enumerated() {
        let pixel = convolution.pixel(place: place, tap: tap, in: imageSizes)
        triples.append((pixel, filter, output))
      }
    }
  }

  /// Every index of a shape, in row-major order.
  private static func indices(of shape: Shape) -> [[Int]] {
    let strides = shape.rowMajorStrides
    return (0..<shape.elementCount).map { flat in
      (0..<shape.rank).map { flat / strides[$0] % shape[$0] }
    }
  }
}

extension Convolve {
  /// The row-major position of the image's pixel under one element of the filter, or nil in the padding.
  fileprivate func pixel(place: [Int], tap: [Int], in image: Shape) -> Int? {
    var flat = 0
    for i in 0..<image.rank {
      let index = place[i] * strides[i] + tap[i] * dilations[i] - paddingLow[i]
      if index < 0 || index >= image[i] { return nil }
      flat = flat * image[i] + index
    }
    return flat
  }
}
