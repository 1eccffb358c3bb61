// A fuzz target without libFuzzer: every stored input, then changes of them with a fixed seed, by the target's own mutator if it has one.
// Arguments: how many changes, then directories of inputs.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);
extern "C" [[gnu::weak]] std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned int seed);

namespace {

constexpr std::size_t most_added = 64;
std::mt19937_64 random_bits(1);

using Input = std::vector<std::uint8_t>;

void run(const Input& input) { LLVMFuzzerTestOneInput(input.data(), input.size()); }

std::vector<Input> stored_inputs(int count, char** directories) {
  std::vector<std::filesystem::path> files;
  for (int i = 0; i < count; ++i) {
    if (!std::filesystem::exists(directories[i])) continue;
    for (const auto& entry : std::filesystem::directory_iterator(directories[i])) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<Input> inputs;
  for (const auto& path : files) {
    std::ifstream file(path, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return inputs;
}

}  // namespace

// One byte changed, removed or put in.
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size) {
  const auto byte = static_cast<std::uint8_t>(random_bits());
  const std::size_t at = random_bits() % (size + 1);
  switch (random_bits() % 3) {
    case 0:
      if (at < size) data[at] = byte;
      return size;
    case 1:
      if (at == size) return size;
      std::copy(data + at + 1, data + size, data + at);
      return size - 1;
    default:
      if (size == max_size) return size;
      std::copy_backward(data + at, data + size, data + size + 1);
      data[at] = byte;
      return size + 1;
  }
}

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const std::vector<Input> stored = stored_inputs(argc - 2, argv + 2);
  if (stored.empty()) {
    std::fprintf(stderr, "no inputs\n");
    return 1;
  }
  for (const Input& input : stored) run(input);
  const long changes = std::atol(argv[1]);
  for (long i = 0; i < changes; ++i) {
    Input input = stored[random_bits() % stored.size()];
    std::size_t size = input.size();
    const std::size_t most = size + most_added;
    input.resize(most);
    for (std::uint64_t n = random_bits() % 4 + 1; n > 0; --n) {
      size = LLVMFuzzerCustomMutator != nullptr
                 ? LLVMFuzzerCustomMutator(input.data(), size, most, static_cast<unsigned>(random_bits()))
                 : LLVMFuzzerMutate(input.data(), size, most);
    }
    input.resize(size);
    run(input);
  }
  std::printf("%zu stored inputs, %ld changes of them\n", stored.size(), changes);
}
