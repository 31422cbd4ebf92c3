import Martlet
import MartletZoo
import Testing

@Suite struct ModelTests {
  @Test func `parameter counts are those of the papers and of other implementations`() {
    #expect(DigitClassifier().parameterCount == 225_034)
    // torchvision's resnet50, and ResNet-18 as it is used on CIFAR-10.
    #expect(ResNet.resNet50(classes: 1000).parameterCount == 25_557_032)
    #expect(ResNet.small18(classes: 10).parameterCount == 11_173_962)
    // GPT-2's 124,439,808 with 512 positions instead of 1,024.
    #expect(GPT(.gpt124M).parameterCount == 124_439_808 - 512 * 768)
    // Counted by PyTorch for the same network.
    #expect(UNet().parameterCount == 12_518_787)
  }
}
