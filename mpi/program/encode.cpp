// hdq-mpi encode: ranks encode pieces of the rows in turns, rank 0 writes them in order; or each rank writes a file of its own.
#include "encode.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <set>

#include "commands.hpp"
#include "hdq/entropy_coder.hpp"
#include "hdq/io/text.hpp"
#include "neighbours.hpp"
#include "shards.hpp"
#include "turns.hpp"

namespace hdq::mpi {
namespace {

using cli::BadInput, cli::UsageError;

struct Arguments : cli::EncodeArguments {
  bool shards = false;
};

// What every rank encodes with.
struct Encoding {
  const Arguments& arguments;
  const io::VectorReader& input;
  const Codec& codec;
  FileHeader header;  // of one file with all rows
  std::span<const float> centre;

  std::uint64_t first_of_block(std::uint64_t block) const {
    return std::min(header.rows, block * header.rows_per_block);
  }
};

// Rows [begin, end) of the input, less the centre; errors name its rows and columns.
class Rows {
 public:
  Rows(const Encoding& encoding, std::uint64_t begin, std::uint64_t end)
      : encoding_(encoding), begin_(begin), x_(static_cast<std::size_t>(end - begin) * encoding.codec.dimension()) {
    encoding.input.read(begin, static_cast<std::size_t>(end - begin), x_.data());
  }
  EncodedRows encoded() const {
    const std::size_t n = encoding_.codec.dimension();
    std::vector<float> centred;
    if (!encoding_.centre.empty()) {
      centred = x_;
      for (std::size_t i = 0; i < centred.size(); ++i) centred[i] -= encoding_.centre[i % n];
    }
    const std::vector<float>& x = centred.empty() ? x_ : centred;
    try {
      return encoding_.codec.encode(RowsView<const float>(x.data(), x.size() / n, n),
                                    encoding_.header.first_row + begin_);
    } catch (const InvalidInput& bad) {
      cli::reject_row(encoding_.input, begin_, x_.data(), bad);
    }
  }
  const std::vector<float>& numbers() const { return x_; }

 private:
  const Encoding& encoding_;
  std::uint64_t begin_;
  std::vector<float> x_;
};

// ---- one file ----

// Blocks of rows, as messages: norms and codes of all, or streams of each.
class Blocks {
 public:
  explicit Blocks(const Encoding& encoding) : encoding_(encoding) {
    if (encoding.codec.scheme() == SchemeId::entropy_coded) coder_.emplace(encoding.codec);
  }

  Bytes encode(const Range& blocks) const {
    const std::uint64_t begin = encoding_.first_of_block(blocks.begin), end = encoding_.first_of_block(blocks.end);
    const EncodedRows rows = Rows(encoding_, begin, end).encoded();
    Bytes bytes;
    if (!coder_) {
      put(bytes, std::span(rows.norms()));
      put(bytes, std::span(rows.codes()));
      return bytes;
    }
    for (std::uint64_t block = blocks.begin; block < blocks.end; ++block) {
      const auto first = static_cast<std::size_t>(encoding_.first_of_block(block) - begin);
      const PackedRows packed = coder_->encode(rows.view().slice(first, encoding_.header.rows_in_block(block)));
      put(bytes, std::span(packed.lengths));
      put(bytes, std::span(packed.raw));
      put(bytes, std::span(packed.streams));
    }
    return bytes;
  }

  void write(const Range& blocks, const Bytes& bytes, FileWriter& writer) const {
    Parcel parcel(bytes);
    for (std::uint64_t block = blocks.begin; block < blocks.end; ++block) {
      const std::uint64_t first = encoding_.header.first_row + encoding_.first_of_block(block);
      if (!coder_) {
        std::vector<float> norms = parcel.get_all<float>();
        writer.append(
            EncodedRows(encoding_.codec.parameters(), std::move(norms), parcel.get_all<std::uint8_t>(), first));
        return;
      }
      PackedRows packed;
      packed.first_row = first;
      packed.lengths = parcel.get_all<std::uint32_t>();
      packed.raw = parcel.get_all<std::uint8_t>();
      packed.streams = parcel.get_all<std::uint8_t>();
      writer.append(packed);
    }
  }

