/// Tables for families of models whose files name the same tensors differently.
extension NameRules {
  /// Takes away what wrappers put in front of every name: `module.` (data parallel), `_orig_mod.` (compiled models).
  public static let unwrapped = NameRules([
    Rule("module._orig_mod.{rest...}", "{rest...}"),
    Rule("_orig_mod.module.{rest...}", "{rest...}"),
    Rule("module.{rest...}", "{rest...}"),
    Rule("_orig_mod.{rest...}", "{rest...}"),
  ])

  /// GGUF names of Llama, Mistral and Qwen models to those of Hugging Face.
  ///
  /// - Note: For Llama itself GGUF also stores the rows of query and key of each head in another order (pairs of a rotation
  ///   side by side), which `StoredTensor.unpairingRotations(heads:)` undoes.
  public static let llamaFromGGUF = NameRules([
    Rule("token_embd.weight", "model.embed_tokens.weight"),
    Rule("output_norm.weight", "model.norm.weight"),
    Rule("output.weight", "lm_head.weight"),
    Rule(dropping: "rope_freqs.weight"),
    Rule("blk.{i}.attn_norm.weight", "model.layers.{i}.input_layernorm.weight"),
    Rule("blk.{i}.attn_q.{part}", "model.layers.{i}.self_attn.q_proj.{part}"),
    Rule("blk.{i}.attn_k.{part}", "model.layers.{i}.self_attn.k_proj.{part}"),
    Rule("blk.{i}.attn_v.{part}", "model.layers.{i}.self_attn.v_proj.{part}"),
    Rule("blk.{i}.attn_output.{part}", "model.layers.{i}.self_attn.o_proj.{part}"),
    Rule("blk.{i}.attn_q_norm.weight", "model.layers.{i}.self_attn.q_norm.weight"),
    Rule("blk.{i}.attn_k_norm.weight", "model.layers.{i}.self_attn.k_norm.weight"),
    Rule("blk.{i}.ffn_norm.weight", "model.layers.{i}.post_attention_layernorm.weight"),
    Rule("blk.{i}.ffn_gate.{part}", "model.layers.{i}.mlp.gate_proj.{part}"),
    Rule("blk.{i}.ffn_up.{part}", "model.layers.{i}.mlp.up_proj.{part}"),
    Rule("blk.{i}.ffn_down.{part}", "model.layers.{i}.mlp.down_proj.{part}"),
  ])

  /// GGUF names of GPT-2 to those of Hugging Face, whose matrices have rows and columns exchanged.
  public static let gpt2FromGGUF = NameRules([
    Rule("token_embd.weight", "wte.weight"),
    Rule("position_embd.weight", "wpe.weight"),
    Rule("output_norm.{part}", "ln_f.{part}"),
    Rule("output.weight", "lm_head.weight"),
    Rule("blk.{i}.attn_norm.{part}", "h.{i}.ln_1.{part}"),
    Rule("blk.{i}.ffn_norm.{part}", "h.{i}.ln_2.{part}"),
    Rule("blk.{i}.attn_qkv.weight", "h.{i}.attn.c_attn.weight", layout: .transposed),
    Rule("blk.{i}.attn_qkv.bias", "h.{i}.attn.c_attn.bias"),
    Rule("blk.{i}.attn_output.weight", "h.{i}.attn.c_proj.weight", layout: .transposed),
    Rule("blk.{i}.attn_output.bias", "h.{i}.attn.c_proj.bias"),
    Rule("blk.{i}.ffn_up.weight", "h.{i}.mlp.c_fc.weight", layout: .transposed),
    Rule("blk.{i}.ffn_up.bias", "h.{i}.mlp.c_fc.bias"),
    Rule("blk.{i}.ffn_down.weight", "h.{i}.mlp.c_proj.weight", layout: .transposed),
    Rule("blk.{i}.ffn_down.bias", "h.{i}.mlp.c_proj.bias"),
  ])

