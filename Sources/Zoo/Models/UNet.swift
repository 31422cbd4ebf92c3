public import Martlet

/// Two convolutions with group normalization, around which the input goes; the time is added between them.
public struct TimedBlock: Module {
  let firstNorm, secondNorm: GroupNorm
  let first, second: Conv2D
  let time: Dense
  let shortcut: Conv2D?

  init(_ inputCount: Int, _ outputCount: Int, timeWidth: Int) {
    firstNorm = GroupNorm(inputCount, groups: 8)
    secondNorm = GroupNorm(outputCount, groups: 8)
    first = Conv2D(inputCount, outputCount, kernelSize: 3, padding: .explicit(1))
    second = Conv2D(outputCount, outputCount, kernelSize: 3, padding: .explicit(1))
    time = Dense(timeWidth, outputCount)
    shortcut = inputCount == outputCount ? nil : Conv2D(inputCount, outputCount, kernelSize: 1)
  }

  func callAsFunction(_ x: Tensor, time embedding: Tensor) -> Tensor {
    let middle = first(silu(firstNorm(x))) + time(embedding).expandingDimensions(at: [1, 2])
    return second(silu(secondNorm(middle))) + (shortcut?(x) ?? x)
  }
}

/// A network from pictures to pictures of the same size that knows a time: what diffusion models train.
///
/// Three sizes, two blocks a size on the way down and three on the way up, each joined with what the way down left.
///
/// - Note: Ronneberger, Fischer and Brox, *U-Net*, MICCAI 2015; Ho, Jain and Abbeel, *Denoising diffusion probabilistic
///   models*, NeurIPS 2020.
public struct UNet: Module {
  let timeWidth: Int
  let timeMap: Sequential
  let input: Conv2D
  let down: [[TimedBlock]]
  let shrink: [Conv2D]
  let middle: TimedBlock
  let up: [[TimedBlock]]
  let grow: [Conv2D]
  let norm: GroupNorm
  let output: Conv2D

  /// - Parameter channels: Channels at each size, largest pictures first; multiples of 8.
  public init(channels: [Int] = [64, 128, 256], timeWidth: Int = 128) {
    self.timeWidth = timeWidth
    timeMap = Sequential {
      Dense(64, timeWidth)
      Activation.silu
      Dense(timeWidth, timeWidth)
    }
    input = Conv2D(3, channels[0], kernelSize: 3, padding: .explicit(1))
    var width = channels[0]
    var skips = [width]
    var (down, shrink, up, grow): ([[TimedBlock]], [Conv2D], [[TimedBlock]], [Conv2D]) = ([], [], [], [])
    for (level, wanted) in channels.enumerated() {
      down.append((0..<2).map { TimedBlock($0 == 0 ? width : wanted, wanted, timeWidth: timeWidth) })
      width = wanted
      skips += [width, width]
      if level == channels.count - 1 { break }
      shrink.append(Conv2D(width, width, kernelSize: 3, stride: 2, padding: .explicit(1)))
      skips.append(width)
    }
    middle = TimedBlock(width, width, timeWidth: timeWidth)
    for (level, wanted) in channels.enumerated().reversed() {
      var blocks: [TimedBlock] = []
      for _ in 0..<3 {
        blocks.append(TimedBlock(width + skips.removeLast(), wanted, timeWidth: timeWidth))
        width = wanted
      }
      up.append(blocks)
      if level > 0 { grow.append(Conv2D(width, width, kernelSize: 3, padding: .explicit(1))) }
    }
    (self.down, self.shrink, self.up, self.grow) = (down, shrink, up, grow)
    norm = GroupNorm(width, groups: 8)
    output = Conv2D(width, 3, kernelSize: 3, padding: .explicit(1))
  }

  /// - Parameters:
  ///   - x: Pictures `[batch, height, width, 3]`; height and width divide by 4.
  ///   - time: `[batch]`.
  /// - Returns: The shape of `x`.
  public func callAsFunction(_ x: Tensor, time: Tensor) -> Tensor {
    let embedding = silu(timeMap(waves(of: time)))
    var x = input(x)
    var skips = [x]
    for (level, blocks) in down.enumerated() {
      for block in blocks {
        x = block(x, time: embedding)
        skips.append(x)
      }
      if level < shrink.count {
        x = shrink[level](x)
        skips.append(x)
      }
    }
    x = middle(x, time: embedding)
    for (level, blocks) in up.enumerated() {
      for block in blocks { x = block(Tensor(concatenating: [x, skips.removeLast()], axis: -1), time: embedding) }
      if level < grow.count { x = grow[level](x.repeated(2, axis: 1).repeated(2, axis: 2)) }
    }
    return output(silu(norm(x)))
  }

  /// 32 sines and 32 cosines of falling frequency, `[batch, 64]`.
  private func waves(of time: Tensor) -> Tensor {
    // -9.21 is about log(1e-4), the lowest frequency.
    let frequencies = exp(Tensor.arange(0, 32) * (-9.21 / 32))
    let angles = time.expandingDimensions(at: 1) * frequencies
    return Tensor(concatenating: [sin(angles), cos(angles)], axis: 1)
  }
}
