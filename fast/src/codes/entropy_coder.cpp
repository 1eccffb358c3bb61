// SPEC §7, "Coder". The state of one row depends on its last symbol, so some rows go side by side: their latencies overlap.
#include "hdq/entropy_coder.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <string>

#include "checks.hpp"
#include "codec/plan.hpp"
#include "codes/entropy_tables.hpp"
#include "quantizer/weyl.hpp"
#include "simd/kernels.hpp"

namespace hdq {
namespace {

using detail::EntropyTables, detail::GetSymbol, detail::PutSymbol, detail::least_state;

constexpr std::size_t side_by_side = 4;
constexpr std::size_t least_state_bytes = 5, most_state_bytes = 8;

std::uint64_t high_product(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>((Wide{a} * b) >> 64);
}

// ---- putting: words go down in memory, the last one first ----

// next: where the words that were put begin. The word below it is written whether or not it is one: which it will be nobody predicts, and
// so there is no branch, here and below.
inline void put(std::uint64_t& x, std::uint8_t*& next, const PutSymbol& symbol) {
  const auto word = static_cast<std::uint32_t>(x);
  std::memcpy(next - 4, &word, 4);
  const std::uint64_t full = x >= std::uint64_t{symbol.frequency} << 47 ? 1 : 0;
  next -= full * 4;
  x >>= full * 32;
  const std::uint64_t quotient = high_product(x, symbol.reciprocal) >> symbol.shift;
  x += symbol.bias + quotient * symbol.rest;
}

// The reverse of Getter::get_escaped.
void put_escaped(std::uint64_t& x, std::uint8_t*& next, const EntropyTables& t, std::int64_t c,
                 const PutSymbol& escape) {
  const auto beyond = static_cast<std::uint64_t>((c < 0 ? -c : c) - t.largest);
  const int e = static_cast<int>(std::bit_width(beyond)) - 1;
  for (int i = 0; i < e; ++i) put(x, next, t.put_bit[beyond >> i & 1]);
  put(x, next, t.put_bit[0]);
  for (int i = 0; i < e; ++i) put(x, next, t.put_bit[1]);
  put(x, next, t.put_bit[c < 0 ? 1 : 0]);
  put(x, next, escape);
}

// Codes lie at any address.
template <class Code>
Code load_code(const std::uint8_t* codes, std::size_t j) {
  Code code;
  std::memcpy(&code, codes + j * sizeof code, sizeof code);
  return code;
}
template <class Code>
void store_code(Code code, std::uint8_t* codes, std::size_t j) {
  std::memcpy(codes + j * sizeof code, &code, sizeof code);
}

struct Row {
  const std::uint8_t* codes;
  std::uint32_t word;
  float norm;
};

// Streams of `rows` rows, each ending at ends[r]; where it begins is put in begins[r]. States stay in registers: escapes, which are rare,
// go through memory.
template <class Code, std::size_t rows>
void put_rows(const EntropyTables& t, std::size_t order, const Row* row, std::uint8_t* const* ends, std::uint8_t** begins) {
  std::uint64_t x[rows];
  std::uint8_t* next[rows];
  const std::uint8_t* codes[rows];
  std::uint32_t word[rows];
  for (std::size_t r = 0; r < rows; ++r) {
    x[r] = least_state + std::bit_cast<std::uint32_t>(row[r].norm);
    next[r] = ends[r];
    codes[r] = row[r].codes;
    word[r] = detail::weyl_word(row[r].word, order - 1);
  }
  const std::size_t symbols = t.symbols();
  const PutSymbol* const table = t.put.data() + t.largest;
  const int raw_bits = t.raw_bits, largest = t.largest;
  const auto span = 2 * static_cast<std::uint64_t>(t.largest);
  for (std::size_t j = order; j-- > 0;) {
#pragma GCC unroll 8
    for (std::size_t r = 0; r < rows; ++r) {
      const PutSymbol* bucket = table + (word[r] >> detail::bucket_shift) * symbols;
      const std::int64_t c = std::int64_t{load_code<Code>(codes[r], j)} >> raw_bits;
      word[r] -= detail::weyl_increment;
      if (static_cast<std::uint64_t>(c + largest) <= span) [[likely]] {
        put(x[r], next[r], bucket[c]);
      } else {
        put_escaped(x[r], next[r], t, c, bucket[largest + 1]);
      }
    }
  }
  for (std::size_t r = 0; r < rows; ++r) {
    const auto size = std::max(least_state_bytes, (static_cast<std::size_t>(std::bit_width(x[r])) + 7) / 8);
    begins[r] = next[r] - size;
    std::memcpy(begins[r], &x[r], size);
  }
}

// ---- getting ----

// 1 where a word is needed and there is none.
inline std::uint32_t refill(std::uint64_t& x, const std::uint8_t*& next, const std::uint8_t* end) {
  if (next == end) [[unlikely]] {
    const bool missing = x < least_state;
    x = missing ? x << 32 : x;
    return missing ? 1 : 0;
  }
  std::uint32_t word;
  std::memcpy(&word, next, 4);
  const std::uint64_t low = x < least_state ? 1 : 0;
  x = x << (low * 32) | (word & (0 - low));
  next += low * 4;
  return 0;
}

struct Getter {
  std::uint64_t x = 0;
  const std::uint8_t *next = nullptr, *end = nullptr;
  bool good = true;

