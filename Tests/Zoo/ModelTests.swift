import Martlet
import MartletZoo
import MartletTestSupport
import Testing

@Suite(.endsAtZero) struct ModelTests {
  @Test func `parameter counts are those of the papers and of other implementations`() {
    #expect(DigitClassifier().parameterCount == 225_034)
    // torchvision's resnet50, and ResNet-18 as it is used on CIFAR-10.
    #expect(ResNet.resNet50(classes: 1000).parameterCount == 25_557_032)
    #expect(ResNet.small18(classes: 10).parameterCount == 11_173_962)
    // torchvision's networks, and GPT-2 and Llama 3.2 1B of Hugging Face. Only shapes are looked at; nothing is computed.
    #expect(ResNet.resNet18(classes: 1000).parameterCount == 11_689_512)
    #expect(ResNet.resNet34(classes: 1000).parameterCount == 21_797_672)
    #expect(ResNet.resNet101(classes: 1000).parameterCount == 44_549_160)
    #expect(ResNet.resNet152(classes: 1000).parameterCount == 60_192_808)
    #expect(VGG.vgg16(classes: 1000).parameterCount == 138_357_544)
    #expect(MobileNetV2(classes: 1000).parameterCount == 3_504_872)
    #expect(VisionTransformer(classes: 1000).parameterCount == 86_567_656)
    let gpt2 = GPTConfiguration(layers: 12, heads: 12, width: 768, context: 1024, vocabulary: 50_257, hasBias: true)
    #expect(GPT(gpt2).parameterCount == 124_439_808)
    #expect(BERT(BERTConfiguration()).parameterCount == 109_482_240)
    var llama = LlamaConfiguration(
      vocabulary: 128_256, width: 2048, hiddenWidth: 8192, layers: 16, heads: 32, keyHeads: 8, context: 131_072)
    llama.isTied = true
    #expect(Llama(llama).parameterCount == 1_235_814_400)
    // GPT-2's 124,439,808 with 512 positions instead of 1,024.
    #expect(GPT(.gpt124M).parameterCount == 124_439_808 - 512 * 768)
    // Counted by PyTorch for the same network.
    #expect(UNet().parameterCount == 12_518_787)
  }
}
