// A KeyValueCache as one file (docs/format.md): a header, then the kept tokens' keys and their values, each in two sections: the sinks, and
// the tokens of the window.
#include <bit>
#include <cstring>

#include "attention/cache_state.hpp"
#include "checks.hpp"
#include "file/crc32c.hpp"
#include "hdq/atomic_file.hpp"
#include "hdq/entropy_coder.hpp"
#include "hdq/regular_file.hpp"

namespace hdq {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are stored as they lie in memory");

constexpr std::uint8_t magic[8] = {0x89, 'H', 'D', 'Q', 'K', 'V', 0x1a, '\n'};

struct Coding {
  std::uint32_t scheme, bits;
  float step;
};

// As it lies in the file.
struct Header {
  std::uint8_t magic[8];
  std::uint32_t version, bytes;
  std::uint64_t head_dimension, kv_heads, query_heads, seed, first_token, appended, sinks, window;
  double scale;
  Coding keys, values;
  std::uint32_t reserved[3];
  std::uint32_t checksum;  // of all before it
};
constexpr std::uint32_t version = 1;
static_assert(sizeof(Header) == 128 && offsetof(Header, keys) == 88 && offsetof(Header, checksum) == 124);

std::uint32_t checksum_of(const Header& header) { return detail::crc32c(&header, offsetof(Header, checksum)); }

Coding coding_of(const Codec& codec) {
  return {static_cast<std::uint32_t>(codec.scheme()), static_cast<std::uint32_t>(codec.bits()), codec.step()};
}

KeyValueCoding coding_of(const Coding& stored) {
  if (stored.scheme == static_cast<std::uint32_t>(SchemeId::fixed_rate) && stored.step == 0 &&
      stored.bits <= BitWidth::most)
    return BitWidth(static_cast<int>(stored.bits));
  if (stored.scheme == static_cast<std::uint32_t>(SchemeId::entropy_coded) && stored.bits == 0)
    return Step(stored.step);
  throw InvalidArgument("no scheme " + std::to_string(stored.scheme) + " of " + std::to_string(stored.bits) + " bits");
}

// The kept tokens [first, last), together in memory.
EncodedRows gathered(const KeyValueCache::State& state, const detail::CacheRows& rows, std::size_t first,
                     std::size_t last) {
  const std::size_t heads = state.shape.kv_heads, bytes = heads * rows.plan.code_bytes;
  EncodedRows all(rows.codec.parameters(), (last - first) * heads, rows.plan.code_bytes,
                  first < last ? state.row_number(first) : 0);
  const EncodedBuffer to = all.buffer();
  for (std::size_t i = first; i < last; ++i) {
    std::memcpy(to.norms().data() + (i - first) * heads, rows.norms.data() + state.slot(i) * heads,
                heads * sizeof(float));
    std::memcpy(to.codes().data() + (i - first) * bytes, rows.codes.data() + state.slot(i) * bytes, bytes);
  }
  return all;
}

using Bytes = std::vector<std::uint8_t>;

template <class T>
void put(Bytes& bytes, const std::vector<T>& values) {
  const auto* data = reinterpret_cast<const std::uint8_t*>(values.data());
  bytes.insert(bytes.end(), data, data + values.size() * sizeof(T));
}

// The next `count` numbers of a section; false where it has fewer.
template <class T>
bool get(std::span<const std::uint8_t>& section, std::size_t count, std::vector<T>& values) {
  if (count > section.size() / sizeof(T)) return false;
  values.resize(count);
  if (count > 0) std::memcpy(values.data(), section.data(), count * sizeof(T));
  section = section.subspan(count * sizeof(T));
  return true;
}

Bytes section_of(const KeyValueCache::State& state, const detail::CacheRows& rows, std::size_t first,
                 std::size_t last) {
  Bytes bytes;
  const EncodedRows encoded = gathered(state, rows, first, last);
  if (rows.codec.scheme() == SchemeId::entropy_coded) {
    const PackedRows packed = EntropyCoder(rows.codec).encode(encoded);
    put(bytes, packed.lengths);
    put(bytes, packed.raw);
    put(bytes, packed.streams);
  } else {
    put(bytes, encoded.norms());
    put(bytes, encoded.codes());
  }
  return bytes;
}

// The inverse.
EncodedRows rows_of(const detail::CacheRows& rows, std::size_t count, std::uint64_t first_row,
                    std::span<const std::uint8_t> section) {
  const auto whole = [](bool all) {
    if (!all) throw InvalidArgument("its length does not fit its tokens");
  };
  if (rows.codec.scheme() == SchemeId::entropy_coded) {
    const EntropyCoder coder(rows.codec);
    PackedRows packed{first_row, {}, {}, {}};
    whole(get(section, count, packed.lengths) &&
          get(section, detail::checked_product(count, coder.raw_bytes(), "raw bits"), packed.raw));
    whole(get(section, section.size(), packed.streams));
    return coder.decode(packed);
  }
  std::vector<float> norms;
  Bytes codes;
  whole(get(section, count, norms) &&
        get(section, detail::checked_product(count, rows.plan.code_bytes, "codes"), codes) && section.empty());
  for (std::size_t row = 0; row < count; ++row) detail::check_norm(norms[row], row);
  return {rows.codec.parameters(), std::move(norms), std::move(codes), first_row};
}

Header load_header(const RegularFile& file) {
  Header header{};
  const std::size_t got = file.read_some(0, &header, sizeof header);
  if (got < sizeof magic || std::memcmp(header.magic, magic, sizeof magic) != 0)
    throw FileError(file.path() + ": not a key-value cache of hdq");
  if (got < sizeof header) throw FileError(file.path() + ": truncated: it ends within its header");
  if (header.version != version)
    throw FileError(file.path() + ": version " + std::to_string(header.version) + "; this program reads version " +
                    std::to_string(version));
  if (header.checksum != checksum_of(header)) throw FileError(file.path() + ": corrupt header: its checksum fails");
  for (const std::uint32_t word : header.reserved)
    if (word != 0 || header.bytes != sizeof header)
      throw FileError(file.path() + ": a reserved field is not as version 1 has it");
  return header;
}

// The section at `at`, which then is behind it.
Bytes load_section(const RegularFile& file, std::uint64_t& at, const std::string& place) {
  std::uint64_t length = 0;
  std::uint32_t stored = 0;
  const auto truncated = [&] { throw FileError(place + "the file ends within it"); };
  if (file.size() - at < sizeof length + sizeof stored) truncated();
  file.read(at, &length, sizeof length);
  if (length > file.size() - at - sizeof length - sizeof stored) truncated();
  Bytes bytes(length);
  file.read(at + sizeof length, bytes.data(), bytes.size());
  file.read(at + sizeof length + length, &stored, sizeof stored);
  if (stored != detail::crc32c(bytes.data(), bytes.size(), detail::crc32c(&length, sizeof length)))
    throw FileError(place + "its checksum fails");
  at += sizeof length + length + sizeof stored;
  return bytes;
}

void load_rows(KeyValueCache::State& state, detail::CacheRows& rows, const RegularFile& file, std::uint64_t& at) {
  const std::size_t heads = state.shape.kv_heads, bytes = heads * rows.plan.code_bytes, tokens = state.tokens();
  const std::size_t sinks = std::min(state.options.sinks, tokens);
  for (const auto& [first, last] : {std::pair(std::size_t{0}, sinks), std::pair(sinks, tokens)}) {
    const std::string place =
        file.path() + ": " + rows.name + " of tokens " + std::to_string(first) + " to " + std::to_string(last) + ": ";
    const Bytes section = load_section(file, at, place);
    try {
      const EncodedRows some = rows_of(rows, detail::checked_product(last - first, heads, "rows"),
                                       first < last ? state.row_number(first) : 0, section);
      rows.resize(last * heads);
      for (std::size_t i = first; i < last; ++i) {
        std::memcpy(rows.norms.data() + state.slot(i) * heads, some.norms().data() + (i - first) * heads,
                    heads * sizeof(float));
        std::memcpy(rows.codes.data() + state.slot(i) * bytes, some.codes().data() + (i - first) * bytes, bytes);
      }
    } catch (const FileError&) {
      throw;
    } catch (const Error& e) {
      throw FileError(place + e.what());
    }
  }
}

}  // namespace