 private:
  const Encoding& encoding_;
  std::optional<EntropyCoder> coder_;
};

// Blocks that are encoded, sent and written at once: about 1 MiB of float32.
std::uint64_t blocks_together(const FileHeader& header) {
  return std::max<std::uint64_t>(1, (std::uint64_t{1} << 18) / (header.rows_per_block * header.dimension));
}

void encode_to_one_file(const Job& job, const Encoding& encoding) {
  std::unique_ptr<FileWriter> writer;
  job.together([&] {
    if (job.is_root())
      writer = std::make_unique<FileWriter>(encoding.arguments.output, encoding.header, encoding.centre);
  });
  const Blocks blocks(encoding);
  const std::uint64_t all = encoding.header.blocks(), together = blocks_together(encoding.header);
  const auto piece = [&](std::uint64_t i) { return Range{i * together, std::min(all, (i + 1) * together)}; };
  run_in_turns(
      job, (all + together - 1) / together, [&](std::uint64_t i) { return blocks.encode(piece(i)); },
      [&](std::uint64_t i, const Bytes& bytes) { blocks.write(piece(i), bytes, *writer); });
  job.together([&] {
    if (!job.is_root()) return;
    writer->commit();
    cli::print_encoded(encoding.arguments, encoding.codec, *writer);
  });
}

// ---- a file of each rank ----

std::string shard_name(const std::string& directory, int rank) {
  return (std::filesystem::path(directory) / fmt::format("shard-{:05}.hdq", rank)).string();
}

// Files of an earlier job with more ranks would be taken for shards of this one.
void prepare_directory(const Job& job, const std::string& directory) {
  cli::make_directory(directory);
  std::set<std::filesystem::path> shards;
  for (int rank = 0; rank < job.ranks(); ++rank) shards.insert(shard_name(directory, rank));
  for (const auto& entry : std::filesystem::directory_iterator(directory))
    if (entry.path().extension() == ".hdq" && !shards.contains(entry.path()))
      throw UsageError(io::printable(entry.path().string()) +
                       ": --shards: the directory holds a file that this job will not replace");
}

void encode_to_shards(const Job& job, const Encoding& encoding) {
  const Arguments& arguments = encoding.arguments;
  job.together([&] { prepare_directory(job, arguments.output); });
  const Range blocks = job.share(encoding.header.blocks());
  const std::uint64_t begin = encoding.first_of_block(blocks.begin), end = encoding.first_of_block(blocks.end);
  const std::unique_ptr<FileWriter> writer = job.together([&] {
    FileHeader header = encoding.header;
    header.rows = end - begin;
    header.first_row += begin;
    auto shard = std::make_unique<FileWriter>(shard_name(arguments.output, job.rank()), header, encoding.centre);
    const std::uint64_t together = blocks_together(header) * header.rows_per_block;
    for (std::uint64_t row = begin; row < end; row += together) {
      const Rows rows(encoding, row, std::min(end, row + together));
      const std::size_t n = encoding.codec.dimension();
      try {
        shard->encode(encoding.codec, RowsView<const float>(rows.numbers().data(), rows.numbers().size() / n, n));
      } catch (const InvalidInput& bad) {
        cli::reject_row(encoding.input, row, rows.numbers().data(), bad);
      }
    }
    return shard;
  });
  job.together([&] { writer->commit(); });
  const std::uint64_t bytes = job.sum(writer->bytes());
  if (job.is_root())
    fmt::print("{}: {} shards, {} rows, {} dimensions (Hadamard order {}), {}, seed {}; {} bytes\n",
               io::printable(arguments.output), job.ranks(), encoding.header.rows, encoding.header.dimension,
               encoding.codec.order(), cli::scheme_text(encoding.codec), encoding.codec.seed(), bytes);
}

// ---- the command ----

void check_arguments(const Arguments& arguments) {
  if (arguments.output == "-") throw UsageError("-o -: hdq-mpi encode writes files");
  if (!arguments.shards) {
    cli::require_distinct({arguments.input, arguments.center_at}, {arguments.output});
    cli::require_extension(arguments.output, ".hdq");
  }
  static_cast<void>(arguments.parameters(1));  // wrong usage before a file is read
}

// Read by rank 0; none without --center-at.
std::vector<float> broadcast_centre(const Job& job, const Arguments& arguments, std::size_t dimension) {
  if (arguments.center_at.empty()) return {};
  Bytes bytes;
  job.together([&] {
    if (job.is_root()) put(bytes, std::span<const float>(cli::center_of_file(arguments.center_at, dimension)));
  });
  job.broadcast(bytes);
  return job.together([&] { return Parcel(bytes).get_all<float>(); });
}

int encode(const Job& job, const Arguments& arguments) {
  job.together([&] { check_arguments(arguments); });
  const std::vector<VectorsShard> shards = look_at_vectors(job, {arguments.input}, arguments.vectors);
  const io::VectorReader input = job.together([&] {
    io::VectorReader file = open_shard(shards.front(), arguments.vectors);
    arguments.vectors.check_used({&file});
    if (arguments.row_number() > UINT64_MAX - file.rows()) throw UsageError("--first-row: row numbers beyond 64 bits");
    return file;
  });
  const std::vector<float> centre = broadcast_centre(job, arguments, input.dimension());
  const Codec codec = job.together([&] {
    return Codec(arguments.parameters(input.dimension()), {arguments.isa, arguments.threads});
  });
  FileHeader header = FileHeader::make(codec, input.rows(), arguments.row_number());
  header.has_mean = !centre.empty();
  const Encoding encoding{arguments, input, codec, header, centre};
  if (arguments.shards)
    encode_to_shards(job, encoding);
  else
    encode_to_one_file(job, encoding);
  return cli::exit_ok;
}

}  // namespace

void add_encode(CLI::App& app, Chosen& chosen) {
  auto arguments = std::make_shared<Arguments>();
  arguments->threads = 1;
  cli::Command command =
      add_job_command(app, chosen, "encode", "Quantize the rows of INPUT to an .hdq file, or to one of each rank",
                      "mpirun -n 8 hdq-mpi encode embeddings.npy -o embeddings.hdq --bits 4", arguments, encode);
  arguments->add_to(command);
  command.flag("--shards", arguments->shards,
               "OUT is a directory, where each rank writes a file of its rows, shard-00000.hdq and so on, with the row "
               "numbers that they have in one file");
}

}  // namespace hdq::mpi
