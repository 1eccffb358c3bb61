// Bandwidths of one core over arrays that fit no cache, as bounds of the streaming figures: each call is one pass, in GB/s.
#pragma once

#include <span>

#include "figure.hpp"

namespace hdq::bench {

// Two arrays of settings.stream_bytes, shared by all streaming figures. Bounds read the first and write the second.
std::span<float> streaming_input(const Settings& settings);
std::span<float> streaming_output(const Settings& settings);

double dram_read(const Settings& settings);        // "read"
double in_place_update(const Settings& settings);  // "update": read and written back
double plain_store(const Settings& settings);      // "store": ordinary stores, bytes stored (the lines are read first)

}  // namespace hdq::bench
