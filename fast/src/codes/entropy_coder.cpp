// SPEC §7: rows of codes to packed rows and back, in runs on the codec's threads. The coder itself is put_rows.cpp and get_rows.cpp.
#include "hdq/entropy_coder.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "checks.hpp"
#include "codec/plan.hpp"
#include "codes/entropy_tables.hpp"
#include "codes/row_streams.hpp"
#include "quantizer/weyl.hpp"
#include "simd/kernels.hpp"

namespace hdq {
namespace {

using detail::EntropyTables, detail::most_side_by_side;

// ---- raw bits ----

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

[[noreturn]] void throw_bad_stream(std::size_t row) {
  throw InvalidInput(row, InvalidInput::npos, "row " + std::to_string(row) + ": its stream is not one of codes");
}

// Rows [first, last) of a view; their streams are appended to `streams`.
template <class Code>
class RowsPutter {
 public:
  RowsPutter(const Codec& codec, const EntropyTables& tables)
      : codec_(codec),
        plan_(*codec.plan()),
        tables_(tables),
        room_(detail::most_stream_bytes(plan_.order.order, sizeof(Code))),
        buffer_(most_side_by_side * room_),
        scratch_(tables.raw_bits > 0 ? plan_.order.order : 0) {}

  void put_run(const EncodedView& rows, std::size_t first, std::size_t last, std::size_t raw_bytes, PackedRows& out,
               std::vector<std::uint8_t>& streams) {
    words_.resize(last - first);
    codec_.draw_dither(rows.first_row() + first, words_);
    std::size_t waiting[most_side_by_side], count = 0;
    for (std::size_t row = first; row < last; ++row) {
      detail::check_norm(rows.norms()[row], row);
      if (rows.norms()[row] == 0) continue;
      if (raw_bytes > 0)
        split_raw<Code>(plan_, tables_.raw_bits, rows.row_codes(row), scratch_.data(),
                        out.raw.data() + row * raw_bytes);
      waiting[count++] = row;
      if (count == most_side_by_side) flush(rows, waiting, count, first, out, streams), count = 0;
    }
    if (count > 0) flush(rows, waiting, count, first, out, streams);
  }

 private:
  void flush(const EncodedView& rows, const std::size_t* which, std::size_t count, std::size_t first, PackedRows& out,
             std::vector<std::uint8_t>& streams) {
    detail::PutTask task{tables_, plan_.order.order, sizeof(Code), count, {}, {}, {}, {}, {}};
    for (std::size_t r = 0; r < count; ++r) {
      task.codes[r] = rows.row_codes(which[r]);
      task.words[r] = words_[which[r] - first];
      task.norms[r] = rows.norms()[which[r]];
      task.ends[r] = buffer_.data() + (r + 1) * room_;
    }
    plan_.kernels.put_rows(task);
    for (std::size_t r = 0; r < count; ++r) {
      out.lengths[which[r]] = static_cast<std::uint32_t>(task.ends[r] - task.begins[r]);
      streams.insert(streams.end(), task.begins[r], task.ends[r]);
    }
  }

  const Codec& codec_;
  const detail::CodecPlan& plan_;
  const EntropyTables& tables_;
  std::size_t room_;  // for a stream
  std::vector<std::uint8_t> buffer_, scratch_;
  std::vector<std::uint32_t> words_;
};

template <class Code>
PackedRows encode_rows(const Codec& codec, const EntropyTables& tables, std::size_t raw_bytes,
                       const EncodedView& rows) {
  PackedRows out{rows.first_row(),
                 std::vector<std::uint32_t>(rows.rows()),
                 std::vector<std::uint8_t>(detail::checked_product(rows.rows(), raw_bytes, "raw bits")),
                 {}};
  const detail::CodecPlan& plan = *codec.plan();
  if (plan.pool == nullptr || rows.rows() <= most_side_by_side) {
    RowsPutter<Code>(codec, tables).put_run(rows, 0, rows.rows(), raw_bytes, out, out.streams);
    return out;
  }
  // Each run of rows has its own bytes, which are joined in order of rows.
  constexpr std::size_t run = 2 * most_side_by_side;
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
             std::span<const std::uint32_t> lengths, const std::uint8_t* raw, std::span<const std::uint8_t> streams,
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
    std::size_t waiting[most_side_by_side], count = 0;
    for (std::size_t row = first; row < last; ++row) {
      if (lengths_[row] == 0) {
        out_.norms()[row] = 0;
        std::fill_n(out_.row_codes(row), out_.code_bytes(), std::uint8_t{0});
        continue;
      }
      if (lengths_[row] < detail::least_state_bytes) throw_bad_stream(row);
      waiting[count++] = row;
      if (count == most_side_by_side) flush(waiting, count, words.data() - first, scratch.data()), count = 0;
    }
    if (count > 0) flush(waiting, count, words.data() - first, scratch.data());
  }

 private:
  void flush(const std::size_t* which, std::size_t count, const std::uint32_t* words, std::uint8_t* scratch) const {
    detail::GetTask task{tables_, plan_.order.order, sizeof(Code), count, {}, {}, {}, {}, {}, {}};
    std::array<std::vector<std::uint8_t>, most_side_by_side> copies;
    for (std::size_t r = 0; r < count; ++r) {
      const std::size_t length = lengths_[which[r]], behind = streams_.size() - begins_[which[r]] - length;
      task.begins[r] = streams_.data() + begins_[which[r]];
      if (behind < detail::most_read_behind) {  // one of the last rows
        copies[r].assign(task.begins[r], task.begins[r] + length);
        copies[r].resize(length + detail::most_read_behind);
        task.begins[r] = copies[r].data();
      }
      task.ends[r] = task.begins[r] + length;
      task.words[r] = words[which[r]];
      task.codes[r] = out_.row_codes(which[r]);
    }
    plan_.kernels.get_rows(task);
    for (std::size_t r = 0; r < count; ++r) {
      if (!task.good[r]) throw_bad_stream(which[r]);
      out_.norms()[which[r]] = task.norms[r];
      if (raw_bytes_ > 0) join_raw<Code>(plan_, tables_.raw_bits, raw_ + which[r] * raw_bytes_, scratch, task.codes[r]);
    }
  }

  const Codec& codec_;
  const detail::CodecPlan& plan_;
  const EntropyTables& tables_;
  std::size_t raw_bytes_;
  std::span<const std::uint32_t> lengths_;
  const std::uint8_t* raw_;
  std::span<const std::uint8_t> streams_;
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
    const RowsGetter<Code> getter(codec_, *tables_, raw_bytes_, lengths, raw.data(), streams, begins, out);
    codec_.plan()->for_rows(lengths.size(), 2 * most_side_by_side,
                            [&](std::size_t first, std::size_t last, std::size_t) { getter.get(first, last); });
  };
  if (width_of(codec_) == 2)
    get(std::int16_t{});
  else
    get(std::int32_t{});
}

}  // namespace hdq
