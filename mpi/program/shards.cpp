#include "shards.hpp"

#include <fmt/format.h>

#include <bit>

#include "hdq/io/text.hpp"

namespace hdq::mpi {
namespace {

using cli::BadInput, cli::CodesFile;

using Facts = std::array<std::uint64_t, 12>;

Facts facts_of(const FileHeader& h, std::uint64_t bytes) {
  return {h.rows,
          h.dimension,
          h.order,
          h.bits,
          h.seed,
          h.first_row,
          h.rows_per_block,
          static_cast<std::uint64_t>(h.scheme),
          h.has_mean ? 1u : 0u,
          std::bit_cast<std::uint32_t>(h.step),
          static_cast<std::uint64_t>(h.dither),
          bytes};
}

FileHeader header_of(const Facts& f) {
  FileHeader h;
  h.rows = f[0];
  h.dimension = f[1];
  h.order = f[2];
  h.bits = static_cast<std::uint32_t>(f[3]);
  h.seed = f[4];
  h.first_row = f[5];
  h.rows_per_block = static_cast<std::uint32_t>(f[6]);
  h.scheme = static_cast<SchemeId>(f[7]);
  h.has_mean = f[8] != 0;
  h.step = std::bit_cast<float>(static_cast<std::uint32_t>(f[9]));
  h.dither = static_cast<Dither>(f[10]);
  return h;
}

// Of every name, on all ranks: what the rank saw that looked at it, look(name).
template <class Look>
std::vector<Facts> look_at(const Job& job, const std::vector<std::string>& names, const Look& look) {
  Bytes own;
  job.together([&] {
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (names[i] == "-" || names[i].starts_with("-:"))
        throw cli::UsageError("-: the ranks of a job have no standard input in common");
      if (i % static_cast<std::size_t>(job.ranks()) != static_cast<std::size_t>(job.rank())) continue;
      put(own, look(names[i]));
    }
  });
  const std::vector<Bytes> all = job.all_to_all(own);
  std::vector<Parcel> parcels;
  for (const Bytes& bytes : all) parcels.emplace_back(bytes);
  std::vector<Facts> facts;
  for (std::size_t i = 0; i < names.size(); ++i) facts.push_back(parcels[i % parcels.size()].get<Facts>());
  return facts;
}

[[noreturn]] void throw_differs(const std::string& name) {
  throw BadInput(name + ": not the file that another rank sees: its header or its length differs");
}

Facts facts_of(const io::VectorReader& file) {
  return {file.rows(), file.dimension(), static_cast<std::uint64_t>(file.element())};
}

}  // namespace

std::vector<CodesShard> look_at_codes(const Job& job, const std::vector<std::string>& names) {
  const std::vector<Facts> facts = look_at(job, names, [](const std::string& name) {
    const CodesFile file(name);
    return facts_of(file->header(), file->bytes());
  });
  std::vector<CodesShard> shards;
  for (std::size_t i = 0; i < names.size(); ++i) shards.push_back({names[i], header_of(facts[i]), facts[i].back()});
  return shards;
}

std::vector<VectorsShard> look_at_vectors(const Job& job, const std::vector<std::string>& names,
                                          const cli::VectorInput& input) {
  const std::vector<Facts> facts = look_at(job, names, [&](const std::string& name) {
    const io::VectorReader file(name, input.options());
    return facts_of(file);
  });
  std::vector<VectorsShard> shards;
  for (std::size_t i = 0; i < names.size(); ++i)
    shards.push_back({names[i], facts[i][0], facts[i][1], static_cast<io::Element>(facts[i][2])});
  return shards;
}

CodesFile open_shard(const CodesShard& shard) {
  CodesFile file(shard.name);
  if (facts_of(file->header(), file->bytes()) != facts_of(shard.header, shard.bytes)) throw_differs(file.name());
  return file;
}

io::VectorReader open_shard(const VectorsShard& shard, const cli::VectorInput& input) {
  io::VectorReader file(shard.name, input.options(true));
  if (facts_of(file) != Facts{shard.rows, shard.dimension, static_cast<std::uint64_t>(shard.element)})
    throw_differs(file.name());
  return file;
}

}  // namespace hdq::mpi
