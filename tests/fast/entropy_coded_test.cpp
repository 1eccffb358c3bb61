// SPEC §7 in the library: the same bytes on every instruction set and thread count, streams that come back and streams that are none,
// files of scheme 1. That tables, codes and streams are the specified ones, tests/kernels/entropy_coded_library_test.py shows against a
// kernel that was written from the SPEC alone, and `hdq validate` against the reference.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>
#include <numbers>
#include <random>
#include <vector>

#include "entropy_coded_rows.hpp"
#include "file_error.hpp"
#include "hdq/entropy_coder.hpp"
#include "hdq/file.hpp"
#include "hdq/search.hpp"
#include "hdq/stages.hpp"
#include "temporary_directory.hpp"

namespace hdq {
namespace {

using test::encoded;
using test::rows_of;
using test::steps;
using testing::error_of;
using ::testing::HasSubstr;
using testing::overwrite_file;
using testing::read_file;
using testing::TemporaryDirectory;

std::vector<float> decoded(const Codec& codec, const EncodedRows& rows) {
  std::vector<float> x(rows.rows() * codec.dimension());
  codec.decode(rows, RowsView<float>(x.data(), rows.rows(), codec.dimension()));
  return x;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

TEST(Step, RateAndErrorAreEachOthersInverse) {
  for (double rate = 0.3; rate <= 12; rate += 0.1) {
    const Step step = Step::of_rate(rate);
    EXPECT_NEAR(step.rate(), rate, 1e-6);
    const Step again = Step::of_error(step.error());
    EXPECT_EQ(again.value(), step.value());
    EXPECT_LE(again.error(), step.error());
    const float above = std::nextafter(again.value(), 20.0f);
    EXPECT_GT(static_cast<double>(above) * static_cast<double>(above), 12 * step.error());
    EXPECT_GT(step.coarse(), 0.125);
    EXPECT_TRUE(step.raw_bits() == 0 || step.coarse() <= 0.25);
  }
  EXPECT_EQ(Step(0.125f).raw_bits(), 1);
  EXPECT_EQ(Step(0x1.000002p-3f).raw_bits(), 0);
  for (const double bad : {0.29, 12.01, -1.0, std::nan("")}) EXPECT_THROW(Step::of_rate(bad), InvalidArgument) << bad;
  for (const double bad : {0.0, 0x1p-24, 21.4, std::nan("")}) EXPECT_THROW(Step::of_error(bad), InvalidArgument) << bad;
  for (const float bad : {0.0f, 0x1.fffffep-11f, 16.001f, -1.0f, std::nanf("")})
    EXPECT_THROW(Step{bad}, InvalidArgument) << bad;
}

TEST(EntropyCoded, SameCodesDecodedBitsAndScoresOnEveryInstructionSet) {
  for (const std::size_t n : {1u, 2u, 3u, 7u, 12u, 13u, 100u, 131u, 300u, 1000u})
    for (const float step : steps) {
      const Codec scalar(n, Step(step), 7, {Isa::scalar});
      const EncodedRows rows = encoded(scalar, 19, 0xFFFFFFFFF0ull);
      const std::vector<float> x = decoded(scalar, rows), q = rows_of(scalar, 18);
      const auto scores = [&](const Codec& codec) {
        std::vector<float> out(18 * 19);
        Scorer(codec, RowsView<const float>(q.data(), 18, n))
            .score(Metric::inner_product, rows, RowsView<float>(out.data(), 18, 19));
        return out;
      };
      for (const Isa isa : supported_isas()) {
        const Codec codec(n, Step(step), 7, {isa, 2});
        EXPECT_EQ(encoded(codec, 19, 0xFFFFFFFFF0ull).codes(), rows.codes())
            << n << " " << step << " " << isa_name(isa);
        EXPECT_TRUE(same_bits(decoded(codec, rows), x)) << n << " " << step << " " << isa_name(isa);
        EXPECT_TRUE(same_bits(scores(codec), scores(scalar))) << n << " " << step << " " << isa_name(isa);
      }
    }
}

// |ẑ_j − z_j| <= Δ/2 for every coordinate, up to rounding: hence so for ‖x̂ − x‖² <= ‖x‖²Δ²/4, whatever the dither.
TEST(EntropyCoded, TheErrorOfEveryRowIsBounded) {
  for (const std::size_t n : {1u, 12u, 384u, 1000u, 1024u})
    for (const float step : steps) {
      const Codec codec(n, Step(step), 3);
      const std::vector<float> x = rows_of(codec, 16), y = decoded(codec, encoded(codec, 16));
      for (std::size_t row = 0; row < 16; ++row) {
        double error = 0, square = 0;
        for (std::size_t i = row * n; i < (row + 1) * n; ++i) {
          const double v = static_cast<double>(x[i]), d = static_cast<double>(y[i]) - v;
          error += d * d, square += v * v;
        }
        const double half = static_cast<double>(step) / 2 + 3e-6 * std::sqrt(static_cast<double>(codec.order()));
        EXPECT_LE(error, square * half * half + 1e-80) << n << " " << step << " row " << row;
      }
    }
}

// The mean over seeds: E‖x̂ − x‖² = D·‖x‖² (SPEC §7) for every row of order d = n. By the bound above each row's error is at most 3·D, so that
// by Hoeffding the mean of 14 rows (two more are zero) × 80 seeds leaves D·(1 ± 0.31) with a probability below
// 2·exp(−2·1120·(0.31/3)²) < 1e-10; a mean error that is off by less is not seen.
TEST(EntropyCoded, TheMeanErrorIsTheStepsForEveryKindOfRow) {
  for (const float step : {0.26f, 1.0825f, 2.5745f}) {
    double error = 0, count = 0;
    for (std::uint64_t seed = 0; seed < 80; ++seed) {
      const Codec codec(256, Step(step), seed);
      const std::vector<float> x = rows_of(codec, 16), y = decoded(codec, encoded(codec, 16));
      for (std::size_t row = 0; row < 16; ++row) {
        double square = 0, sum = 0;
        for (std::size_t i = row * 256; i < (row + 1) * 256; ++i) {
          const double v = static_cast<double>(x[i]), d = static_cast<double>(y[i]) - v;
          sum += d * d, square += v * v;
        }
        if (square > 0) error += sum / square, ++count;
      }
    }
    EXPECT_NEAR(error / count / Step(step).error(), 1, 0.31) << step;
  }
}

TEST(EntropyCoder, RowsComeBackOnAnyNumberOfThreads) {
  for (const std::size_t n : {1u, 3u, 20u, 100u, 384u})
    for (const float step : steps)
      for (const std::size_t count : {1u, 3u, 4u, 5u, 17u, 70u}) {
        const Codec codec(n, Step(step), 7), two(n, Step(step), 7, {Isa::automatic, 2});
        const EncodedRows rows = encoded(codec, count, 5);
        const PackedRows packed = EntropyCoder(codec).encode(rows), other = EntropyCoder(two).encode(rows);
        EXPECT_EQ(packed.streams, other.streams);
        EXPECT_EQ(packed.lengths, other.lengths);
        EXPECT_EQ(packed.raw, other.raw);
        const EncodedRows back = EntropyCoder(two).decode(packed);
        EXPECT_EQ(back.codes(), rows.codes()) << n << " " << step;
        EXPECT_TRUE(same_bits(back.norms(), rows.norms())) << n << " " << step;
      }
}

// Codes that no row has: everything escapes, up to the ends of the type.
TEST(EntropyCoder, FarCodesComeBack) {
  for (const float step : {0x1p-10f, 0.26f, 16.0f}) {
    const Codec codec(step == 0x1p-10f ? 5000 : 40, Step(step));
    const std::size_t width = codec.code_bytes() / codec.order();
    ASSERT_EQ(width, step == 0x1p-10f ? 4u : 2u);
    std::vector<std::int64_t> k;
    const std::int64_t most = (std::int64_t{1} << (8 * width - 1)) - 1;
    for (std::int64_t v = 1; v <= most; v = 2 * v + 1) k.insert(k.end(), {v, -v, v + 1 > most ? most : v + 1, -v - 1});
    std::vector<std::uint8_t> codes(codec.code_bytes());
    for (std::size_t j = 0; j < codec.order(); ++j) std::memcpy(codes.data() + j * width, &k[j % k.size()], width);
    const EncodedRows rows(codec.parameters(), {1.5f}, codes, 9);
    EXPECT_EQ(EntropyCoder(codec).decode(EntropyCoder(codec).encode(rows)).codes(), codes) << step;
  }
}

TEST(EntropyCoder, TablesSumAndMirror) {
  for (const float step : steps) {
    const Codec codec(16, Step(step));
    const EntropyCoder coder(codec);
    const auto symbols = 2 * static_cast<std::size_t>(coder.largest_symbol()) + 2;
    for (int bucket = 0; bucket < 64; ++bucket) {
      const auto f = coder.frequencies(bucket), g = coder.frequencies(63 - bucket);
      ASSERT_EQ(f.size(), symbols);
      std::uint32_t sum = 0;
      for (const std::uint16_t one : f) sum += one;
      EXPECT_EQ(sum, 65536u);
      EXPECT_EQ(f.back(), 1);
      // Up to the rounding of the sum, which runs the other way.
      for (std::size_t i = 0; i + 1 < symbols; ++i)
        EXPECT_NEAR(f[i], g[symbols - 2 - i], 1) << step << " " << bucket << " " << i;
    }
  }
}

// A damaged stream is refused, or it is that of another row, whose norm it ends in. Checksums are the
// file's. Nothing outside its bytes is read (ASan).
TEST(EntropyCoder, DamagedStreams) {
  const Codec codec(20, Step(0.26f), 7);
  const EntropyCoder coder(codec);
  const EncodedRows rows = encoded(codec, 8, 5);
  const PackedRows good = coder.encode(rows);
  EXPECT_EQ(good.lengths[4], 0u);  // zeros
  std::size_t refusals = 0, tried = 0;
  const auto refused_or_other = [&](const PackedRows& packed) {
    ++tried;
    try {
      const EncodedRows others = coder.decode(packed);
      return others.codes() != rows.codes() || others.norms() != rows.norms();
    } catch (const InvalidInput& bad) {
      EXPECT_THAT(bad.what(), HasSubstr("its stream is not one of codes"));
      ++refusals;
      return true;
    }
  };
  std::size_t begin = 0;
  for (std::size_t row = 0; row < 8; begin += good.lengths[row++]) {
    for (std::uint32_t keep = 1; keep < good.lengths[row]; ++keep) {
      PackedRows cut = good;
      cut.lengths[row] = keep;
      cut.streams.erase(cut.streams.begin() + static_cast<std::ptrdiff_t>(begin + keep),
                        cut.streams.begin() + static_cast<std::ptrdiff_t>(begin + good.lengths[row]));
      EXPECT_TRUE(refused_or_other(cut)) << row << " " << keep;
    }
    if (good.lengths[row] == 0) continue;
    for (std::uint32_t more = 1; more <= 9; ++more) {
      PackedRows longer = good;
      longer.lengths[row] += more;
      longer.streams.insert(longer.streams.begin() + static_cast<std::ptrdiff_t>(begin + good.lengths[row]), more, 0);
      EXPECT_TRUE(refused_or_other(longer)) << row << " " << more;
    }
    for (std::size_t bit = 0; bit < 8 * good.lengths[row]; ++bit) {
      PackedRows flipped = good;
      flipped.streams[begin + bit / 8] = static_cast<std::uint8_t>(flipped.streams[begin + bit / 8] ^ (1u << bit % 8));
      EXPECT_TRUE(refused_or_other(flipped)) << row << " " << bit;
    }
  }
  EXPECT_GT(refusals, tried * 3 / 4);
  EXPECT_THROW(EntropyCoder(Codec(20, 3)), InvalidArgument);
  PackedRows wrong = good;
  wrong.streams.pop_back();
  EXPECT_THROW(coder.decode(wrong), InvalidArgument);
}

void write(const std::string& path, const Codec& codec, const EncodedRows& rows, std::uint32_t rows_per_block,
           std::span<const float> mean = {}) {
  FileHeader header = FileHeader::make(codec, rows.rows(), rows.first_row());
  header.rows_per_block = rows_per_block;
  FileWriter writer(path, header, mean);
  writer.append(rows);
  writer.commit();
}

TEST(EntropyCodedFile, RowsAreReadAloneAndTogether) {
  const TemporaryDirectory directory;
  const std::string path = directory / "a.hdq";
  for (const std::size_t n : {1u, 20u, 100u})
    for (const float step : {0x1p-10f, 0.26f, 16.0f})
      for (const std::uint32_t per_block : {1u, 4u, 64u}) {
        const Codec codec(n, Step(step), 9);
        const EncodedRows rows = encoded(codec, 23, 77);
        const std::vector<float> x = decoded(codec, rows);
        write(path, codec, rows, per_block);
        const FileReader file(path);
        EXPECT_EQ(file.header().parameters(), codec.parameters());
        file.verify();
        std::vector<float> all(x.size());
        file.decode(file.codec({Isa::automatic, 2}), 0, RowsView<float>(all.data(), 23, n));
        EXPECT_TRUE(same_bits(all, x));
        BlockReader reader(file);
        for (const std::uint64_t row : {22u, 0u, 1u, 8u, 7u, 22u}) {
          const EncodedView one = reader.rows(row, 1);
          EXPECT_EQ(one.norms()[0], rows.norms()[row]);
          EXPECT_EQ(std::memcmp(one.row_codes(0), rows.codes().data() + row * codec.code_bytes(), codec.code_bytes()),
                    0);
        }
        // Encoded from vectors, on two threads, the bytes are the same.
        const std::vector<float> given = rows_of(codec, 23);
        const Codec two(n, Step(step), 9, {Isa::automatic, 2});
        FileHeader header = FileHeader::make(two, 23, 77);
        header.rows_per_block = per_block;
        FileWriter writer(directory / "b.hdq", header);
        writer.encode(two, RowsView<const float>(given.data(), 23, n));
        writer.commit();
        EXPECT_EQ(read_file(path), read_file(directory / "b.hdq"));
      }
}

TEST(EntropyCodedFile, SearchFindsWhatScoresOfTheRowsSay) {
  const TemporaryDirectory directory;
  const Codec codec(100, Step(0.5f), 9);
  const std::vector<float> x = rows_of(codec, 40, 100), q = rows_of(codec, 3);
  const EncodedRows rows = codec.encode(RowsView<const float>(x.data(), 40, 100), 0);
  write(directory / "a.hdq", codec, rows, 8);
  const FileReader file(directory / "a.hdq");
  const Scorer scorer(file.codec(), RowsView<const float>(q.data(), 3, 100));
  for (const Metric metric : {Metric::inner_product, Metric::squared_distance, Metric::cosine})
    EXPECT_EQ(search(scorer, metric, file, 5), search(scorer, metric, rows.view(), 5));
}

// A score is within Scorer::error_bound of its value in double.
TEST(EntropyCodedFile, ScoresKeepTheirBound) {
  for (const float step : {0x1p-10f, 0.26f, 16.0f}) {
    const Codec codec(100, Step(step), 9);
    const EncodedRows rows = encoded(codec, 8);
    const std::vector<float> q = rows_of(codec, 8), x = decoded(codec, rows);
    const Scorer scorer(codec, RowsView<const float>(q.data() + 700, 1, 100));
    for (std::size_t row = 0; row < 8; ++row) {
      double exact = 0, magnitude = 0;
      for (std::size_t i = 0; i < 100; ++i) {
        const double product = static_cast<double>(q[700 + i]) * static_cast<double>(x[row * 100 + i]);
        exact += product, magnitude += std::abs(product);
      }
      const EncodedView one = rows.view().slice(row, 1);
      const double slack = scorer.error_bound(Metric::inner_product, 0, one) + 1e-5 * magnitude +
                           1e-42;  // x is rounded too, and underflows
      EXPECT_NEAR(static_cast<double>(scorer.score_row(Metric::inner_product, 0, one)), exact, slack)
          << step << " " << row;
    }
  }
}

TEST(EntropyCodedFile, EveryFlippedBitAndEveryCutIsDetected) {
  const TemporaryDirectory directory;
  const std::string path = directory / "a.hdq";
  const Codec codec(5, Step(0.0162f), 5);
  const std::vector<float> mean(5, 0.5f);
  write(path, codec, encoded(codec, 11), 4, mean);
  const std::string good = read_file(path);
  ASSERT_EQ(error_of(path), "");
  {
    std::fstream in_place(
        path, std::ios::binary | std::ios::in | std::ios::out);  // rewriting the whole file each time is slow
    const auto put = [&](std::size_t at, char byte) {
      in_place.seekp(static_cast<std::streamoff>(at)).put(byte).flush();
    };
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
      put(bit / 8, static_cast<char>(static_cast<unsigned char>(good[bit / 8]) ^ (1u << (bit % 8))));
      ASSERT_THAT(error_of(path), HasSubstr(path)) << "bit " << bit;
      put(bit / 8, good[bit / 8]);
    }
  }
  ASSERT_EQ(error_of(path), "");
  for (std::size_t size = 0; size < good.size(); ++size) {
    overwrite_file(path, good.substr(0, size));
    ASSERT_THAT(error_of(path), HasSubstr(path)) << size << " bytes";
  }
  for (const std::size_t more : {1u, 4u, 64u}) {
    overwrite_file(path, good + std::string(more, '\0'));
    ASSERT_THAT(error_of(path), HasSubstr(path)) << more << " more";
  }
}

TEST(EntropyCodedFile, WrongFieldsOfAHeaderAreNamed) {
  const FileHeader good = FileHeader::make(Codec(100, Step(0.5f)), 10);
  const auto expect = [&](const char* field, const auto& change) {
    FileHeader header = good;
    change(header);
    try {
      header.validate();
      ADD_FAILURE() << field;
    } catch (const InvalidArgument& bad) {
      EXPECT_THAT(bad.what(), HasSubstr(field));
    }
  };
  good.validate();
  expect("bits", [](FileHeader& h) { h.bits = 3; });
  expect("step", [](FileHeader& h) { h.step = 0; });
  expect("step", [](FileHeader& h) { h.step = std::nanf(""); });
  expect("step", [](FileHeader& h) { h.step = 17; });
  expect("rows per block", [](FileHeader& h) { h.rows_per_block = UINT32_MAX; });
  expect("step", [](FileHeader& h) { h.scheme = SchemeId::fixed_rate, h.bits = 3; });
}

TEST(EntropyCoded, CodecsOfTheOtherSchemeRefuse) {
  const Codec coded(20, Step(0.5f)), fixed(20, 3), other(20, Step(0.75f));
  const EncodedRows rows = encoded(coded, 2);
  std::vector<float> x(40);
  EXPECT_THROW(fixed.decode(rows, RowsView<float>(x.data(), 2, 20)), InvalidArgument);
  EXPECT_THROW(other.decode(rows, RowsView<float>(x.data(), 2, 20)), InvalidArgument);
  EXPECT_THROW(Codec({SchemeId::entropy_coded, 20, 3, 0, 0.5f}), InvalidArgument);
  EXPECT_THROW(Codec({SchemeId::fixed_rate, 20, 3, 0, 0.5f}), InvalidArgument);
}

}  // namespace
}  // namespace hdq
