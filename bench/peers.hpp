// Which peers this program was built with: "" where absent.
#pragma once

#include <string>

namespace hdq::bench {

std::string ffht_description();
std::string faiss_description();
std::string rabitq_description();
std::string zfp_description();
std::string openblas_description();

}  // namespace hdq::bench
