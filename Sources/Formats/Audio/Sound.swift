/// Sampled sound: channels of numbers, nominally in -1...1.
public struct Sound: Sendable, Hashable {
  /// Samples of a channel in a second.
  public var sampleRate: Int
  /// The number of channels.
  public var channelCount: Int
  /// The samples, those of all channels at one time together.
  public var samples: [Float]

  /// A sound of the given samples.
  ///
  /// - Precondition: At least one channel, a positive rate, and as many samples for each channel.
  public init(sampleRate: Int, channelCount: Int, samples: [Float]) {
    precondition(
      channelCount > 0 && sampleRate > 0 && samples.count % channelCount == 0,
      "Sound: \(samples.count) samples in \(channelCount) channels at \(sampleRate) Hz")
    self.sampleRate = sampleRate
    self.channelCount = channelCount
    self.samples = samples
  }

  /// Samples of each channel.
  public var frameCount: Int { samples.count / channelCount }

  /// The samples of one channel.
  ///
  /// - Precondition: There is such a channel.
  public func channel(_ index: Int) -> [Float] {
    precondition((0..<channelCount).contains(index), "Sound: channel \(index) of \(channelCount)")
    return stride(from: index, to: samples.count, by: channelCount).map { samples[$0] }
  }
}
