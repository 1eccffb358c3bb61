// Input files of a job as all ranks know them: one rank looks at each, all learn what it saw, and whoever opens it later must see the same.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "files.hpp"
#include "hdq/file.hpp"
#include "hdq/io/vector_reader.hpp"
#include "job.hpp"

namespace hdq::mpi {

// Of an .hdq file.
struct CodesShard {
  std::string name;
  FileHeader header;
  std::uint64_t bytes = 0;
};

// Of a file of vectors.
struct VectorsShard {
  std::string name;
  std::uint64_t rows = 0, dimension = 0;
  io::Element element = io::Element::float32;
};

// Collective. Names that are "-" are UsageError: ranks have no standard input in common.
std::vector<CodesShard> look_at_codes(const Job& job, const std::vector<std::string>& names);
std::vector<VectorsShard> look_at_vectors(const Job& job, const std::vector<std::string>& names,
                                          const cli::VectorInput& input);

// BadInput unless the file is what the rank saw that looked at it.
cli::CodesFile open_shard(const CodesShard& shard);
io::VectorReader open_shard(const VectorsShard& shard, const cli::VectorInput& input);

// The part of a shard that falls into a range of units, counted over all shards: units [begin, begin + count) of this one, of which the first is unit `before` of all.
struct Part {
  std::size_t shard;
  std::uint64_t begin, count, before;
};
template <class Shard, class Units>
std::vector<Part> parts_of(const std::vector<Shard>& shards, const Range& range, const Units& units) {
  std::vector<Part> parts;
  std::uint64_t before = 0;
  for (std::size_t i = 0; i < shards.size(); ++i) {
    const std::uint64_t end = before + units(shards[i]);
    const std::uint64_t from = std::max(before, range.begin), to = std::min(end, range.end);
    if (from < to) parts.push_back({i, from - before, to - from, from});
    before = end;
  }
  return parts;
}

template <class Shard, class Units>
std::uint64_t total_of(const std::vector<Shard>& shards, const Units& units) {
  std::uint64_t total = 0;
  for (const Shard& shard : shards) total += units(shard);
  return total;
}

}  // namespace hdq::mpi