  // A stream of at least least_state_bytes bytes.
  void begin(const std::uint8_t* stream, std::size_t length) {
    const std::size_t size = least_state_bytes + (length - least_state_bytes) % 4;
    std::memcpy(&x, stream, size);
    next = stream + size;
    end = stream + length;
    good = x >= least_state && x >> 63 == 0 && (size == least_state_bytes || x >> (8 * (size - 1)) != 0);
  }
  void refill() { good &= hdq::refill(x, next, end) == 0; }
  std::uint32_t get_bit() {
    const auto bit = static_cast<std::uint32_t>(x >> 15 & 1);
    x = (x >> 16 << 15) + (x & 0x7FFF);
    refill();
    return bit;
  }
  std::int64_t get_escaped(int largest) {
    const bool negative = get_bit() != 0;
    int e = 0;
    while (get_bit() != 0) {
      if (++e > 30) {
        good = false;
        return 0;
      }
    }
    std::int64_t beyond = 1;
    for (int i = 0; i < e; ++i) beyond = beyond * 2 + get_bit();
    return negative ? -largest - beyond : largest + beyond;
  }
};

// Codes of `rows` rows without their raw bits, c·2^h, and their norms; false for a row whose stream is none. States stay in registers.
template <class Code, std::size_t rows>
void get_rows(const EntropyTables& t, std::size_t order, const std::uint32_t* words, const Getter* getter, std::uint8_t* const* codes_of, float* norms,
              bool* good) {
  std::uint64_t x[rows];
  const std::uint8_t *next[rows], *end[rows];
  std::uint8_t* codes[rows];
  std::uint32_t word[rows], bad[rows];
  for (std::size_t r = 0; r < rows; ++r) {
    x[r] = getter[r].x, next[r] = getter[r].next, end[r] = getter[r].end, bad[r] = getter[r].good ? 0 : 1;
    codes[r] = codes_of[r];
    word[r] = words[r];
  }
  const std::uint32_t symbols = static_cast<std::uint32_t>(t.symbols());
  const GetSymbol* const table = t.get.data();
  const std::uint8_t* const first = t.first.data();
  const int raw_bits = t.raw_bits, largest = t.largest;
  for (std::size_t j = 0; j < order; ++j) {
#pragma GCC unroll 8
    for (std::size_t r = 0; r < rows; ++r) {
      const std::uint32_t bucket = word[r] >> detail::bucket_shift;
      word[r] += detail::weyl_increment;
      const GetSymbol* symbols_of = table + bucket * symbols;
      const auto m = static_cast<std::uint32_t>(x[r] & (detail::frequency_sum - 1));
      std::uint32_t symbol = first[bucket << EntropyTables::coarse_bits | m >> (detail::frequency_bits - EntropyTables::coarse_bits)];
      GetSymbol got = symbols_of[symbol];
      while (m - got.cumulative >= got.frequency) [[unlikely]] got = symbols_of[++symbol];
      x[r] = got.frequency * (x[r] >> detail::frequency_bits) + (m - got.cumulative);
      bad[r] |= refill(x[r], next[r], end[r]);
      std::int64_t c = static_cast<std::int64_t>(symbol) - largest;
      if (c > largest) [[unlikely]] {
        Getter slow{x[r], next[r], end[r], true};
        c = slow.get_escaped(largest);
        x[r] = slow.x, next[r] = slow.next, bad[r] |= slow.good ? 0 : 1;
        bad[r] |= std::int64_t{static_cast<Code>(c << raw_bits)} != c << raw_bits ? 1 : 0;
      }
      store_code(static_cast<Code>(c << raw_bits), codes[r], j);
    }
  }
  for (std::size_t r = 0; r < rows; ++r) {
    norms[r] = std::bit_cast<float>(static_cast<std::uint32_t>(x[r] - least_state));
    good[r] = bad[r] == 0 && next[r] == end[r] && x[r] >= least_state && x[r] < 2 * least_state && std::isfinite(norms[r]) && norms[r] > 0;
  }
}

// ---- raw bits ----

template <class Code>
void split_raw(const detail::CodecPlan& plan, int raw_bits, const std::uint8_t* codes, std::uint8_t* scratch,
               std::uint8_t* raw) {
  for (std::size_t j = 0; j < plan.order.order; ++j)
    scratch[j] = static_cast<std::uint8_t>(load_code<Code>(codes, j) & ((1 << raw_bits) - 1));
  plan.kernels.pack(raw_bits, scratch, plan.order.order, raw);
}

template <class Code>
void join_raw(const detail::CodecPlan& plan, int raw_bits, const std::uint8_t* raw, std::uint8_t* scratch,
              std::uint8_t* codes) {
  plan.kernels.unpack(raw_bits, raw, plan.order.order, scratch);
  for (std::size_t j = 0; j < plan.order.order; ++j)
    store_code(static_cast<Code>(load_code<Code>(codes, j) + scratch[j]), codes, j);
}

// An escape with |c| < 2^15 has 16 + 1 + 2·15 bits at most, one with |c| < 2^31 has 16 + 1 + 61; other symbols have 16.
template <class Code>
std::size_t most_bytes(std::size_t order) {
  return order * (sizeof(Code) == 2 ? 6 : 10) + most_state_bytes + 4;
}

[[noreturn]] void throw_bad_stream(std::size_t row) {
  throw InvalidInput(row, InvalidInput::npos, "row " + std::to_string(row) + ": its stream is not one of codes");
}

// Rows [first, last) of a view; their streams are appended to `streams`.
template <class Code>
class RowsPutter {
 public:
  RowsPutter(const Codec& codec, const EntropyTables& tables)
      : codec_(codec), plan_(*codec.plan()), tables_(tables), scratch_(plan_.order.order) {}

