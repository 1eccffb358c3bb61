// Attention over codes. A cache has one call at a time: calls wait for each other without the interpreter.
#include "hdq/attention.hpp"

#include <pybind11/stl.h>

#include <mutex>

#include "array.hpp"
#include "codec.hpp"

namespace hdq::python {
namespace {

struct Cache {
  KeyValueCache cache;
  std::mutex calls = {};
  explicit Cache(KeyValueCache&& made) : cache(std::move(made)) {}
};

template <class Work>
void alone(Cache& self, const Work& work) {
  const py::gil_scoped_release released;
  const std::scoped_lock lock(self.calls);
  work(self.cache);
}

KeyValueCoding coding(int bits, float step) {
  return step != 0 ? KeyValueCoding(Step(step)) : KeyValueCoding(BitWidth(bits));
}

std::unique_ptr<Cache> make(std::size_t dimension, std::size_t kv_heads, std::size_t query_heads,
                            const std::pair<int, float>& keys, const std::pair<int, float>& values, std::uint64_t seed,
                            std::optional<double> scale, std::size_t window, std::size_t sinks,
                            std::uint64_t first_token, const std::string& isa, int threads) {
  return std::make_unique<Cache>(KeyValueCache(
      {dimension, kv_heads, query_heads}, coding(keys.first, keys.second), coding(values.first, values.second),
      {seed, scale, window, sinks, first_token}, {isa_of(isa), threads, nullptr}));
}

// Both of one type, as Python made them.
void append(Cache& self, const py::array& keys, const py::array& values) {
  with_rows(keys, [&]<class T>(const RowsView<T>& k) {
    const RowsView<T> v = rows<T>(values);
    alone(self, [&](KeyValueCache& cache) { cache.append(k, v); });
  });
}

template <class To = float, class Call>
auto stage(const Call& call) {
  return [call](Cache& self, const py::array& in, const py::array& out) {
    const RowsView<const float> from = rows<const float>(in);
    const RowsView<To> to = rows<To>(out);
    alone(self, [&](KeyValueCache& cache) { call(cache, from, to); });
  };
}

void error_bound(Cache& self, const py::array& weights, const py::array& out) {
  const RowsView<const float> p = rows<const float>(weights);
  const std::span<double> to = numbers<double>(out);
  alone(self, [&](KeyValueCache& cache) { std::ranges::copy(cache.error_bound(p), to.begin()); });
}

void decode(Cache& self, bool keys, const py::array& out) {
  const RowsView<float> to = rows<float>(out);
  alone(self, [&](KeyValueCache& cache) { keys ? cache.decode_keys(to) : cache.decode_values(to); });
}

py::dict description(Cache& self) {
  const KeyValueCache& c = self.cache;
  const KeyValueCacheOptions& o = c.options();
  const auto of = [](const Codec& codec) { return py::make_tuple(codec.bits(), codec.step(), codec.error_bound()); };
  py::dict all;
  all["head_dimension"] = c.shape().head_dimension;
  all["kv_heads"] = c.shape().kv_heads;
  all["query_heads"] = c.shape().query_heads;
  all["keys"] = of(c.key_codec());
  all["values"] = of(c.value_codec());
  all["seed"] = o.seed;
  all["scale"] = *o.scale;
  all["window"] = o.window;
  all["sinks"] = o.sinks;
  all["first_token"] = o.first_token;
  all["isa"] = isa_name(c.key_codec().isa());
  all["threads"] = c.key_codec().threads();
  all["token_bytes"] = c.token_bytes();
  return all;
}

}  // namespace

void register_attention(py::module_& module) {
  using In = RowsView<const float>;
  using Out = RowsView<float>;
  py::class_<Cache>(module, "KeyValueCache")
      .def(py::init(&make))
      .def_static("load",
                  [](const std::string& path, const std::string& isa, int threads) {
                    return std::make_unique<Cache>(KeyValueCache::load(path, {isa_of(isa), threads, nullptr}));
                  })
      .def("save", [](Cache& self, const std::string& path) { alone(self, [&](KeyValueCache& c) { c.save(path); }); })
      .def("append", &append)
      .def("attend", stage([](KeyValueCache& c, In q, Out out) { c.attend(q, out); }))
      .def("scores", stage([](KeyValueCache& c, In q, Out out) { c.scores(q, out); }))
      .def("softmax", stage([](KeyValueCache& c, In s, Out out) { c.softmax(s, out); }))
      .def("weighted_sum", stage([](KeyValueCache& c, In p, Out out) { c.weighted_sum(p, out); }))
      .def("score_error_bound",
           stage<double>([](KeyValueCache& c, In q, RowsView<double> out) { c.score_error_bound(q, out); }))
      .def("error_bound", &error_bound)
      .def("decode", &decode)
      .def("description", &description)
      .def_property_readonly("tokens", [](const Cache& self) { return self.cache.tokens(); })
      .def_property_readonly("next_token", [](const Cache& self) { return self.cache.next_token(); })
      .def_property_readonly("memory_bytes", [](const Cache& self) { return self.cache.memory_bytes(); });
}

}  // namespace hdq::python