void KeyValueCache::save(const std::string& path) const {
  const State& s = *state_;
  const KeyValueCacheOptions& o = s.options;
  Header header{{},
                version,
                sizeof(Header),
                s.shape.head_dimension,
                s.shape.kv_heads,
                s.shape.query_heads,
                o.seed,
                o.first_token,
                s.appended,
                o.sinks,
                o.window,
                *o.scale,
                coding_of(s.keys.codec),
                coding_of(s.values.codec),
                {},
                0};
  std::memcpy(header.magic, magic, sizeof magic);
  header.checksum = checksum_of(header);
  AtomicFile file(path);
  file.write(&header, sizeof header);
  const std::size_t sinks = std::min(o.sinks, s.tokens());
  for (const detail::CacheRows* rows : {&s.keys, &s.values})
    for (const auto& [first, last] : {std::pair(std::size_t{0}, sinks), std::pair(sinks, s.tokens())}) {
      const Bytes section = section_of(s, *rows, first, last);
      const std::uint64_t length = section.size();
      const std::uint32_t checksum =
          detail::crc32c(section.data(), section.size(), detail::crc32c(&length, sizeof length));
      file.write(&length, sizeof length);
      file.write(section.data(), section.size());
      file.write(&checksum, sizeof checksum);
    }
  file.commit();
}

KeyValueCache KeyValueCache::load(const std::string& path, const KeyValueCacheThreads& asked) {
  KeyValueCacheThreads threads{resolve_isa(asked.isa), 1,
                               asked.pool};  // what is wrong with these is not the file's fault
  if (threads.pool == nullptr) threads.pool = std::make_shared<ThreadPool>(asked.threads);
  const RegularFile file(path);
  const Header h = load_header(file);
  std::unique_ptr<State> state;
  try {
    state = std::make_unique<State>(AttentionShape{h.head_dimension, h.kv_heads, h.query_heads}, coding_of(h.keys),
                                    coding_of(h.values),
                                    KeyValueCacheOptions{h.seed, h.scale, h.window, h.sinks, h.first_token}, threads);
  } catch (const InvalidArgument& e) {
    throw FileError(path + ": " + e.what());
  }
  state->appended = h.appended;
  std::uint64_t at = sizeof(Header);
  load_rows(*state, state->keys, file, at);
  load_rows(*state, state->values, file, at);
  if (at != file.size()) throw FileError(path + ": " + std::to_string(file.size() - at) + " bytes after its end");
  return KeyValueCache(std::move(state));
}

}  // namespace hdq
