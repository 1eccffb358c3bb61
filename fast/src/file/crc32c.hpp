// CRC-32C (Castagnoli: polynomial 0x1EDC6F41, reflected, initial value and final xor 0xFFFFFFFF), the checksum of .hdq files
// (docs/format.md). Detects every burst of up to 32 bits.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hdq::detail {

// The checksum of what `crc` is the checksum of (0: of nothing), followed by data[0 .. size − 1]. Uses the CRC instructions of
// SSE 4.2 or of ARMv8 where this processor has them.
std::uint32_t crc32c(const void* data, std::size_t size, std::uint32_t crc = 0);

// The same by tables alone, on every processor.
std::uint32_t crc32c_portable(const void* data, std::size_t size, std::uint32_t crc = 0);

}  // namespace hdq::detail
