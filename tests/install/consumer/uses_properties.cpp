// A property of a codec, from a project of its own: no test framework is needed.
#include <cstdio>

#include "hdq/codec.hpp"
#include "hdq/properties.hpp"

int main() {
  using namespace hdq::properties;
  const auto reconstruct = [](const Vector& x, std::uint64_t row) {
    const hdq::Codec codec(x.size(), 2);
    Vector y(x.size());
    codec.decode(codec.encode(hdq::RowsView(x.data(), 1, x.size()), row), {y.data(), 1, y.size()});
    return y;
  };
  const Vector x = {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  const Result right = reconstruction_is_unbiased(x, x, 0.25, reconstruct);
  const Result wrong = reconstruction_is_unbiased(x, x, 0.25, [&](const Vector& v, std::uint64_t) { return reconstruct(v, 1); });
  std::printf("%s\n%s\n", right.message.c_str(), wrong.message.c_str());
  return right && !wrong ? 0 : 1;
}
