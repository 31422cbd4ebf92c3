import MartletProfiler
import Testing

/// Verifies the first advice until it is confirmed, at most six times: other tests use processors and memory meanwhile,
/// and what is measured on them proves nothing.
func confirmed(_ advice: [Advice], _ makeRun: @escaping (Proposal?) throws -> TrialRun?) throws -> VerifiedAdvice {
  let verification = AdviceVerification(makeRun)
  var result = try #require(try verification.verify(advice).first)
  for _ in 0..<5 where result.outcome != .confirmed { result = try verification.verify(advice)[0] }
  return result
}
