// A saved file loads as it was saved, and loads no more once any bit of it is flipped. And: the kernel's own error bound is one.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "hdq/validate/checks/checks.hpp"
#include "hdq/validate/checks/inputs.hpp"
#include "hdq/validate/checks/uniform_constant.hpp"

namespace hdq::validate {
namespace {

using Bytes = std::vector<std::uint8_t>;

int first_bits(const Session& s) {
  for (const int bits : {3, 4, 2, 1, 5, 6, 7, 8}) {
    if (s.offers_bits(bits)) return bits;
  }
  return 1;
}

bool accepts(Session& s, const Config& config, std::size_t rows, const Bytes& file) {
  try {
    s.load(config, rows, file);
    return true;
  } catch (const Trouble& trouble) {
    // A refusal in other words is one too; a crash is not.
    if (trouble.reply.outcome == Outcome::bad_input || trouble.reply.outcome == Outcome::failed) return false;
    throw;
  }
}

// Norms and codes of the full width, unused bits 0.
Encoded random_codes(Session& s, const Config& config, std::size_t rows) {
  const std::size_t stride = s.code_bytes(config), used = s.entropy_coded() ? stride * 8 : config.order * config.bits;
  Encoded e;
  for (std::size_t row = 0; row < rows; ++row) {
    e.norms.push_back(1.0001f * (1.5f + static_cast<float>(row)));  // no number of a narrower format
    for (std::size_t i = 0; i < stride; ++i) {
      const unsigned mask = i * 8 + 8 <= used ? 0xFF : i * 8 >= used ? 0 : (1u << (used % 8)) - 1;
      e.codes.push_back(static_cast<std::uint8_t>(s.random()() & mask));
    }
  }
  return e;
}

Finding file_finding(const Config& config, std::string what) {
  Finding f;
  f.stage = Stage::file;
  f.config = config;
  f.defect = "corrupt-file-loads";
  f.what = std::move(what);
  return f;
}

struct Damage {
  std::string name;
  Bytes file;
};

std::vector<Damage> all_flips(const Bytes& file) {
  std::vector<Damage> list;
  for (std::size_t bit = 0; bit < file.size() * 8; ++bit) {
    list.push_back({fmt::format("bit {} of byte {} flipped", bit % 8, bit / 8), file});
    list.back().file[bit / 8] = static_cast<std::uint8_t>(file[bit / 8] ^ 1u << (bit % 8));
  }
  return list;
}

// What a checksum that only adds, or only takes the exclusive or, or covers a part, does not see.
class Damages {
 public:
  Damages(const Bytes& file, std::mt19937_64& random) : file_(file), random_(random) {}

  std::vector<Damage> all(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      one_bit();
      swapped_bytes();
      two_flips();
      moved_amount();
      zeroed_block();
      moved_block();
    }
    return std::move(list_);
  }

 private:
  std::size_t place(std::size_t room = 1) { return random_() % (file_.size() - room + 1); }
  void add(std::string name, Bytes file) {
    if (file != file_) list_.push_back({std::move(name), std::move(file)});
  }

  void one_bit() {
    Bytes f = file_;
    const std::size_t at = place();
    f[at] = static_cast<std::uint8_t>(f[at] ^ 1u << (random_() % 8));
    add(fmt::format("a bit of byte {} flipped", at), std::move(f));
  }
  void swapped_bytes() {
    Bytes f = file_;
    const std::size_t a = place(), b = random_() % 2 == 0 ? place() : std::min(a + 1, file_.size() - 1);
    std::swap(f[a], f[b]);
    add(fmt::format("bytes {} and {} swapped", a, b), std::move(f));
  }
  // The same bit of two words, or any two bits.
  void two_flips() {
    Bytes f = file_;
    const std::size_t a = place(9), b = random_() % 2 == 0 ? a + 4 * (1 + random_() % 2) : place();
    const auto mask = static_cast<std::uint8_t>(1u << (random_() % 8));
    f[a] = static_cast<std::uint8_t>(f[a] ^ mask);
    f[b] = static_cast<std::uint8_t>(f[b] ^ mask);
    add(fmt::format("bit mask {:#04x} of bytes {} and {} flipped", mask, a, b), std::move(f));
  }
  void moved_amount() {
    Bytes f = file_;
    const std::size_t a = place(), b = place();
    f[a] = static_cast<std::uint8_t>(f[a] + 1);
    f[b] = static_cast<std::uint8_t>(f[b] - 1);
    add(fmt::format("byte {} one more, byte {} one less", a, b), std::move(f));
  }
  void zeroed_block() {
    Bytes f = file_;
    const std::size_t size = std::min<std::size_t>(file_.size(), std::size_t{8} << (random_() % 6)), at = place(size);
    std::fill_n(f.begin() + static_cast<std::ptrdiff_t>(at), size, std::uint8_t{0});
    add(fmt::format("bytes {} to {} zeroed", at, at + size - 1), std::move(f));
  }
  void moved_block() {
    Bytes f = file_;
    const std::size_t size = std::min<std::size_t>(file_.size() / 2, std::size_t{4} << (random_() % 5)), a = place(2 * size), b = a + size;
    std::swap_ranges(f.begin() + static_cast<std::ptrdiff_t>(a), f.begin() + static_cast<std::ptrdiff_t>(b), f.begin() + static_cast<std::ptrdiff_t>(b));
    add(fmt::format("{} bytes at {} and at {} swapped", size, a, b), std::move(f));
  }

