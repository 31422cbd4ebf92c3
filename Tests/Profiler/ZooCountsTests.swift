import Martlet
import MartletProfiler
import MartletZoo
import Testing

/// Multiply-adds of well-known models at 224 × 224, as torchvision gives them with its weights, to the last digit.
struct ZooCountsTests {
  private func multiplyAdds(_ model: some Layer) -> Int {
    let counts = model.flops(input: [1, 224, 224, 3])
    #expect(counts.uncounted.isEmpty)
    return counts.multiplyAdds
  }

  @Test func `a ResNet of 50 layers takes 4.09 billion multiply-adds`() {
    #expect(multiplyAdds(ResNet.resNet50(classes: 1000)) == 4_089_184_256)
  }

  @Test func `a VGG of 16 layers takes 15.47 billion`() {
    #expect(multiplyAdds(VGG.vgg16(classes: 1000)) == 15_470_264_320)
  }

  @Test func `a MobileNet takes 0.30 billion`() {
    #expect(multiplyAdds(MobileNetV2(classes: 1000)) == 300_774_272)
  }

  @Test func `a vision transformer takes 17.56 billion, those of attention included`() {
    let (tokens, width) = (197, 768)
    let products = tokens * width * (3 * width + width + 2 * 4 * width)
    let attention = 2 * tokens * tokens * width
    let patches = 196 * width * width
    #expect(
      multiplyAdds(VisionTransformer(classes: 1000)) == 12 * (products + attention) + patches + width * 1000)
  }
}
