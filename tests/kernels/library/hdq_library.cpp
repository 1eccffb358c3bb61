// The hdq library as a plug-in: its stages and its codec, one variant per instruction set that this CPU has.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

#include "hdq/codec.hpp"
#include "hdq/entropy_coder.hpp"
#include "hdq/file.hpp"
#include "hdq/hdq_kernel.h"
#include "hdq/stages.hpp"

namespace {

using Config = hdq_kernel_config;

hdq::Isa isa_of(const Config& c) {
  const auto sets = hdq::supported_isas();
  if (c.variant >= sets.size()) throw std::out_of_range("no such variant");
  return sets[c.variant];
}
int bits_of(const Config& c) { return static_cast<int>(c.bits); }

hdq::Codec codec_of(const Config& c) {
  const hdq::CodecOptions options{isa_of(c), static_cast<int>(c.threads)};
  return c.step != 0 ? hdq::Codec(c.dimension, hdq::Step(c.step), c.seed, options)
                     : hdq::Codec(c.dimension, bits_of(c), c.seed, options);
}

std::vector<std::uint32_t> sign_words(const Config& c) {
  std::vector<std::uint32_t> words((c.order + 31) / 32);
  hdq::sign_bits(c.seed, c.order, words.data());
  return words;
}

// Exceptions become statuses.
template <class Action>
int status_of(hdq_kernel_position* bad, const Action& action) {
  try {
    action();
    return HDQ_KERNEL_OK;
  } catch (const hdq::InvalidInput& input) {
    if (bad != nullptr) *bad = {input.row, input.column == hdq::InvalidInput::npos ? UINT64_MAX : input.column};
    return HDQ_KERNEL_BAD_INPUT;
  } catch (const hdq::FileError&) {
    return HDQ_KERNEL_BAD_INPUT;
  } catch (const std::exception&) {
    return HDQ_KERNEL_FAILED;
  }
}

int signs(const Config* c, std::uint64_t count, std::int8_t* epsilon) {
  std::vector<std::uint32_t> words((count + 31) / 32);
  hdq::sign_bits(c->seed, count, words.data());
  for (std::uint64_t i = 0; i < count; ++i) epsilon[i] = (words[i / 32] >> (i % 32)) & 1 ? -1 : 1;
  return HDQ_KERNEL_OK;
}

int dither(const Config* c, std::uint64_t first_row, std::uint64_t rows, std::uint32_t* words) {
  for (std::uint64_t i = 0; i < rows; ++i) words[i] = hdq::dither_word(c->seed, first_row + i);
  return HDQ_KERNEL_OK;
}

int thresholds(const Config* c, std::uint32_t word, double* theta) {
  return status_of(nullptr, [&] { hdq::thresholds(bits_of(*c), word, theta, isa_of(*c)); });
}

int codewords(const Config* c, std::uint32_t word, double* r) {
  return status_of(nullptr, [&] { hdq::codewords(bits_of(*c), word, r, isa_of(*c)); });
}

int transform(const Config* c, std::uint64_t rows, const float* x, float* y) {
  return status_of(nullptr, [&] {
    const auto words = sign_words(*c);
    for (std::uint64_t row = 0; row < rows; ++row) {
      float* out = y + row * c->order;
      std::fill_n(std::copy_n(x + row * c->dimension, c->dimension, out), c->order - c->dimension, 0.0f);
      hdq::transform(out, c->order, words.data(), isa_of(*c));
    }
  });
}

int transform_transposed(const Config* c, std::uint64_t rows, const float* y, float* x) {
  return status_of(nullptr, [&] {
    const auto words = sign_words(*c);
    std::vector<float> z(c->order);
    for (std::uint64_t row = 0; row < rows; ++row) {
      std::copy_n(y + row * c->order, c->order, z.begin());
      hdq::transform_transposed(z.data(), c->order, words.data(), isa_of(*c));
      std::copy_n(z.begin(), c->dimension, x + row * c->dimension);
    }
  });
}

int encode(const Config* c, std::uint64_t first_row, std::uint64_t rows, const float* x, float* norms, std::uint8_t* codes, hdq_kernel_position* bad) {
  return status_of(bad, [&] {
    const hdq::Codec codec = codec_of(*c);
    codec.encode(hdq::RowsView<const float>(x, rows, c->dimension), hdq::EncodedBuffer({norms, rows}, {codes, rows * codec.code_bytes()}, first_row));
  });
}

int decode(const Config* c, std::uint64_t first_row, std::uint64_t rows, const float* norms, const std::uint8_t* codes, float* x) {
  return status_of(nullptr, [&] {
    const hdq::Codec codec = codec_of(*c);
    codec.decode(hdq::EncodedView({norms, rows}, {codes, rows * codec.code_bytes()}, first_row), {x, rows, c->dimension});
  });
}

int pack(const Config* c, std::uint64_t count, const std::uint8_t* codes, std::uint8_t* bytes) {
  return status_of(nullptr, [&] { hdq::pack(bits_of(*c), codes, count, bytes, isa_of(*c)); });
}

int unpack(const Config* c, std::uint64_t count, const std::uint8_t* bytes, std::uint8_t* codes) {
  return status_of(nullptr, [&] { hdq::unpack(bits_of(*c), bytes, count, codes, isa_of(*c)); });
}

// The library reads and writes .hdq files by name.
class TemporaryFile {
 public:
  TemporaryFile() {
    char name[] = "/tmp/hdq-kernel-XXXXXX";
    if (::mkdtemp(name) == nullptr) throw std::bad_alloc();
    directory_ = name;
  }
  ~TemporaryFile() {
    ::unlink(path().c_str());
    ::rmdir(directory_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  std::string path() const { return directory_ + "/codes.hdq"; }

 private:
  std::string directory_;
};

class MemoryFile {
 public:
  MemoryFile(const std::uint8_t* bytes, std::uint64_t size) : descriptor_(::memfd_create("codes.hdq", MFD_CLOEXEC)) {
    if (descriptor_ < 0 || ::write(descriptor_, bytes, size) != static_cast<ssize_t>(size)) throw std::bad_alloc();
  }
  ~MemoryFile() { ::close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

int save(const Config* c, std::uint64_t rows, const float* norms, const std::uint8_t* codes, std::uint8_t* file, std::uint64_t* size) {
  return status_of(nullptr, [&] {
    const TemporaryFile temporary;
    const hdq::Codec codec = codec_of(*c);
    hdq::FileWriter writer(temporary.path(), hdq::FileHeader::make(codec, rows));
    writer.append(hdq::EncodedView({norms, rows}, {codes, rows * codec.code_bytes()}, 0));
    writer.commit();
    std::ifstream in(temporary.path(), std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(in), {}};
    if (bytes.size() > *size) throw std::length_error("capacity");
    std::memcpy(file, bytes.data(), bytes.size());
    *size = bytes.size();
  });
}

int load(const Config* c, std::uint64_t rows, const std::uint8_t* file, std::uint64_t size, float* norms, std::uint8_t* codes) {
  return status_of(nullptr, [&] {
    const MemoryFile memory(file, size);
    const hdq::FileReader reader(memory.path());
    if (reader.header().rows != rows || reader.header().parameters() != codec_of(*c).parameters()) throw hdq::FileError("another file");
    hdq::BlockReader blocks(reader);
    for (std::uint64_t row = 0; row < rows; ++row) {
      const hdq::EncodedView stored = blocks.rows(row, 1);
      norms[row] = stored.norms()[0];
      std::ranges::copy(stored.codes(), codes + row * reader.header().code_bytes());
    }
  });
}

// ---- the entropy coder ----

int coding(const Config* c, std::uint32_t* raw_bits_and_largest) {
  return status_of(nullptr, [&] {
    const hdq::EntropyCoder coder(codec_of(*c));
    raw_bits_and_largest[0] =
        static_cast<std::uint32_t>(coder.raw_bytes() * 8 / c->order);  // at most 7 bits fill up a byte
    raw_bits_and_largest[1] = static_cast<std::uint32_t>(coder.largest_symbol());
  });
}

int frequencies(const Config* c, std::uint32_t* f) {
  return status_of(nullptr, [&] {
    const hdq::EntropyCoder coder(codec_of(*c));
    for (int bucket = 0; bucket < 64; ++bucket) f = std::ranges::copy(coder.frequencies(bucket), f).out;
  });
}

int put_row(const Config* c, std::uint64_t row, float norm, const void* codes, std::uint8_t* raw, std::uint8_t* stream,
            std::uint64_t* bytes) {
  return status_of(nullptr, [&] {
    const hdq::Codec codec = codec_of(*c);
    const hdq::PackedRows packed = hdq::EntropyCoder(codec).encode(
        hdq::EncodedView({&norm, 1}, {static_cast<const std::uint8_t*>(codes), codec.code_bytes()}, row));
    if (packed.streams.size() > *bytes) throw std::length_error("capacity");
    std::ranges::copy(packed.raw, raw);
    std::ranges::copy(packed.streams, stream);
    *bytes = packed.streams.size();
  });
}

int get_row(const Config* c, std::uint64_t row, const std::uint8_t* raw, const std::uint8_t* stream,
            std::uint64_t bytes, float* norm, void* codes) {
  return status_of(nullptr, [&] {
    const hdq::Codec codec = codec_of(*c);
    const hdq::EntropyCoder coder(codec);
    const auto length = static_cast<std::uint32_t>(bytes);
    coder.decode({&length, 1}, {raw, coder.raw_bytes()}, {stream, bytes},
                 hdq::EncodedBuffer({norm, 1}, {static_cast<std::uint8_t*>(codes), codec.code_bytes()}, row));
  });
}

hdq_kernel make() {
  hdq_kernel k{};
  k.struct_version = HDQ_KERNEL_VERSION;
  k.struct_bytes = sizeof k;
  k.name = "hdq library";
  k.version = "1";
  k.promise = HDQ_KERNEL_BIT_EXACT;
  k.max_dimension = hdq::Codec::max_dimension;
  k.variants = static_cast<std::uint32_t>(hdq::supported_isas().size());
  k.signs = signs;
  k.dither = dither;
  k.thresholds = thresholds;
  k.codewords = codewords;
  k.transform = transform;
  k.transform_transposed = transform_transposed;
  k.encode = encode;
  k.decode = decode;
  k.pack = pack;
  k.unpack = unpack;
  k.schemes = HDQ_KERNEL_FIXED_RATE | HDQ_KERNEL_ENTROPY_CODED;
  k.coding = coding;
  k.frequencies = frequencies;
  k.put_row = put_row;
  k.get_row = get_row;
  k.save = save;
  k.load = load;
  return k;
}

}  // namespace

extern "C" const hdq_kernel hdq_kernel_v1 = make();
