// Philox-4x32-10 over a run of blocks; compiled once for each instruction set. The four words of a
// block are kept in four arrays, so that the rounds are plain vector arithmetic.

static void RANDOM_BLOCKS(uint32_t *words, size_t blocks, uint64_t key, uint64_t stream, uint64_t first) {
  enum { lanes = 32 };
  for (size_t start = 0; start < blocks; start += lanes) {
    uint32_t x0[lanes], x1[lanes], x2[lanes], x3[lanes];
    for (size_t j = 0; j < lanes; j++) {
      uint64_t counter = first + start + j;
      x0[j] = (uint32_t)counter, x1[j] = (uint32_t)(counter >> 32);
      x2[j] = (uint32_t)stream, x3[j] = (uint32_t)(stream >> 32);
    }
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    for (int round = 0; round < 10; round++, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
      for (size_t j = 0; j < lanes; j++) {
        uint64_t p = (uint64_t)0xD2511F53u * x0[j], q = (uint64_t)0xCD9E8D57u * x2[j];
        uint32_t y0 = (uint32_t)(q >> 32) ^ x1[j] ^ k0, y2 = (uint32_t)(p >> 32) ^ x3[j] ^ k1;
        x1[j] = (uint32_t)q, x3[j] = (uint32_t)p, x0[j] = y0, x2[j] = y2;
      }
    }
    size_t count = blocks - start < lanes ? blocks - start : lanes;
    uint32_t *to = words + 4 * start;
    for (size_t j = 0; j < count; j++) {
      to[4 * j] = x0[j], to[4 * j + 1] = x1[j], to[4 * j + 2] = x2[j], to[4 * j + 3] = x3[j];
    }
  }
}
