import MartletFormats
import Testing

struct JPEGTests {
  @Test(arguments: [("gray.jpg", 1), ("color.jpg", 3), ("progressive.jpg", 3)])
  func `a picture is decoded, or the error says what is missing`(name: String, channels: Int) throws {
    guard JPEG.isAvailable else {
      let error = formatError { () throws(FormatError) in _ = try JPEG.read(path: Fixture.format(name)) }
      #expect(error?.kind == .unsupported)
      #expect(error?.message.contains("libjpeg-turbo") == true)
      return
    }
    let image = try JPEG.read(path: Fixture.format(name))
    #expect((image.height, image.width, image.channels) == (24, 40, channels))
    // The fixture is a slope, x * 6 in each channel; at quality 95 no pixel is off by more than a few steps.
    let largest = image.pixels.indices.map { i in abs(Int(image.pixels[i]) - i / channels % 40 * 6) }.max()!
    #expect(largest <= 6)
  }

  @Test func `truncations are refused or named, never trap`() throws {
    let good = try Fixture.bytes("progressive.jpg")
    for count in 0..<good.count {
      let bytes = SharedBytes(Array(good[..<count]))
      let isAccepted = (try? JPEG.decode(bytes)) != nil
      // The last two bytes are the end marker, which the library does without when the picture is complete.
      #expect(!isAccepted || count >= good.count - 2, "\(count)")
    }
  }

  @Test func `too many scans and no signature are refused before anything is decoded`() {
    let scan: [UInt8] = [0xFF, 0xDA, 0, 3, 0, 1, 2, 0xFF, 0, 0xFF, 0xD0, 3]
    let bomb = SharedBytes([0xFF, 0xD8] + (0..<65).flatMap { _ in scan } + [0xFF, 0xD9])
    #expect(formatError { () throws(FormatError) in _ = try JPEG.decode(bomb) }?.kind == .limit)
    let other = SharedBytes([1, 2, 3, 4])
    #expect(formatError { () throws(FormatError) in _ = try JPEG.decode(other) }?.kind == .malformed)
  }
}
