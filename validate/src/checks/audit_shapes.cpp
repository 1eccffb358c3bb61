// Which dimensions the audit takes: those that the kernel offers.
#include <algorithm>
#include <map>

#include "hdq/validate/checks/audit.hpp"
#include "hdq/validate/checks/inputs.hpp"

namespace hdq::validate::audit {
namespace {

using Dimensions = std::vector<std::uint64_t>;

// In each list the first dimension that is offered is taken.
const Dimensions small{12, 13, 8, 16, 10, 7, 5, 4, 3, 2, 1}, smallest{8, 16, 12, 4, 6, 2, 1},
    small_odd{13, 7, 9, 11, 5, 15, 3, 1}, odd{61, 37, 63, 101, 31, 97, 49, 127, 255, 33},
    sixty_four{64, 128, 96, 100, 32, 256, 512}, large_odd{1001, 999, 767, 501, 1000, 768},
    large{384, 256, 768, 512, 1024, 1536}, very_large{4096, 2048, 5120, 8192, 3072, 16384};

std::vector<Dimensions> wanted(const Session& s, int bits, bool first_width) {
  // Constants of rotations are farthest from their limits in few dimensions. Odd ones and even ones at each bit width.
  const Dimensions& few = bits % 2 == 0 ? small_odd : bits % 4 == 1 ? smallest : small;
  std::vector<Dimensions> lists{few, bits % 2 != 0 ? odd : sixty_four};
  if (s.quick()) return lists;
  lists.push_back(bits % 2 != 0 ? sixty_four : odd);
  lists.push_back(bits % 2 != 0 ? large_odd : large);
  if (first_width) lists.push_back(very_large);
  if (!s.thorough()) return lists;
  for (const std::uint64_t n : std::initializer_list<std::uint64_t>{7, 28, 100, 128, 960}) lists.push_back({n});
  lists.push_back(bits % 2 != 0 ? large : large_odd);
  return lists;
}

std::vector<Route> routes_of(const Session& s) {
  std::vector<Route> routes;
  const bool decodes = s.offers(Operation::decode) && (s.profile() == nullptr || !s.profile()->decodes_rotated);
  if (s.offers(Operation::encode) && decodes) routes.push_back(Route::codes);
  else if (s.offers(Operation::encode) && s.offers(Operation::dot)) routes.push_back(Route::dot_only);
  if (s.offers(Operation::reconstruct)) routes.push_back(Route::direct);
  return routes;
}

class Finder {
 public:
  explicit Finder(Session& s) : s_(s) {}

  bool offered(const Shape& shape) {
    if (shape.dimension > s_.info().max_dimension) return false;
    const auto [at, fresh] = known_.try_emplace({shape.dimension, shape.bits, shape.route}, false);
    if (fresh) at->second = tried(shape);
    return at->second;
  }

  // Anything at all, of this bit width.
  std::uint64_t some_dimension(int bits, Route route) {
    for (std::uint64_t n = 1; n <= 4096; n += n < 64 ? 1 : n < 256 ? 4 : 64) {
      if (offered({n, bits, route})) return n;
    }
    for (std::uint64_t n = 8192; n <= 65536; n *= 2) {
      if (offered({n, bits, route})) return n;
    }
    return 0;
  }

 private:
  bool tried(const Shape& shape) {
    if (s_.profile() != nullptr && !s_.profile()->offers(shape.dimension, shape.bits)) return false;
    try {
      return answered(shape);
    } catch (const reference::BadProfile&) {
      return false;  // a step of the profile has no such length
    }
  }

  bool answered(const Shape& shape) {
    Case c{s_.config(shape.dimension, shape.bits, 1), 0, {}};
    append_vector(Family::ramp, c.config, s_.random(), c.x);
    return s_.answers([&] {
      if (shape.route == Route::direct) s_.reconstruct_directly(c);
      else s_.encode(c);
    });
  }

  Session& s_;
  std::map<std::tuple<std::uint64_t, int, Route>, bool> known_;
};

// Of --dims and --vectors.
Dimensions asked_for(const Session& s) {
  Dimensions dimensions = s.options().dimensions;
  const AuditedRows& rows = s.options().rows;
  if (!rows.x.empty() && std::find(dimensions.begin(), dimensions.end(), rows.dimension) == dimensions.end()) dimensions.push_back(rows.dimension);
  return dimensions;
}

}  // namespace

std::vector<Shape> shapes_of(Session& s) {
  Finder finder(s);
  std::vector<Shape> shapes;
  const Dimensions asked = asked_for(s);
  bool first_width = true;
  const std::vector<Route> routes = routes_of(s);
  for (const Route route : routes) {
    for (int bits = 1; bits <= HDQ_KERNEL_MAX_BITS; ++bits) {
      if (!s.offers_bits(bits)) continue;
      std::vector<Dimensions> lists;
      for (const std::uint64_t n : asked) lists.push_back({n});
      if (asked.empty()) lists = wanted(s, bits, first_width && bits >= 4);
      // What decodes at once as well is looked at in small only.
      if (asked.empty() && route != routes.front()) lists.resize(2);
      Dimensions taken;
      for (const Dimensions& list : lists) {
        const auto at = std::find_if(list.begin(), list.end(), [&](std::uint64_t n) {
          return std::find(taken.begin(), taken.end(), n) == taken.end() && finder.offered({n, bits, route});
        });
        if (at != list.end()) taken.push_back(*at);
      }
      if (taken.empty() && asked.empty()) {
        if (const std::uint64_t n = finder.some_dimension(bits, route); n != 0) taken.push_back(n);
      }
      if (bits >= 4) first_width = false;
      for (const std::uint64_t n : taken) shapes.push_back({n, bits, route});
    }
  }
  return shapes;
}

}  // namespace hdq::validate::audit