  void put_run(const EncodedView& rows, std::size_t first, std::size_t last, std::size_t raw_bytes, PackedRows& out,
           std::vector<std::uint8_t>& streams) {
    const std::size_t order = plan_.order.order, room = most_bytes<Code>(order);
    buffer_.resize(side_by_side * room);
    std::vector<std::uint32_t> words(last - first);
    codec_.draw_dither(rows.first_row() + first, words);
    std::size_t waiting[side_by_side], count = 0;
    for (std::size_t row = first; row < last; ++row) {
      detail::check_norm(rows.norms()[row], row);
      if (rows.norms()[row] == 0) continue;
      if (raw_bytes > 0)
        split_raw<Code>(plan_, tables_.raw_bits, rows.row_codes(row), scratch_.data(),
                        out.raw.data() + row * raw_bytes);
      waiting[count++] = row;
      if (count == side_by_side)
        flush<side_by_side>(rows, waiting, words.data() - first, room, out, streams), count = 0;
    }
    for (std::size_t i = 0; i < count; ++i) flush<1>(rows, waiting + i, words.data() - first, room, out, streams);
  }

 private:
  template <std::size_t count>
  void flush(const EncodedView& rows, const std::size_t* which, const std::uint32_t* words, std::size_t room,
             PackedRows& out, std::vector<std::uint8_t>& streams) {
    Row row[count];
    std::uint8_t *ends[count], *begins[count];
    for (std::size_t r = 0; r < count; ++r) {
      row[r] = {rows.row_codes(which[r]), words[which[r]], rows.norms()[which[r]]};
      ends[r] = buffer_.data() + (r + 1) * room;
    }
    put_rows<Code, count>(tables_, plan_.order.order, row, ends, begins);
    for (std::size_t r = 0; r < count; ++r) {
      out.lengths[which[r]] = static_cast<std::uint32_t>(ends[r] - begins[r]);
      streams.insert(streams.end(), begins[r], ends[r]);
    }
  }

