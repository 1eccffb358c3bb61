// Golden bytes: SHA-256 of norms and codes, and of decoded rows, for a fixed set of inputs, on every instruction set and compiler.
// A change of any digest is a change of the format's meaning (SPEC §4).
#include <openssl/evp.h>

#include <array>
#include <bit>
#include <cmath>

#include "test_support.hpp"

namespace {

using namespace hdq;

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new()) { EVP_DigestInit_ex(context_, EVP_sha256(), nullptr); }
  ~Sha256() { EVP_MD_CTX_free(context_); }
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void add(const void* data, std::size_t bytes) { EVP_DigestUpdate(context_, data, bytes); }
  void add_floats(const std::vector<float>& v) {  // little-endian on every machine
    for (float f : v) {
      const auto bits = std::bit_cast<std::uint32_t>(f);
      const std::uint8_t bytes[4] = {static_cast<std::uint8_t>(bits), static_cast<std::uint8_t>(bits >> 8),
                                     static_cast<std::uint8_t>(bits >> 16), static_cast<std::uint8_t>(bits >> 24)};
      add(bytes, 4);
    }
  }
  std::string hex() {
    std::array<unsigned char, 32> digest{};
    EVP_DigestFinal_ex(context_, digest.data(), nullptr);
    std::string text;
    for (unsigned char c : digest) {
      text += "0123456789abcdef"[c / 16];
      text += "0123456789abcdef"[c % 16];
    }
    return text;
  }

 private:
  EVP_MD_CTX* context_;
};

// Eight rows: four of dyadic noise, then a one-hot, a constant, a tiny and a huge one.
std::vector<float> golden_rows(std::size_t n) {
  std::vector<float> x = test::dyadics(8 * n, 1000 + n);
  for (std::size_t i = 0; i < n; ++i) {
    x[4 * n + i] = i == n / 2 ? -3.0f : 0.0f;
    x[5 * n + i] = 0.75f;
    x[6 * n + i] = std::ldexp(std::rint(x[6 * n + i]), -140);
    x[7 * n + i] = std::ldexp(x[7 * n + i], 110);
  }
  return x;
}

struct Digests {
  const char* encoded;
  const char* decoded;
};
constexpr std::array<Digests, 8> golden = {{
#include "golden_digests.inc"
}};

class Golden : public ::testing::TestWithParam<std::tuple<Isa, int>> {};

TEST_P(Golden, Bytes) {
  const auto [isa, bits] = GetParam();
  Sha256 encoded, decoded;
  for (std::size_t n : {1u, 2u, 3u, 12u, 20u, 28u, 96u, 100u, 128u, 300u, 384u, 784u, 1000u, 1536u}) {
    const Codec codec(n, bits, 0x0123456789ABCDEF + n, {isa, 1});
    const std::vector<float> x = golden_rows(n);
    const std::size_t rows = x.size() / n;
    const std::uint64_t first_row = 0xFFFFFFFC;  // crosses from one counter word to the next
    std::vector<float> norms(rows), y(x.size());
    std::vector<std::uint8_t> codes(rows * codec.code_bytes());
    codec.encode(x.data(), rows, norms.data(), codes.data(), first_row);
    codec.decode(norms.data(), codes.data(), rows, y.data(), first_row);
    encoded.add_floats(norms);
    encoded.add(codes.data(), codes.size());
    decoded.add_floats(y);
  }
  EXPECT_EQ(encoded.hex(), golden[static_cast<std::size_t>(bits - 1)].encoded) << "bits " << bits;
  EXPECT_EQ(decoded.hex(), golden[static_cast<std::size_t>(bits - 1)].decoded) << "bits " << bits;
}

INSTANTIATE_TEST_SUITE_P(All, Golden, ::testing::Combine(::testing::ValuesIn(test::supported_isas()), ::testing::Range(1, 9)),
                         [](const auto& info) {
                           return std::string(isa_name(std::get<0>(info.param))) + "_" + std::to_string(std::get<1>(info.param));
                         });

}  // namespace
