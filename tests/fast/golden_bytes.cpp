// golden_bytes DIRECTORY: writes the golden bytes to DIRECTORY/ISA-BITS-encoded and -decoded, for every instruction set, where the test
// of their digests cannot run for want of a library that computes them (golden_files.cmake).
#include "golden_bytes.hpp"

#include <fstream>

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  for (const hdq::Isa isa : hdq::supported_isas())
    for (int bits = 1; bits <= hdq::BitWidth::most; ++bits) {
      const hdq::test::GoldenBytes golden = hdq::test::golden_bytes(isa, bits);
      const std::string stem = std::string(argv[1]) + "/" + hdq::isa_name(isa) + "-" + std::to_string(bits);
      for (const auto& [name, bytes] : {std::pair{"-encoded", golden.encoded}, std::pair{"-decoded", golden.decoded}})
        if (!(std::ofstream(stem + name, std::ios::binary) << bytes).flush()) return 1;
    }
}
