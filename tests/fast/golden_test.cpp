// Golden bytes: SHA-256 of norms and codes, and of decoded rows, for a fixed set of inputs, on every instruction set and compiler.
// A change of any digest is a change of the format's meaning (SPEC §4).
#include "golden_bytes.hpp"

#include <openssl/evp.h>

#include <array>

namespace {

using namespace hdq;

std::string sha256(const std::string& bytes) {
  std::array<unsigned char, 32> digest{};
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  std::string text;
  for (unsigned char c : digest) {
    text += "0123456789abcdef"[c / 16];
    text += "0123456789abcdef"[c % 16];
  }
  return text;
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
  const test::GoldenBytes bytes = test::golden_bytes(isa, bits);
  EXPECT_EQ(sha256(bytes.encoded), golden[static_cast<std::size_t>(bits - 1)].encoded) << "bits " << bits;
  EXPECT_EQ(sha256(bytes.decoded), golden[static_cast<std::size_t>(bits - 1)].decoded) << "bits " << bits;
}

INSTANTIATE_TEST_SUITE_P(All, Golden, ::testing::Combine(::testing::ValuesIn(test::supported_isas()), ::testing::Range(1, BitWidth::most + 1)),
                         [](const auto& info) {
                           return std::string(isa_name(std::get<0>(info.param))) + "_" + std::to_string(std::get<1>(info.param));
                         });

}  // namespace
