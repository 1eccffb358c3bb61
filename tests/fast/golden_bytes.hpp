// The bytes whose digests are golden: norms and codes, and decoded rows, for a fixed set of inputs.
#pragma once

#include <bit>
#include <cmath>
#include <string>

#include "test_support.hpp"

namespace hdq::test {

// Eight rows: four of dyadic noise, then a one-hot, a constant, a tiny and a huge one.
inline std::vector<float> golden_rows(std::size_t n) {
  std::vector<float> x = dyadics(8 * n, 1000 + n);
  for (std::size_t i = 0; i < n; ++i) {
    x[4 * n + i] = i == n / 2 ? -3.0f : 0.0f;
    x[5 * n + i] = 0.75f;
    x[6 * n + i] = std::ldexp(std::rint(x[6 * n + i]), -140);
    x[7 * n + i] = std::ldexp(x[7 * n + i], 110);
  }
  return x;
}

inline void append_floats(std::string& bytes, const std::vector<float>& v) {  // little-endian on every machine
  for (const float f : v)
    for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(std::bit_cast<std::uint32_t>(f) >> shift);
}

struct GoldenBytes {
  std::string encoded, decoded;
};

inline GoldenBytes golden_bytes(Isa isa, int bits) {
  GoldenBytes golden;
  for (std::size_t n : {1u, 2u, 3u, 12u, 20u, 28u, 96u, 100u, 128u, 300u, 384u, 784u, 1000u, 1536u}) {
    const Codec codec(n, bits, 0x0123456789ABCDEF + n, {isa, 1});
    const std::vector<float> x = golden_rows(n);
    const std::size_t rows = x.size() / n;
    const std::uint64_t first_row = 0xFFFFFFFC;  // crosses from one counter word to the next
    std::vector<float> norms(rows), y(x.size());
    std::vector<std::uint8_t> codes(rows * codec.code_bytes());
    codec.encode(RowsView<const float>(x.data(), rows, codec.dimension()), EncodedBuffer(norms, codes, first_row));
    codec.decode(EncodedView(norms, codes, first_row), {y.data(), rows, codec.dimension()});
    append_floats(golden.encoded, norms);
    golden.encoded.append(codes.begin(), codes.end());
    append_floats(golden.decoded, y);
  }
  return golden;
}

}  // namespace hdq::test
