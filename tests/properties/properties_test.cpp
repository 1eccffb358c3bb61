// The property library: hdq itself has every property, and for each a planted fault is noticed.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

#include "hdq/codec.hpp"
#include "hdq/generators.hpp"
#include "hdq/properties.hpp"
#include "hdq/stages.hpp"

namespace {

using namespace hdq::properties;

// A planted fault is noticed, and the message says what is wrong.
#define EXPECT_VIOLATED(property, part) EXPECT_NE((property).message.find(part), std::string::npos) << (property)

// ---- hdq by its stages ----

Vector rotate(std::uint64_t seed, Vector x) {
  std::vector<std::uint32_t> signs((x.size() + 31) / 32);
  hdq::sign_bits(seed, x.size(), signs.data());
  hdq::transform(x.data(), x.size(), signs.data());
  return x;
}
Vector rotate_back(std::uint64_t seed, Vector y) {
  std::vector<std::uint32_t> signs((y.size() + 31) / 32);
  hdq::sign_bits(seed, y.size(), signs.data());
  hdq::transform_transposed(y.data(), y.size(), signs.data());
  return y;
}
// H and Hᵀ without signs.
Vector hadamard(Vector x) {
  const std::vector<std::uint32_t> none((x.size() + 31) / 32);
  hdq::transform(x.data(), x.size(), none.data());
  return x;
}
Vector hadamard_transposed(Vector x) {
  const std::vector<std::uint32_t> none((x.size() + 31) / 32);
  hdq::transform_transposed(x.data(), x.size(), none.data());
  return x;
}

std::vector<int> spec_signs(std::uint64_t seed, std::size_t count) {
  std::vector<std::uint32_t> words((count + 31) / 32);
  hdq::sign_bits(seed, count, words.data());
  std::vector<int> signs(count);
  for (std::size_t i = 0; i < count; ++i) signs[i] = (words[i / 32] >> (i % 32) & 1) != 0 ? -1 : 1;
  return signs;
}

Encoded encode(const CodecConfig& c, const Vector& x, std::uint64_t row) {
  const hdq::Codec codec(c.dimension, c.bits, c.seed);
  const hdq::EncodedRows rows = codec.encode(hdq::RowsView(x.data(), 1, x.size()), row);
  Encoded e{rows.norms()[0], std::vector<std::uint8_t>(codec.order())};
  hdq::unpack(c.bits, rows.codes().data(), codec.order(), e.codes.data());
  return e;
}
Vector decode(const CodecConfig& c, const Encoded& e, std::uint64_t row) {
  const hdq::Codec codec(c.dimension, c.bits, c.seed);
  std::vector<std::uint8_t> bytes(codec.code_bytes());
  hdq::pack(c.bits, e.codes.data(), codec.order(), bytes.data());
  Vector x(c.dimension);
  codec.decode(hdq::EncodedView({&e.norm, 1}, bytes, row), {x.data(), 1, x.size()});
  return x;
}
Vector reconstruct(const CodecConfig& c, const Vector& x, std::uint64_t row) { return decode(c, encode(c, x, row), row); }

std::uint32_t word_of(double u) { return static_cast<std::uint32_t>(u * 0x1p32); }
double quantize(int bits, double z, double u) {
  const std::size_t levels = std::size_t{1} << bits;
  std::vector<double> theta(levels - 1), r(levels);
  hdq::thresholds(bits, word_of(u), theta.data());
  hdq::codewords(bits, word_of(u), r.data());
  std::size_t code = 0;
  while (code < theta.size() && z >= theta[code]) ++code;
  return r[code];
}

Vector noise(std::size_t n) {
  Vector x(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<float>(static_cast<int>(i * 2654435761u % 2001) - 1000) / 512;
  return x;
}
Vector one_hot(std::size_t n, std::size_t at) {
  Vector x(n);
  x[at] = 1;
  return x;
}

// ---- rotation ----

TEST(Rotation, Orthogonal) {
  for (const std::size_t d : std::initializer_list<std::size_t>{1u, 2u, 12u, 20u, 28u, 56u, 96u}) HDQ_EXPECT_PROPERTY(transform_is_orthogonal(d, hadamard));
  EXPECT_VIOLATED(transform_is_orthogonal(12,
                                          [](Vector x) {  // one entry of B_12 has the wrong sign
                                            const float x3 = x[3];
                                            x = hadamard(x);
                                            x[5] -= 2 * static_cast<float>(hdq::base_matrix_entry(12, 5, 3)) * x3;
                                            return x;
                                          }),
                  "inner product");
  EXPECT_VIOLATED(transform_is_orthogonal(20,
                                          [](Vector x) {
                                            x = hadamard(x);
                                            for (float& v : x) v *= 0.5f;
                                            return x;
                                          }),
                  "not 1 or -1");
}

TEST(Rotation, Matrix) {
  for (const std::size_t d : std::initializer_list<std::size_t>{1u, 4u, 12u, 24u, 28u}) HDQ_EXPECT_PROPERTY(transform_is_the_matrix(d, hadamard));
  EXPECT_VIOLATED(transform_is_the_matrix(12, hadamard_transposed), "entry");
}

RC_GTEST_PROP(Rotation, WithinBound, ()) {
  const std::size_t d = *gen::order(128);
  const std::uint64_t seed = *gen::seed();
  const Vector x = *gen::vector(d);
  float largest = 0;
  for (const float v : x) largest = std::max(largest, std::abs(v));
  RC_PRE(largest < 0x1p100f);  // beyond, the codec scales first
  HDQ_RC_ASSERT_PROPERTY(transform_within_bound(seed, x, [&](const Vector& v) { return rotate(seed, v); }));
  HDQ_RC_ASSERT_PROPERTY(transform_within_bound(seed, x, [&](const Vector& v) { return rotate_back(seed, v); }, true));
}
TEST(Rotation, WithinBoundNoticesLostBits) {
  const auto half = [](const Vector& x) {  // inputs rounded to 12 bits
    Vector y = x;
    for (float& v : y) v = std::ldexp(std::rint(std::ldexp(v, 8)), -8);
    return rotate(3, y);
  };
  EXPECT_VIOLATED(transform_within_bound(3, noise(96), half), "bound");
  EXPECT_VIOLATED(transform_within_bound(4, noise(96), [](const Vector& x) { return rotate(3, x); }), "exactly");
}

TEST(Rotation, Inverse) {
  for (const std::size_t d : std::initializer_list<std::size_t>{12u, 20u, 28u, 64u, 160u}) {
    HDQ_EXPECT_PROPERTY(transposed_is_inverse(noise(d), hadamard, hadamard_transposed));
    HDQ_EXPECT_PROPERTY(transform_keeps_norm(noise(d), hadamard));
  }
  EXPECT_VIOLATED(transposed_is_inverse(noise(20), hadamard, hadamard), "comes back");
  EXPECT_VIOLATED(transform_keeps_norm(noise(20),
                                       [](Vector x) {
                                         x = hadamard(x);
                                         x[19] = 0;
                                         return x;
                                       }),
                  "norm");
}

TEST(Rotation, RademacherLaw) {
  const Vector ones(48, 1.0f);
  HDQ_EXPECT_PROPERTY(coordinates_have_rademacher_law(ones, rotate));
  HDQ_EXPECT_PROPERTY(coordinates_have_rademacher_law(one_hot(48, 7), rotate));
  const auto without_signs = [](std::uint64_t, const Vector& x) { return hadamard(x); };
  EXPECT_VIOLATED(coordinates_have_rademacher_law(ones, without_signs), "coordinate 0");
  const auto signs_after = [](std::uint64_t seed, const Vector& x) {
    Vector y = hadamard(x);
    const std::vector<int> epsilon = spec_signs(seed, y.size());
    for (std::size_t i = 0; i < y.size(); ++i) y[i] *= static_cast<float>(epsilon[i]);
    return y;
  };
  EXPECT_VIOLATED(coordinates_have_rademacher_law(ones, signs_after), "mean square");
}

// ---- streams ----

TEST(Streams, Signs) {
  HDQ_EXPECT_PROPERTY(signs_are_those_of_spec(0x123456789, 300, spec_signs));
  HDQ_EXPECT_PROPERTY(signs_are_pairwise_independent(200, spec_signs));
  const auto repeated = [](std::uint64_t seed, std::size_t count) {  // lanes of 64 with the same signs
    std::vector<int> signs = spec_signs(seed, count);
    for (std::size_t i = 64; i < count; ++i) signs[i] = signs[i - 64];
    return signs;
  };
  EXPECT_VIOLATED(signs_are_those_of_spec(1, 300, repeated), "sign");
  EXPECT_VIOLATED(signs_are_pairwise_independent(200, repeated), "correlation");
  const auto one_sided = [](std::uint64_t seed, std::size_t count) {
    std::vector<int> signs = spec_signs(seed, count);
    signs[17] = 1;
    return signs;
  };
  EXPECT_VIOLATED(signs_are_pairwise_independent(200, one_sided), "sign 17 has mean");
}

TEST(Streams, Dither) {
  const auto spec = [](std::uint64_t row) { return hdq::dither_of_word(hdq::dither_word(5, row)); };
  HDQ_EXPECT_PROPERTY(dither_is_uniform(spec));
  EXPECT_VIOLATED(dither_is_uniform([&](std::uint64_t row) { return std::round(256 * spec(row)) / 256; }), "not between");
  EXPECT_VIOLATED(dither_is_uniform([&](std::uint64_t row) { return 0.5 + 0.4 * (spec(row) - 0.5); }), "off by");
}

// ---- scalar ----

TEST(Scalar, Unbiased) {
  for (const int bits : {1, 2, 4, 8}) {
    for (const double z : {0.0, 1.0, -2.5, 4.0}) {
      const auto shipped = [&](double v, double u) { return quantize(bits, v, u); };
      HDQ_EXPECT_PROPERTY(scalar_is_unbiased(z, shipped));
      HDQ_EXPECT_PROPERTY(scalar_mse_is_exact(bits, z, shipped));
    }
  }
  const auto no_dither = [](double z, double) { return quantize(2, z, 0.5); };
  EXPECT_VIOLATED(scalar_is_unbiased(1.0, no_dither), "E_U[decoded]");
  const auto clipped = [](double z, double u) { return std::clamp(quantize(2, z, u), -3.0, 3.0); };
  EXPECT_VIOLATED(scalar_is_unbiased(2.9, clipped), "E_U[decoded]");
  const auto coarser = [](double z, double u) { return quantize(3, z, u); };
  EXPECT_VIOLATED(scalar_mse_is_exact(4, 1.0, coarser), "M(z)");
}

TEST(Scalar, Codebook) {
  for (int bits = 1; bits <= hdq::BitWidth::most; ++bits) {
    std::vector<double> theta((std::size_t{1} << bits) - 1), r(theta.size() + 1);
    hdq::thresholds(bits, 77777777, theta.data());
    hdq::codewords(bits, 77777777, r.data());
    HDQ_EXPECT_PROPERTY(codebook_is_close(bits, 77777777, theta, r));
    EXPECT_VIOLATED(codebook_is_close(bits, 77777778 + (1u << 20), theta, r), "exactly");
    theta.back() *= 1 + 3e-8;
    if (std::abs(theta.back()) < 0.1) continue;  // at 0 a relative change is none
    EXPECT_VIOLATED(codebook_is_close(bits, 77777777, theta, r), "threshold");
  }
}

// ---- codec ----

RC_GTEST_PROP(CodecProperties, AgainstRealArithmetic, ()) {
  const CodecConfig config{*gen::dimension(130), *gen::bits(), *gen::seed()};
  const Vector x = *gen::vector(config.dimension);
  const std::uint64_t row = *gen::row();
  const Encoded e = encode(config, x, row);
  HDQ_RC_ASSERT_PROPERTY(codes_within_bound(config, x, row, e));
  HDQ_RC_ASSERT_PROPERTY(decoded_within_bound(config, e, row, decode(config, e, row)));
}
TEST(CodecProperties, FaultsAgainstRealArithmetic) {
  const CodecConfig config{100, 4, 9};
  const Vector x = noise(100);
  Encoded e = encode(config, x, 3);
  HDQ_EXPECT_PROPERTY(codes_within_bound(config, x, 3, e));
  EXPECT_VIOLATED(codes_within_bound(config, x, 4, e), "coordinate");  // another dither
  EXPECT_VIOLATED(codes_within_bound({100, 4, 10}, x, 3, e), "coordinate");
  Encoded off = e;
  off.codes[50] = static_cast<std::uint8_t>(off.codes[50] ^ 1);
  EXPECT_VIOLATED(codes_within_bound(config, x, 3, off), "coordinate 50");
  off = e;
  off.norm *= 1 + 1e-6f;
  EXPECT_VIOLATED(codes_within_bound(config, x, 3, off), "norm");
  Vector y = decode(config, e, 3);
  HDQ_EXPECT_PROPERTY(decoded_within_bound(config, e, 3, y));
  y[99] *= 1.0001f;
  EXPECT_VIOLATED(decoded_within_bound(config, e, 3, y), "coordinate 99");
}

TEST(CodecProperties, Scaling) {
  const CodecConfig config{100, 4, 9};
  const auto ours = [&](const Vector& x, std::uint64_t row) { return encode(config, x, row); };
  for (const int e : {-110, -90, -1, 1, 20, 90, 110}) HDQ_EXPECT_PROPERTY(scaling_keeps_codes(noise(100), 7, e, ours));
  const auto half_norm = [&](const Vector& x, std::uint64_t row) {  // overflows as binary16 does
    Encoded e = encode(config, x, row);
    if (e.norm > 65504) e.norm = std::numeric_limits<float>::infinity();
    return e;
  };
  EXPECT_VIOLATED(scaling_keeps_codes(noise(100), 7, 20, half_norm), "norm");
  const auto absolute = [&](Vector x, std::uint64_t row) {
    const float norm = encode(config, x, row).norm;
    for (float& v : x) v += 1e-3f;
    Encoded e = encode(config, x, row);
    e.norm = norm;
    return e;
  };
  EXPECT_VIOLATED(scaling_keeps_codes(noise(100), 7, -10, absolute), "code");
}

TEST(CodecProperties, Padding) {
  const CodecConfig config{100, 3, 1}, padded{112, 3, 1};
  const auto one = [&](const Vector& x, std::uint64_t row) { return encode(config, x, row); };
  HDQ_EXPECT_PROPERTY(padding_changes_nothing(noise(100), 2, one, [&](const Vector& x, std::uint64_t row) { return encode(padded, x, row); }));
  const auto garbage = [&](Vector x, std::uint64_t row) {
    x.back() = 1;
    return encode(padded, x, row);
  };
  EXPECT_VIOLATED(padding_changes_nothing(noise(100), 2, one, garbage), "zeros");
}

TEST(CodecProperties, Batch) {
  const CodecConfig config{33, 3, 1};
  const auto one = [&](const Vector& x, std::uint64_t row) { return encode(config, x, row); };
  std::vector<Vector> rows;
  for (std::size_t i = 0; i < 10; ++i) {
    Vector x = noise(33 + i);
    rows.emplace_back(x.end() - 33, x.end());
  }
  const auto batch = [&](std::uint64_t stuck) {
    return [&, stuck](const std::vector<Vector>& all, std::uint64_t first) {
      std::vector<Encoded> encoded;
      for (std::size_t i = 0; i < all.size(); ++i) encoded.push_back(one(all[i], first + (i >= stuck ? stuck : i)));
      return encoded;
    };
  };
  HDQ_EXPECT_PROPERTY(batch_equals_single(rows, 1000, batch(100), one));
  EXPECT_VIOLATED(batch_equals_single(rows, 1000, batch(7), one), "row 8");  // a dither that is not advanced
}

TEST(CodecProperties, Variants) {
  const auto run = [](std::size_t variant) {
    const hdq::Codec codec(100, 3, 0, {hdq::Isa::automatic, static_cast<int>(variant) + 1});
    const Vector x = noise(1000);
    return codec.encode(hdq::RowsView(x.data(), 10, 100), 0).codes();
  };
  HDQ_EXPECT_PROPERTY(variants_agree(4, run));
  const auto racy = [&](std::size_t variant) {
    auto codes = run(variant);
    if (variant == 2) codes[codes.size() / 2] ^= 8;
    return codes;
  };
  EXPECT_VIOLATED(variants_agree(4, racy), "variant 2");
}

TEST(CodecProperties, Refusal) {
  const auto ours = [](const Vector& x) -> std::optional<std::size_t> {
    const hdq::Codec codec(x.size(), 2);
    try {
      codec.encode(hdq::RowsView(x.data(), 1, x.size()), 0);
    } catch (const hdq::InvalidInput& e) {
      return e.column;
    }
    return std::nullopt;
  };
  HDQ_EXPECT_PROPERTY(non_finite_is_refused(noise(37), ours));
  const auto tail = [&](const Vector& x) { return ours(Vector(x.begin(), x.end() - 5)); };  // the last columns are not looked at
  EXPECT_VIOLATED(non_finite_is_refused(noise(37), tail), "column 32");
  const auto wrong_column = [&](const Vector& x) -> std::optional<std::size_t> { return ours(x) ? std::optional<std::size_t>(0) : std::nullopt; };
  EXPECT_VIOLATED(non_finite_is_refused(noise(37), wrong_column), "as column 0");
}

TEST(CodecProperties, AllCodes) {
  const CodecConfig config{384, 5, 1};
  std::vector<Vector> rows;
  for (std::size_t i = 0; i < 40; ++i) {
    Vector x = noise(384 + 7 * i);
    rows.emplace_back(x.end() - 384, x.end());
  }
  HDQ_EXPECT_PROPERTY(all_codes_occur(5, rows, [&](const Vector& x, std::uint64_t row) { return encode(config, x, row); }));
  const auto clipped = [&](const Vector& x, std::uint64_t row) {
    Encoded e = encode(config, x, row);
    for (auto& code : e.codes) code = std::min<std::uint8_t>(code, 29);
    return e;
  };
  EXPECT_VIOLATED(all_codes_occur(5, rows, clipped), "code 30");
}

// ---- packing and files ----

RC_GTEST_PROP(PackingProperties, AllWidths, ()) {
  const int bits = *gen::bits();
  const auto codes = *rc::gen::container<std::vector<std::uint8_t>>(rc::gen::cast<std::uint8_t>(rc::gen::inRange(0, 1 << bits)));
  const auto pack = [&](const Bytes& c) {
    Bytes packed((c.size() * static_cast<std::size_t>(bits) + 7) / 8);
    hdq::pack(bits, c.data(), c.size(), packed.data());
    return packed;
  };
  HDQ_RC_ASSERT_PROPERTY(codes_are_packed(bits, codes, pack(codes)));
  HDQ_RC_ASSERT_PROPERTY(packing_round_trips(codes, pack, [&](const Bytes& packed, std::size_t count) {
    Bytes c(count);
    hdq::unpack(bits, packed.data(), count, c.data());
    return c;
  }));
}
TEST(PackingProperties, Faults) {
  const Bytes codes = {1, 7, 3, 5, 0, 6, 2, 4, 7};
  const auto pack_as_4 = [](const Bytes& c) {
    Bytes packed((c.size() + 1) / 2);
    for (std::size_t i = 0; i < c.size(); ++i) packed[i / 2] = static_cast<std::uint8_t>(packed[i / 2] | c[i] << (4 * (i % 2)));
    return packed;
  };
  EXPECT_VIOLATED(codes_are_packed(3, codes, pack_as_4(codes)), "bytes");
  Bytes packed(4);
  hdq::pack(3, codes.data(), codes.size(), packed.data());
  HDQ_EXPECT_PROPERTY(codes_are_packed(3, codes, packed));
  packed[3] ^= 0x80;
  EXPECT_VIOLATED(codes_are_packed(3, codes, packed), "unused");
  EXPECT_VIOLATED(packing_round_trips(codes, [](const Bytes& c) { return c; },
                                      [](Bytes c, std::size_t) {
                                        c.back() = 0;
                                        return c;
                                      }),
                  "code 8");
}

TEST(PackingProperties, Damage) {
  const auto parity = [](const Bytes& file) {  // a CRC-8, polynomial 0x07
    std::uint8_t crc = 0xFF;
    for (const std::uint8_t byte : file) {
      crc ^= byte;
      for (int i = 0; i < 8; ++i) crc = static_cast<std::uint8_t>(crc << 1 ^ (crc & 0x80 ? 0x07 : 0));
    }
    return crc;
  };
  Bytes file = {8, 1, 2, 3, 4, 5, 6};  // its length, then data
  file.push_back(parity(file));
  HDQ_EXPECT_PROPERTY(damage_is_noticed(file, [&](const Bytes& f) { return f.size() == 8 && parity(f) == 0; }));
  EXPECT_VIOLATED(damage_is_noticed(file, [&](const Bytes& f) { return f.size() == 8 && f[0] == 8; }), "flipped");
  EXPECT_VIOLATED(damage_is_noticed(file, [&](const Bytes& f) { return f.size() >= 8 && parity(Bytes(f.begin(), f.begin() + 8)) == 0; }), "too many");
}

// ---- reconstruction ----

TEST(Reconstruction, Unbiased) {
  const CodecConfig config{48, 2, 11};
  const double error = 4.0 / 16;  // C_2·4^-2 < 4/16, SPEC §5.5
  const auto ours = [&](const Vector& x, std::uint64_t row) { return reconstruct(config, x, row); };
  for (const Vector& x : {one_hot(48, 3), noise(48), Vector(48, 1.0f)}) {
    HDQ_EXPECT_PROPERTY(reconstruction_is_unbiased(x, x, error, ours));
    HDQ_EXPECT_PROPERTY(reconstruction_is_unbiased(x, noise(48), error, ours));
    HDQ_EXPECT_PROPERTY(reconstruction_error_is_bounded(x, error, ours));
  }
  const auto stuck = [&](const Vector& x, std::uint64_t) { return reconstruct(config, x, 1); };
  EXPECT_VIOLATED(reconstruction_is_unbiased(one_hot(48, 3), one_hot(48, 3), error, stuck), "E<x^, v>");
  const auto shrunk = [&](const Vector& x, std::uint64_t row) {
    Vector y = reconstruct(config, x, row);
    for (float& v : y) v *= 0.85f;
    return y;
  };
  EXPECT_VIOLATED(reconstruction_is_unbiased(noise(48), noise(48), error, shrunk), "E<x^, v>");
  const auto unscaled = [&](const Vector& x, std::uint64_t row) {
    Vector y = reconstruct(config, x, row);
    for (float& v : y) v *= 48;
    return y;
  };
  EXPECT_VIOLATED(reconstruction_error_is_bounded(noise(48), error, unscaled), "more than four times");
}

TEST(Reconstruction, Requantized) {
  const CodecConfig config{12, 3, 11};
  const double error = 3.3 / 64;
  HDQ_EXPECT_PROPERTY(requantization_is_unbiased(noise(12), 4, error, [&](const Vector& x, std::uint64_t row) { return reconstruct(config, x, row); }));
  const auto shrinks = [&](const Vector& x, std::uint64_t row) {
    Vector y = reconstruct(config, x, row);
    for (float& v : y) v *= 0.95f;
    return y;
  };
  EXPECT_VIOLATED(requantization_is_unbiased(noise(12), 4, error, shrinks), "steps");
}

TEST(Reconstruction, DitherMean) {
  // The codec's stages with the word given.
  const auto with_word = [](std::size_t d, int bits, std::uint64_t seed, const Vector& x, std::uint32_t word, double gain) {
    std::vector<double> theta((std::size_t{1} << bits) - 1), r(theta.size() + 1);
    hdq::thresholds(bits, word, theta.data());
    hdq::codewords(bits, word, r.data());
    Vector y(x);
    y.resize(d);
    const double norm = hdq::row_norm(x.data(), x.size());
    y = rotate(seed, y);
    for (float& v : y) {
      std::size_t code = 0;
      while (code < theta.size() && static_cast<double>(v) >= theta[code] * norm) ++code;
      v = static_cast<float>(gain * r[code] * norm / static_cast<double>(d));
    }
    y = rotate_back(seed, y);
    y.resize(x.size());
    return y;
  };
  for (const int bits : {1, 3, 8}) {
    HDQ_EXPECT_PROPERTY(dither_mean_is_exact(12, bits, 5, noise(12), [&](const Vector& x, std::uint32_t w) { return with_word(12, bits, 5, x, w, 1); }));
    HDQ_EXPECT_PROPERTY(dither_mean_is_exact(10, bits, 5, noise(10), [&](const Vector& x, std::uint32_t w) { return with_word(12, bits, 5, x, w, 1); }));
  }
  EXPECT_VIOLATED(dither_mean_is_exact(12, 3, 5, noise(12), [&](const Vector& x, std::uint32_t w) { return with_word(12, 3, 5, x, w, 1.02); }), "mean of");
  EXPECT_VIOLATED(dither_mean_is_exact(12, 3, 5, noise(12), [&](const Vector& x, std::uint32_t w) { return with_word(12, 2, 5, x, w, 1); }), "‖x^ - x‖²");
}

}  // namespace
