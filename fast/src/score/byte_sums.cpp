// The first pass of a search: sums of bytes (score/byte_task.hpp), and what they say of scores (score/byte_filter.hpp).
#include "score/byte_task.hpp"
#include "simd/entries.hpp"
#include "simd/simd.hpp"
#include HDQ_BYTE_PRODUCTS

HWY_BEFORE_NAMESPACE();
namespace hdq::HDQ_ISA {

bool Filters(int bits) { return MostFilteredBits() > 0 && bits <= MostFilteredBits(); }

int PlaneSteps(int bits) { return bits == 1 ? 127 : MostStepsOfPlane(); }

void ByteSums(const detail::ByteTask& task) { SumsOfBytes(task); }

bool CodeBytes(const detail::CodeBytesTask& task) { return ExpandCodes(task); }

bool HasEnd(int bits, const std::uint8_t* bytes, std::size_t count, bool first, bool last) {
  return ContainsEnd(bits, bytes, count, first, last);
}

namespace {

HWY_INLINE std::size_t IndexOf(const detail::ByteRecordTask& task, std::size_t i) {
  return static_cast<std::size_t>(std::uint64_t{task.words[i]} >> task.shift);
}

// Row i in order of bits, all bytes of a record by one load. Rows whose records except any are in the result, for a closer look.
#if HWY_TARGET == HWY_SCALAR
std::uint32_t SpreadRecords(const detail::ByteRecordTask& task) {
  std::uint32_t doubtful = 0;
  for (std::size_t i = 0; i < detail::byte_rows; ++i) {
    const detail::ByteRecord& record = task.records[IndexOf(task, i)];
    task.scale[i] = record.scale;
    task.centre[i] = record.centre;
    task.codeword_error[i] = record.codeword_error;
    const bool within = task.norms[i] >= task.least_norm && task.norms[i] <= task.most_norm;
    doubtful |= (record.excepted == 0 && within ? 0u : 1u) << i;
  }
  return doubtful;
}
#else
// Four at once are turned in registers: fields that were stored one by one would be waited for by who loads vectors of them.
HWY_ATTR std::uint32_t SpreadRecords(const detail::ByteRecordTask& task) {
  const hn::Full128<float> d;
  const hn::Full128<double> pairs;
  const hn::Full128<std::uint32_t> words;
  const auto record = [&](std::size_t i) HWY_ATTR {
    return hn::Load(d, reinterpret_cast<const float*>(task.records + IndexOf(task, i)));
  };
  const auto least = hn::Set(d, task.least_norm), most = hn::Set(d, task.most_norm);
  std::uint32_t doubtful = 0;
  for (std::size_t i = 0; i < detail::byte_rows; i += 4) {
    const auto r0 = record(i), r1 = record(i + 1), r2 = record(i + 2), r3 = record(i + 3);
    const auto lower01 = hn::BitCast(pairs, hn::InterleaveLower(d, r0, r1));
    const auto lower23 = hn::BitCast(pairs, hn::InterleaveLower(d, r2, r3));
    const auto upper01 = hn::BitCast(pairs, hn::InterleaveUpper(d, r0, r1));
    const auto upper23 = hn::BitCast(pairs, hn::InterleaveUpper(d, r2, r3));
    hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, lower01, lower23)), d, task.scale + i);
    hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pairs, lower01, lower23)), d, task.centre + i);
    hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, upper01, upper23)), d, task.codeword_error + i);
    const auto excepted = hn::BitCast(words, hn::InterleaveUpper(pairs, upper01, upper23));
    const auto norms = hn::LoadU(d, task.norms + i);
    const auto ordinary =
        hn::And(hn::MaskFromVec(hn::BitCast(d, hn::VecFromMask(words, hn::Eq(excepted, hn::Zero(words))))),
                hn::And(hn::Ge(norms, least), hn::Le(norms, most)));
    std::uint8_t bits[8] = {};
    hn::StoreMaskBits(d, ordinary, bits);
    doubtful |= (~std::uint32_t{bits[0]} & 15) << i;
  }
  return doubtful;
}
#endif

}  // namespace

std::uint32_t ByteRecords(const detail::ByteRecordTask& task) {
  using Record = detail::ByteRecord;
  const int log_stride = std::countr_zero(task.stride);
  for (std::size_t i = 0; i < detail::byte_rows; ++i) task.table[i] = task.tables + (IndexOf(task, i) << log_stride);
  std::uint32_t doubtful = SpreadRecords(task) & ((std::uint32_t{1} << task.count) - 1), excepted = 0;
  for (; doubtful != 0; doubtful &= doubtful - 1) {
    const auto i = static_cast<std::size_t>(std::countr_zero(doubtful));
    const std::uint32_t of = task.records[IndexOf(task, i)].excepted;
    const bool within = (task.norms[i] >= task.least_norm) & (task.norms[i] <= task.most_norm);
    const bool except = !within || (of & Record::of_none) != 0 ||
                        ContainsEnd(task.bits, task.rows[i], task.code_bytes, (of & Record::without_first) != 0,
                                    (of & Record::without_last) != 0);
    excepted |= (except ? 1u : 0u) << i;
  }
  return excepted;
}

// Every product and sum is rounded once, none fused: byte_filter.hpp counts them. 2·sums − offset is exact modulo 2^32, and fits.
void ByteBounds(const detail::ByteBoundTask& task) {
  for (std::size_t i = 0; i < detail::byte_rows; ++i) {
    const auto twice = static_cast<std::int32_t>(2 * static_cast<std::uint32_t>(task.sums[i]) -
                                                 static_cast<std::uint32_t>(task.offset));
    const float estimate = task.scale[i] * task.half_step * static_cast<float>(twice) + task.centre[i] * task.total;
    const float error = task.codeword_error[i] * task.magnitude + task.scale[i] * task.residue;
    task.upper[i] = task.factor[i] * (task.gain * (estimate + error) - task.factor[i] * task.square);
  }
}

}  // namespace hdq::HDQ_ISA
HWY_AFTER_NAMESPACE();
