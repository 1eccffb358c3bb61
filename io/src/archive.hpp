// Members of a .npz archive, which is a zip file.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "byte_source.hpp"

namespace hdq::io::detail {

// The array `name` of the archive (its member name.npy, or name itself; of equal names the last), or with an empty name its
// only one. Stored or deflated; the checksum is verified when the end is read. Throws BadInput, without a file's name.
std::unique_ptr<ByteSource> open_archive_member(Descriptor archive, const std::string& name);

}  // namespace hdq::io::detail