  const Codec& codec_;
  const detail::CodecPlan& plan_;
  const EntropyTables& tables_;
  std::vector<std::uint8_t> buffer_, scratch_;
};

template <class Code>
PackedRows encode_rows(const Codec& codec, const EntropyTables& tables, std::size_t raw_bytes,
                       const EncodedView& rows) {
  PackedRows out{rows.first_row(),
                 std::vector<std::uint32_t>(rows.rows()),
                 std::vector<std::uint8_t>(detail::checked_product(rows.rows(), raw_bytes, "raw bits")),
                 {}};
  const detail::CodecPlan& plan = *codec.plan();
  if (plan.pool == nullptr || rows.rows() <= side_by_side) {
    RowsPutter<Code>(codec, tables).put_run(rows, 0, rows.rows(), raw_bytes, out, out.streams);
    return out;
  }
  // Each run of rows has its own bytes, which are joined in order of rows.
  constexpr std::size_t run = 4 * side_by_side;
  std::vector<std::vector<std::uint8_t>> parts((rows.rows() + run - 1) / run);
  plan.for_rows(rows.rows(), run, [&](std::size_t first, std::size_t last, std::size_t) {
    RowsPutter<Code> putter(codec, tables);
    for (std::size_t begin = first; begin < last; begin += run)
      putter.put_run(rows, begin, std::min(last, begin + run), raw_bytes, out, parts[begin / run]);
  });
  for (const std::vector<std::uint8_t>& part : parts) out.streams.insert(out.streams.end(), part.begin(), part.end());
  return out;
}

template <class Code>
class RowsGetter {
 public:
  RowsGetter(const Codec& codec, const EntropyTables& tables, std::size_t raw_bytes,
             std::span<const std::uint32_t> lengths, const std::uint8_t* raw, const std::uint8_t* streams,
             const std::vector<std::size_t>& begins, const EncodedBuffer& out)
      : codec_(codec),
        plan_(*codec.plan()),
        tables_(tables),
        raw_bytes_(raw_bytes),
        lengths_(lengths),
        raw_(raw),
        streams_(streams),
        begins_(begins),
        out_(out) {}

  void get(std::size_t first, std::size_t last) const {
    std::vector<std::uint32_t> words(last - first);
    codec_.draw_dither(out_.first_row() + first, words);
    std::vector<std::uint8_t> scratch(raw_bytes_ > 0 ? plan_.order.order : 0);
    std::size_t waiting[side_by_side], count = 0;
    for (std::size_t row = first; row < last; ++row) {
      if (lengths_[row] == 0) {
        out_.norms()[row] = 0;
        std::fill_n(out_.row_codes(row), out_.code_bytes(), std::uint8_t{0});
        continue;
      }
      if (lengths_[row] < least_state_bytes) throw_bad_stream(row);
      waiting[count++] = row;
      if (count == side_by_side) flush<side_by_side>(waiting, words.data() - first, scratch.data()), count = 0;
    }
    for (std::size_t i = 0; i < count; ++i) flush<1>(waiting + i, words.data() - first, scratch.data());
  }

 private:
  template <std::size_t count>
  void flush(const std::size_t* which, const std::uint32_t* words, std::uint8_t* scratch) const {
    Getter getter[count];
    std::uint32_t word[count];
    std::uint8_t* codes[count];
    float norms[count];
    bool good[count];
    for (std::size_t r = 0; r < count; ++r) {
      getter[r].begin(streams_ + begins_[which[r]], lengths_[which[r]]);
      word[r] = words[which[r]];
      codes[r] = out_.row_codes(which[r]);
    }
    get_rows<Code, count>(tables_, plan_.order.order, word, getter, codes, norms, good);
    for (std::size_t r = 0; r < count; ++r) {
      if (!good[r]) throw_bad_stream(which[r]);
      out_.norms()[which[r]] = norms[r];
      if (raw_bytes_ > 0) join_raw<Code>(plan_, tables_.raw_bits, raw_ + which[r] * raw_bytes_, scratch, codes[r]);
    }
  }

