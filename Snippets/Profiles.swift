// Looking at recorded profiles, as MartletProfiling.docc shows it.
import MartletProfiling

// snippet.report
let profile = try Profile(path: "run.profile")
print(try profile.view(.scope, .timeAndMemory()).report)
print(profile.adviceReport())
// snippet.end

// snippet.options
let options = ProfileOptions.floatOperations.withMinimumFloatOperations(1_000_000).withNodeNames(hiding: [".*norm.*"])
let view = try profile.view(.scope, options)
// snippet.end
