#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif
package import MartletFormats
import MartletGraph
import MartletProfiling

/// Measurements are kept in the user's folder for caches, a file for each machine; a damaged file, or one of another
/// version, is one that is not there.
extension MachineMeasurements {
  private static let format = "martlet-machine"
  private static let version = 2

  /// `MARTLET_CACHE`, or the folder that the system has for caches of the user; nil without a home.
  package static var folder: String? {
    func variable(_ name: String) -> String? {
      getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }
    if let own = variable("MARTLET_CACHE") { return own }
    if let caches = variable("XDG_CACHE_HOME") { return caches + "/martlet" }
    #if canImport(Darwin)
      return variable("HOME").map { $0 + "/Library/Caches/martlet" }
    #else
      return variable("HOME").map { $0 + "/.cache/martlet" }
    #endif
  }

  /// The file of a machine in a folder.
  package static func path(of machine: String, in folder: String) -> String {
    // FNV-1a.
    let hash = machine.utf8.reduce(14_695_981_039_346_656_037 as UInt64) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
    return "\(folder)/machine-\(String(hash, radix: 16)).json"
  }

  /// What is kept of a machine; nothing if there is no file, or none that can be read.
  package init(machine: String, folder: String?) {
    self.init(machine: machine)
    guard let folder, let json = try? JSON(path: MachineMeasurements.path(of: machine, in: folder)) else { return }
    if let stored = MachineMeasurements(json), stored.machine == machine { self = stored }
  }

  /// Keeps the measurements, together with what others have kept meanwhile.
  package func save(in folder: String) throws(FormatError) {
    var all = MachineMeasurements(machine: machine, folder: folder)
    all.merge(self)
    try FileSystem.createDirectory(folder)
    try AtomicFile.write(all.json.serializedForReading(), to: MachineMeasurements.path(of: machine, in: folder))
  }

  /// One object.
  package var json: JSON {
    [
      "format": .string(MachineMeasurements.format), "version": .integer(MachineMeasurements.version),
      "machine": .string(machine),
      "peaks": .array(
        computePeaks.map {
          [
            .string($0.elementType.description), .integer($0.threads), .number($0.floatingPointOperationsPerSecond),
          ]
        }),
      "bandwidths": .array(
        bandwidths.map {
          [.string($0.level), .integer($0.capacityBytes), .integer($0.threads), .number($0.bytesPerSecond)]
        }),
      "costs": .array(
        costs.filter { !$0.value.isDisturbed }.sorted { $0.key < $1.key }.map { [.integer($0.key), $0.value.json] }),
    ]
  }

  /// Reads what ``json`` gives; nil if anything in it cannot be.
  package init?(_ json: JSON) {
    guard json["format"]?.stringValue == MachineMeasurements.format,
      json["version"]?.intValue == MachineMeasurements.version, let machine = json["machine"]?.stringValue,
      let peaks = json["peaks"]?.arrayValue, let bandwidths = json["bandwidths"]?.arrayValue,
      let costs = json["costs"]?.arrayValue
    else { return nil }
    self.init(machine: machine)
    for peak in peaks {
      guard let name = peak[0]?.stringValue, let type = DType.allCases.first(where: { $0.description == name }),
        let threads = peak[1]?.intValue, threads > 0, let rate = peak[2]?.positive
      else { return nil }
      add(ComputePeak(type, threads: threads, floatingPointOperationsPerSecond: rate))
    }
    for item in bandwidths {
      guard let level = item[0]?.stringValue, let capacity = item[1]?.intValue, capacity >= 0,
        let threads = item[2]?.intValue, threads > 0, let rate = item[3]?.positive
      else { return nil }
      add(MemoryBandwidth(level: level, capacityBytes: capacity, threads: threads, bytesPerSecond: rate))
    }
    for item in costs {
      guard let threads = item[0]?.intValue, threads > 0, let costs = item[1].flatMap(KernelCosts.init(_:)) else {
        return nil
      }
      add(costs, threads: threads)
    }
  }
}

extension JSON {
  /// A finite number above 0.
  var positive: Double? { doubleValue.flatMap { $0.isFinite && $0 > 0 ? $0 : nil } }
}
