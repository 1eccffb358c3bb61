#include "hdq/vectors/vectors.hpp"

namespace hdq::vectors {

std::map<std::string, std::string> make_vectors() {
  std::map<std::string, std::string> files;
  Blob blob;
  for (const auto make : {make_streams, make_codebook, make_scalar, make_packing, make_transform, make_codec, make_batch, make_dot,
                          make_chain, make_refusal, make_file}) {
    const Document document = make(blob);
    files[document.file_name()] = document.text();
  }
  files["vectors.schema.json"] = vectors_schema();
  files["vectors.bin"] = blob.bytes();
  return files;
}

}  // namespace hdq::vectors