  const Bytes& file_;
  std::mt19937_64& random_;
  std::vector<Damage> list_;
};

bool none_loads(Session& s, const Report& report, const Config& config, std::size_t rows, const std::vector<Damage>& damages) {
  std::size_t accepted = 0;
  std::string first;
  for (const Damage& d : damages) {
    if (accepts(s, config, rows, d.file) && accepted++ == 0) first = d.name;
  }
  if (accepted == 0) return true;
  report(file_finding(config, fmt::format("{} of {} damaged files of {} rows load, the first with {}", accepted, damages.size(), rows, first)));
  return false;
}

// Files that belong to another seed, dimension, or bit width, of the same size where that can be.
bool no_other_loads(Session& s, const Report& report, const Config& config, std::size_t rows) {
  std::vector<Config> others{config, config};
  others[0].seed ^= 1;
  others[1].seed ^= std::uint64_t{1} << 32;
  const auto add = [&](std::uint64_t n, int bits) {
    if (n <= s.info().max_dimension && s.offers_bits(bits)) others.push_back(s.config(n, bits, config.seed));
  };
  add(config.dimension - 1, static_cast<int>(config.bits));
  for (int bits = 1; s.entropy_coded() && bits <= HDQ_KERNEL_MAX_BITS; ++bits) {
    if (bits != static_cast<int>(config.bits)) add(config.dimension, bits);
  }
  for (int bits = 1; !s.entropy_coded() && bits <= HDQ_KERNEL_MAX_BITS; ++bits) {
    const std::uint64_t total = config.order * config.bits;
    if (bits != static_cast<int>(config.bits) && total % static_cast<std::uint64_t>(bits) == 0) add(total / static_cast<std::uint64_t>(bits), bits);
  }
  for (const Config& other : others) {
    const Bytes file = s.save(other, random_codes(s, other, rows));
    if (!accepts(s, config, rows, file)) continue;
    report(file_finding(config, fmt::format("a file of {} rows that was saved with {} loads as one of {}", rows, describe(other), describe(config))));
    return false;
  }
  return true;
}

bool loads_again(Session& s, const Report& report, const Config& config, const Encoded& e, const Bytes& file) {
  if (!accepts(s, config, e.norms.size(), file)) {
    Finding f =
        file_finding(config, fmt::format("what save wrote does not load: {} bytes, by save's own count, of {} rows",
                                         file.size(), e.norms.size()));
    f.defect = "wrong-status";
    report(std::move(f));
    return false;
  }
  if (s.load(config, e.norms.size(), file) == e) return true;
  Finding f = file_finding(config, fmt::format("what is loaded is not what was saved, {} rows", e.norms.size()));
  f.defect = "wrong-values";
  report(std::move(f));
  return false;
}

// The last bytes, and those behind each page of 4096: what a checksum by blocks may leave out.
std::vector<Damage> edge_flips(const Bytes& file) {
  std::vector<Damage> list;
  const auto flip = [&](std::size_t at) {
    list.push_back({fmt::format("a bit of byte {} of {} flipped", at, file.size()), file});
    list.back().file[at] = static_cast<std::uint8_t>(file[at] ^ 0x10);
  };
  for (std::size_t i = 1; i <= 20 && i <= file.size(); ++i) flip(file.size() - i);
  for (std::size_t at = 4096; at < file.size(); at += 4096) flip(at);
  return list;
}

std::vector<Damage> other_lengths(const Bytes& file) {
  std::vector<Damage> list;
  for (const std::size_t size : {std::size_t{0}, file.size() / 2, file.size() - 1, file.size() + 1, file.size() + 64, file.size() + 4096}) {
    list.push_back({fmt::format("{} bytes for {}", size, file.size()), file});
    list.back().file.resize(size);
  }
  return list;
}

// A buffer that is one byte too small: an error, and nothing behind it is written.
bool keeps_capacity(Session& s, const Report& report, const Config& config, const Encoded& e, std::size_t size) {
  Request r;
  r.operation = Operation::save;
  r.config = config;
  r.rows = e.norms.size();
  r.inputs = {{reinterpret_cast<const std::uint8_t*>(e.norms.data()), e.norms.size() * sizeof(float)}, {e.codes.data(), e.codes.size()}};
  r.output_bytes = {size - 1};
  Reply reply = s.call(r);
  if (reply.outcome == Outcome::bad_input || reply.outcome == Outcome::failed || reply.outcome == Outcome::unsupported) return true;
  if (!reply.ok()) throw Trouble{std::move(reply), r.operation, config, 0};
  Finding f = file_finding(config, fmt::format("save gives {} bytes where it has room for {}", reply.size, size - 1));
  f.defect = "out-of-bounds";
  report(std::move(f));
  return false;
}

void run_file(Session& s, const Report& report) {
  const Config small = s.config(std::min<std::uint64_t>(13, s.info().max_dimension), first_bits(s), 77);
  const Encoded two = random_codes(s, small, 2);
  const Bytes file = s.save(small, two);
  if (!loads_again(s, report, small, two, file) || !none_loads(s, report, small, 2, all_flips(file))) return;
  if (!none_loads(s, report, small, 2, other_lengths(file)) || !keeps_capacity(s, report, small, two, file.size())) return;
  const std::size_t rows = 41;
  const Config large = s.config(std::min<std::uint64_t>(24, s.info().max_dimension), first_bits(s), 78);
  const Encoded many = random_codes(s, large, rows);
  const Bytes whole = s.save(large, many);
  if (!loads_again(s, report, large, many, whole)) return;
  if (!none_loads(s, report, large, rows, edge_flips(whole)) || !none_loads(s, report, large, rows, other_lengths(whole))) return;
  const Config larger = s.config(std::min<std::uint64_t>(1000, s.info().max_dimension), first_bits(s), 79);
  const Encoded most = random_codes(s, larger, rows);
  const Bytes longest = s.save(larger, most);
  if (!loads_again(s, report, larger, most, longest) || !none_loads(s, report, larger, rows, edge_flips(longest))) return;
  if (!none_loads(s, report, large, rows, Damages(whole, s.random()).all(s.quick() ? 24 : s.thorough() ? 1000 : 150))) return;
  for (const std::size_t other : std::initializer_list<std::size_t>{rows - 1, rows + 1}) {
    if (!accepts(s, large, other, whole)) continue;
    report(file_finding(large, fmt::format("a file of {} rows loads as one of {}", rows, other)));
    return;
  }
  no_other_loads(s, report, large, rows);
}

void run_oracle(Session& s, const Report& report) {
  for (int bits = 1; bits <= HDQ_KERNEL_MAX_BITS; ++bits) {
    if (!s.offers_bits(bits)) continue;
    const Config config = s.config(64, bits);
    double claim = 0;
    if (!s.answers([&] { claim = s.error_constant(config); })) continue;
    const double lower = uniform_constant_lower(bits), upper = uniform_constant_upper(bits);
    Finding f;
    f.stage = Stage::oracle;
    f.config = config;
    f.defect = "wrong-oracle";
    if (!(claim >= lower)) {
      f.what = fmt::format("the error bound {:.6g}·4^-{} is exceeded: flat vectors reach {:.6g}·4^-{}", claim, bits, lower, bits);
    } else if (claim > 1.05 * upper) {
      f.what = fmt::format("the error bound {:.6g}·4^-{} is {:.3g} times the certified one, {:.6g}·4^-{}: it would let defects pass", claim, bits,
                           claim / upper, upper, bits);
    } else {
      continue;
    }
    report(std::move(f));
  }
}

}  // namespace

const Check file_check{"file", "damage to a saved file is noticed, and a file of another configuration",
                       [](const Session& s) { return s.offers(Operation::save) && s.offers(Operation::load); }, run_file};
const Check oracle_check{"error-constant", "the kernel's own error bound holds and is no more than 5 % above the certified one",
                         [](const Session& s) { return s.conformant() && s.offers(Operation::error_constant); }, run_oracle};

}  // namespace hdq::validate
