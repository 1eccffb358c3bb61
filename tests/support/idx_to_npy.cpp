// idx-to-npy IN.gz OUT.npy [ROWS]: the images of a gzipped IDX file of bytes (Fashion-MNIST) as rows of a float32 .npy.
#include <zlib.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "hdq/io/vector_writer.hpp"

namespace {

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "idx-to-npy: %s\n", what.c_str());
  std::exit(3);
}

unsigned read_big_endian(gzFile file) {
  unsigned char bytes[4];
  if (gzread(file, bytes, 4) != 4) fail("truncated header");
  return (unsigned{bytes[0]} << 24) | (unsigned{bytes[1]} << 16) | (unsigned{bytes[2]} << 8) | bytes[3];
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 3) fail("usage: idx-to-npy IN.gz OUT.npy [ROWS]");
  gzFile in = gzopen(argv[1], "rb");
  if (in == nullptr) fail(std::string(argv[1]) + ": cannot open it");
  if (read_big_endian(in) != 0x00000803) fail(std::string(argv[1]) + ": not an IDX file of 3-D bytes");
  std::size_t rows = read_big_endian(in);
  const std::size_t columns = std::size_t{read_big_endian(in)} * read_big_endian(in);
  if (argc > 3) rows = std::min<std::size_t>(rows, std::strtoull(argv[3], nullptr, 10));

  hdq::io::VectorWriter out(argv[2], rows, columns);
  std::vector<unsigned char> bytes(columns);
  std::vector<float> floats(columns);
  for (std::size_t row = 0; row < rows; ++row) {
    if (gzread(in, bytes.data(), static_cast<unsigned>(columns)) != static_cast<int>(columns)) fail("truncated data");
    for (std::size_t i = 0; i < columns; ++i) floats[i] = static_cast<float>(bytes[i]);
    out.append(floats.data(), 1);
  }
  gzclose(in);
  out.commit();
} catch (const std::exception& error) {
  fail(error.what());
}