  /// GGUF names of BERT and its kin to those of Hugging Face.
  public static let bertFromGGUF = NameRules([
    Rule("token_embd.weight", "embeddings.word_embeddings.weight"),
    Rule("position_embd.weight", "embeddings.position_embeddings.weight"),
    Rule("token_types.weight", "embeddings.token_type_embeddings.weight"),
    Rule("token_embd_norm.{part}", "embeddings.LayerNorm.{part}"),
    Rule("blk.{i}.attn_q.{part}", "encoder.layer.{i}.attention.self.query.{part}"),
    Rule("blk.{i}.attn_k.{part}", "encoder.layer.{i}.attention.self.key.{part}"),
    Rule("blk.{i}.attn_v.{part}", "encoder.layer.{i}.attention.self.value.{part}"),
    Rule("blk.{i}.attn_output.{part}", "encoder.layer.{i}.attention.output.dense.{part}"),
    Rule("blk.{i}.attn_output_norm.{part}", "encoder.layer.{i}.attention.output.LayerNorm.{part}"),
    Rule("blk.{i}.ffn_up.{part}", "encoder.layer.{i}.intermediate.dense.{part}"),
    Rule("blk.{i}.ffn_down.{part}", "encoder.layer.{i}.output.dense.{part}"),
    Rule("blk.{i}.layer_output_norm.{part}", "encoder.layer.{i}.output.LayerNorm.{part}"),
  ])

  /// Old BERT files: norms with `gamma` and `beta`, everything under `bert.`, and buffers that no model has.
  public static let bertModernized = NameRules([
    Rule(dropping: "bert.embeddings.position_ids"),
    Rule(dropping: "embeddings.position_ids"),
    Rule("bert.{rest...}.gamma", "{rest...}.weight"),
    Rule("bert.{rest...}.beta", "{rest...}.bias"),
    Rule("{rest...}.gamma", "{rest...}.weight"),
    Rule("{rest...}.beta", "{rest...}.bias"),
    Rule("bert.{rest...}", "{rest...}"),
  ])

  /// GPT-2 files of Hugging Face: names without `transformer.`, and without the masks that old files carry.
  public static let gpt2Plain = NameRules([
    Rule(dropping: "{any...}.attn.masked_bias"),
    Rule(dropping: "transformer.h.{i}.attn.bias"),
    Rule(dropping: "h.{i}.attn.bias"),
    Rule("transformer.{rest...}", "{rest...}"),
  ])

  /// All tables by the names that commands know them by.
  public static let families: [(name: String, rules: NameRules)] = [
    ("unwrapped", unwrapped), ("llama-from-gguf", llamaFromGGUF), ("gpt2-from-gguf", gpt2FromGGUF),
    ("bert-from-gguf", bertFromGGUF), ("bert", bertModernized), ("gpt2", gpt2Plain),
  ]
}

extension StoredTensor {
  /// The rows of a query or key matrix (or bias) as Hugging Face orders them, from GGUF's order for Llama: in each head,
  /// GGUF puts the two rows that are rotated together side by side, Hugging Face half a head apart.
  ///
  /// - Precondition: The first dimension is a multiple of twice `heads`.
  public func unpairingRotations(heads: Int) -> StoredTensor { reorderingRows(heads: heads) { half in (half, 2) } }

  /// The opposite of ``unpairingRotations(heads:)``.
  public func pairingRotations(heads: Int) -> StoredTensor { reorderingRows(heads: heads) { half in (2, half) } }

  /// In each head, rows seen as a grid of the given sizes and read column by column.
  private func reorderingRows(heads: Int, _ grid: (Int) -> (Int, Int)) -> StoredTensor {
    precondition(
      shape.rank > 0 && heads > 0 && shape[0] % (2 * heads) == 0,
      "rotations of \(heads) heads do not divide the rows of \(shape)")
    let rows = shape[0] / heads
    let (outer, inner) = grid(rows / 2)
    let rowSize = shape[0] == 0 ? 0 : bytes.count / shape[0]
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    bytes.withUnsafeBytes { source in
      for head in 0..<heads {
        for column in 0..<inner {
          for row in 0..<outer {
            let start = (head * rows + row * inner + column) * rowSize
            result.append(contentsOf: source[start..<(start + rowSize)])
          }
        }
      }
    }
    return StoredTensor(dtype: dtype, shape: shape, bytes: SharedBytes(result))
  }
}
