#include "hdq/vectors/vectors.hpp"

namespace hdq::vectors {

std::map<std::string, std::string> make_vectors() {
  std::map<std::string, std::string> files;
  Blob blob("vectors.bin"), entropy_blob("entropy-coded.bin");
  for (const auto make : {make_streams, make_codebook, make_scalar, make_packing, make_transform, make_codec, make_batch, make_dot,
                          make_chain, make_refusal, make_file}) {
    const Document document = make(blob);
    files[document.file_name()] = document.text();
  }
  for (const auto make : {make_entropy_tables, make_entropy_coded, make_entropy_streams, make_entropy_file}) {
    const Document document = make(entropy_blob);
    files[document.file_name()] = document.text();
  }
  files["vectors.schema.json"] = vectors_schema();
  for (const Blob* all : {&blob, &entropy_blob}) files[all->name()] = all->bytes();
  return files;
}

}  // namespace hdq::vectors
