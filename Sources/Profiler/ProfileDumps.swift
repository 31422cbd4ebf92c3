internal import MartletFormats
import MartletProfiling

/// Steps after which a profiler saves what it has recorded, to be looked at while the loop goes on or has gone wrong.
public struct ProfileDumps: Sendable, Hashable {
  /// Where profiles go: `profile_100.profile` after step 100.
  public var folder: String
  /// The numbers of the steps, counted from 0; they are recorded whatever the schedule.
  public var steps: Set<Int>

  public init(_ folder: String, steps: Set<Int>) { (self.folder, self.steps) = (folder, steps) }

  /// The path of the profile that is saved after a step.
  public func path(after step: Int) -> String { "\(folder)/profile_\(step).profile" }

  /// The newest profile of a folder; nil if there is none.
  public static func newest(in folder: String) -> String? {
    let names = (try? FileSystem.contents(of: folder)) ?? []
    let steps = names.compactMap { name -> Int? in
      guard name.hasPrefix("profile_"), name.hasSuffix(".profile") else { return nil }
      return Int(name.dropFirst("profile_".count).dropLast(".profile".count))
    }
    return steps.max().map { ProfileDumps(folder, steps: []).path(after: $0) }
  }

  func save(_ profile: Profile, after step: Int) throws(FormatError) {
    try FileSystem.createDirectory(folder)
    try profile.save(to: path(after: step))
  }
}
