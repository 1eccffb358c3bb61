// Encodes a vector, decodes it, and writes and reads a file: every part of the library is linked.
#include <cstdio>
#include <vector>

#include "hdq/codec.hpp"
#include "hdq/file.hpp"

int main() {
  const hdq::Codec codec(384, 4);
  std::vector<float> x(384, 0.5f), y(384);
  const hdq::EncodedRows encoded = codec.encode(hdq::RowsView(x.data(), 1, 384), 0);
  codec.decode(encoded, {y.data(), 1, 384});
  double error = 0;
  for (int i = 0; i < 384; ++i) error += (x[i] - y[i]) * (x[i] - y[i]);

  const char* path = "uses_hdq.tmp.hdq";
  hdq::FileWriter writer(path, hdq::FileHeader::make(codec, 1));
  writer.append(encoded);
  writer.commit();
  hdq::FileReader(path).verify();
  std::remove(path);
  std::printf("relative squared error %g\n", error / 96);
  return error / 96 < 0.02 ? 0 : 1;
}
