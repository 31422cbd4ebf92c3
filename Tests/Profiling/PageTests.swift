import MartletFormats
import MartletProfiling
import MartletTestSupport
import Testing

@Suite struct PageTests {
  @Test func `fifty steps of a transformer of twelve layers fit in two megabytes`() throws {
    let profile = TransformerProfile().make()
    #expect(profile.steps.count == 50 && profile.programs[0].operations.count > 300)
    let page = profile.page()
    #expect(page.utf8.count < 2_000_000)
    #expect(page.components(of: "src=").count == 1 && page.components(of: "@import").count == 1)
  }

  @Test func `names cannot leave the data or the title`() throws {
    var profile = SampleProfile.make()
    profile.name = "</script><b>&"
    profile.programs[0].operations[9].name = "</script><script>alert(1)"
    let page = profile.page()
    #expect(page.contains("<title>&lt;/script&gt;&lt;b&gt;&amp;"))
    // One end for the data and one for the program.
    #expect(page.components(of: "</script>").count == 3)
    let data = page.components(of: "id=\"data\">").last.map(String.init) ?? ""
    #expect(try JSON(parsing: String(data.components(of: "</script>")[0]))["title"] == "</script><b>&")
  }

  @Test func `an empty profile has a page, and every report`() throws {
    let profile = Profile()
    #expect(profile.page().contains("\"operations\":[]"))
    for kind in ViewKind.allCases { #expect(try profile.view(kind).rows.count == 1) }
    #expect(try MemoryReport(profile).peakBytes == 0)
    #expect(StepStatistics(profile).count == 0)
  }

  @Test func `views of five thousand operations take less than a tenth of a second`() throws {
    // A transformer of 180 layers; one step, so that the operations decide. Ten times the promise on busy machines.
    let profile = TransformerProfile(layers: 180, stepCount: 1).make()
    #expect(profile.programs[0].operations.count > 5000)
    for kind in ViewKind.allCases {
      let time = try threadTime {
        _ = try profile.view(kind, ProfileOptions().withMaximumDepth(10_000).withNodeNames(hiding: ["nothing[0-9]"]))
      }
      #expect(time < .milliseconds(isQuiet ? 100 : 1000), "\(kind) \(time)")
    }
  }
}

extension String {
  /// The parts between occurrences of a text.
  func components(of separator: String) -> [Substring] { split(separator: separator, omittingEmptySubsequences: false) }
}
