#include "figure.hpp"
#include "peers.hpp"

namespace hdq::bench {
std::string faiss_description() { return ""; }
void add_faiss(const Settings&) {}
}  // namespace hdq::bench
