import MartletFormats
import MartletProfiler
import MartletTestSupport
import Testing

/// What is measured of a machine, and how it is kept.
struct MachineTests {
  private func folder() throws -> String { try FileSystem.createTemporaryDirectory() }

  private var measurements: MachineMeasurements {
    var result = MachineMeasurements(machine: "a machine")
    result.add(ComputePeak(.float32, threads: 2, floatingPointOperationsPerSecond: 1e11))
    result.add(ComputePeak(.float64, threads: 2, floatingPointOperationsPerSecond: 5e10))
    result.add(MemoryBandwidth(level: "L1", capacityBytes: 1 << 15, threads: 2, bytesPerSecond: 3e11))
    var costs = KernelCosts()
    costs[.rows] = KernelClass.rows.features.indices.map(Double.init)
    costs.measuredNanoseconds = 1000
    result.add(costs, threads: 2)
    return result
  }

  @Test func `measurements come back from their file`() throws {
    let folder = try folder()
    try measurements.save(in: folder)
    #expect(MachineMeasurements(machine: "a machine", folder: folder) == measurements)
    #expect(MachineMeasurements(machine: "another", folder: folder).computePeaks.isEmpty)
    try FileSystem.removeTree(folder)
  }

  @Test func `of several measurements the best counts, also of those that others kept meanwhile`() throws {
    let folder = try folder()
    try measurements.save(in: folder)
    var slow = MachineMeasurements(machine: "a machine")
    slow.add(ComputePeak(.float32, threads: 2, floatingPointOperationsPerSecond: 8e10))
    slow.add(MemoryBandwidth(level: "L1", capacityBytes: 1 << 15, threads: 2, bytesPerSecond: 4e11))
    slow.add(ComputePeak(.float32, threads: 1, floatingPointOperationsPerSecond: 6e10))
    try slow.save(in: folder)
    let kept = MachineMeasurements(machine: "a machine", folder: folder)
    #expect(kept.computePeaks.map(\.floatingPointOperationsPerSecond) == [1e11, 5e10, 6e10])
    #expect(kept.bandwidths.map(\.bytesPerSecond) == [4e11])
    try FileSystem.removeTree(folder)
  }

  @Test func `costs that were measured on a busy machine are not kept, and give way to others`() throws {
    let folder = try folder()
    var busy = KernelCosts()
    busy[.rows] = KernelClass.rows.features.indices.map { Double($0 + 1) }
    busy.measuredNanoseconds = 500
    busy.isDisturbed = true
    var alone = MachineMeasurements(machine: "a machine")
    alone.add(busy, threads: 2)
    #expect(alone.costs[2] == busy)
    try alone.save(in: folder)
    #expect(MachineMeasurements(machine: "a machine", folder: folder).costs.isEmpty)
    let quiet = try #require(measurements.costs[2])
    alone.add(quiet, threads: 2)
    #expect(alone.costs[2] == quiet)
    alone.add(busy, threads: 2)
    #expect(alone.costs[2] == quiet)
    try FileSystem.removeTree(folder)
  }

  @Test(arguments: [
    "", "{", "[]", "{\"format\":\"martlet-machine\"}",
    "{\"format\":\"martlet-machine\",\"version\":2,\"machine\":\"a machine\",\"peaks\":[],\"bandwidths\":[],\"costs\":[]}",
    "{\"format\":\"martlet-machine\",\"version\":1,\"machine\":\"other\",\"peaks\":[],\"bandwidths\":[],\"costs\":[]}",
    "{\"format\":\"martlet-machine\",\"version\":1,\"machine\":\"a machine\",\"peaks\":[[\"float32\",2,-1]],\"bandwidths\":[],\"costs\":[]}",
    "{\"format\":\"martlet-machine\",\"version\":1,\"machine\":\"a machine\",\"peaks\":[[\"float31\",2,1]],\"bandwidths\":[],\"costs\":[]}",
    "{\"format\":\"martlet-machine\",\"version\":1,\"machine\":\"a machine\",\"peaks\":[],\"bandwidths\":[[\"L1\",1,0,5]],\"costs\":[]}",
    "{\"format\":\"martlet-machine\",\"version\":1,\"machine\":\"a machine\",\"peaks\":[],\"bandwidths\":[],\"costs\":[[2,{\"nanoseconds\":1,\"rows\":[1]}]]}",
  ])
  func `a damaged file is one that is not there`(text: String) throws {
    let folder = try folder()
    try AtomicFile.write(text, to: MachineMeasurements.path(of: "a machine", in: folder))
    #expect(MachineMeasurements(machine: "a machine", folder: folder) == MachineMeasurements(machine: "a machine"))
    let known = KnownMachine(folder: folder)
    #expect(known.facts(threads: 1).computePeaks.count >= 2, "it is measured anew")
    try FileSystem.removeTree(folder)
  }

  @Test func `a machine is measured once`() throws {
    let folder = try folder()
    let first = KnownMachine(folder: folder).facts(threads: 2)
    let again = KnownMachine(folder: folder)
    var second = first
    let time = threadTime { second = again.facts(threads: 2) }
    #expect(first == second && time < .milliseconds(100))
    #expect(Set(first.computePeaks.map(\.elementType)) == [.float32, .float64])
    #expect(first.bandwidths.map(\.level) == ["L1", "L2", "L3", "memory"])
    // Registers of one size hold half as many numbers of twice the size.
    let peaks = first.computePeaks.filter { $0.threads == 1 }.map(\.floatingPointOperationsPerSecond)
    #expect((0.3...0.8).contains(peaks[1] / peaks[0]))
    try FileSystem.removeTree(folder)
  }

  @Test func `costs are learned from measured kernels`() throws {
    var samples: [KernelCosts.Sample] = []
    for rows in [16.0, 64, 200, 1000] {
      for depth in [32.0, 300, 900] {
        let amounts = [1, rows * rows * depth, depth * rows, rows * depth, rows * rows, 0]
        let work = KernelWork(kernelClass: .product, amounts: amounts, rows: nil, isWide: false)
        let time = zip([500, 0.02, 0.3, 0.1, 0.2, 0], amounts).reduce(0) { $0 + $1.0 * $1.1 }
        samples.append(.init(work: work, nanoseconds: time))
      }
    }
    let costs = KernelCosts(samples)
    for sample in samples {
      let predicted = try #require(costs.nanoseconds(sample.work))
      #expect(abs(predicted / sample.nanoseconds - 1) < 0.03)
    }
    #expect(
      costs.nanoseconds(KernelWork(kernelClass: .gather, amounts: [1, 1, 1, 1, 1], rows: nil, isWide: false)) == nil)
  }
}
