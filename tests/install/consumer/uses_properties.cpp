// A property of a codec, from a project of its own: no test framework is needed.
#include <cstdio>

#include "hdq/codec.hpp"
#include "hdq/properties.hpp"

int main() {
  using namespace hdq::properties;
  const auto reconstruct = [](const Vector& x, std::uint64_t row) {
    const hdq::Codec codec(x.size(), 2);
    float norm = 0;
    std::vector<std::uint8_t> codes(codec.code_bytes());
    Vector y(x.size());
    codec.encode(x.data(), 1, &norm, codes.data(), row);
    codec.decode(&norm, codes.data(), 1, y.data(), row);
    return y;
  };
  const Vector x = {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  const Result right = reconstruction_is_unbiased(x, x, 0.25, reconstruct);
  const Result wrong = reconstruction_is_unbiased(x, x, 0.25, [&](const Vector& v, std::uint64_t) { return reconstruct(v, 1); });
  std::printf("%s\n%s\n", right.message.c_str(), wrong.message.c_str());
  return right && !wrong ? 0 : 1;
}