  const Codec& codec_;
  const detail::CodecPlan& plan_;
  const EntropyTables& tables_;
  std::size_t raw_bytes_;
  std::span<const std::uint32_t> lengths_;
  const std::uint8_t *raw_, *streams_;
  const std::vector<std::size_t>& begins_;
  const EncodedBuffer& out_;
};

const Codec& checked_codec(const Codec& codec) {
  if (codec.scheme() != SchemeId::entropy_coded)
    throw InvalidArgument("an entropy coder needs an entropy-coded codec, not a fixed-rate one");
  return codec;
}

std::size_t width_of(const Codec& codec) { return codec.code_bytes() / codec.order(); }

}  // namespace

EntropyCoder::EntropyCoder(const Codec& codec)
    : EntropyCoder(codec, std::make_shared<const EntropyTables>(Step(checked_codec(codec).step()))) {}

EntropyCoder EntropyCoder::on(const Codec& codec) const {
  if (codec.scheme() != codec_.scheme() || codec.step() != codec_.step() || codec.order() != codec_.order())
    throw InvalidArgument("another codec's tables");
  return {codec, tables_};
}

EntropyCoder::EntropyCoder(const Codec& codec, std::shared_ptr<const EntropyTables> tables)
    : codec_(codec),
      tables_(std::move(tables)),
      raw_bytes_((codec.order() * static_cast<std::size_t>(tables_->raw_bits) + 7) / 8) {}

int EntropyCoder::largest_symbol() const { return tables_->largest; }

std::span<const std::uint16_t> EntropyCoder::frequencies(int bucket) const {
  if (bucket < 0 || bucket >= detail::bucket_count)
    throw InvalidArgument("no bucket " + std::to_string(bucket) + " among " + std::to_string(detail::bucket_count));
  return {tables_->frequencies.data() + static_cast<std::size_t>(bucket) * tables_->symbols(), tables_->symbols()};
}

PackedRows EntropyCoder::encode(const EncodedView& rows) const {
  detail::check_encoded(rows, *codec_.plan());
  if (rows.rows() == 0) return {rows.first_row(), {}, {}, {}};
  if (width_of(codec_) == 2) return encode_rows<std::int16_t>(codec_, *tables_, raw_bytes_, rows);
  return encode_rows<std::int32_t>(codec_, *tables_, raw_bytes_, rows);
}

EncodedRows EntropyCoder::decode(const PackedRows& packed) const {
  EncodedRows rows(codec_.parameters(), packed.lengths.size(), codec_.code_bytes(), packed.first_row);
  decode(packed.lengths, packed.raw, packed.streams, rows.buffer());
  return rows;
}

void EntropyCoder::decode(std::span<const std::uint32_t> lengths, std::span<const std::uint8_t> raw,
                          std::span<const std::uint8_t> streams, EncodedBuffer out) const {
  detail::require_equal(out.rows(), lengths.size(), "rows of codes", "lengths");
  if (lengths.empty()) return;
  detail::require_equal(out.code_bytes(), codec_.code_bytes(), "bytes of codes in a row", "bytes of the codec");
  detail::require_equal(raw.size(), detail::checked_product(lengths.size(), raw_bytes_, "raw bits"),
                        "bytes of raw bits", "bytes of these rows");
  std::vector<std::size_t> begins(lengths.size());
  std::size_t all = 0;
  for (std::size_t row = 0; row < lengths.size(); ++row) {
    begins[row] = all;
    all = detail::checked_sum(all, lengths[row], "streams");
  }
  detail::require_equal(streams.size(), all, "bytes of streams", "bytes of these rows");
  const auto get = [&]<class Code>(Code) {
    const RowsGetter<Code> getter(codec_, *tables_, raw_bytes_, lengths, raw.data(), streams.data(), begins, out);
    codec_.plan()->for_rows(lengths.size(), 4 * side_by_side,
                            [&](std::size_t first, std::size_t last, std::size_t) { getter.get(first, last); });
  };
  if (width_of(codec_) == 2)
    get(std::int16_t{});
  else
    get(std::int32_t{});
}

}  // namespace hdq
