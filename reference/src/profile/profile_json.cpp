#include <algorithm>
#include <bit>
#include <initializer_list>
#include <limits>
#include <nlohmann/json.hpp>

#include "hdq/reference/profile/profile.hpp"

namespace hdq::reference {
namespace {

using nlohmann::json;

std::string shown(const json& value) {
  const std::string text = value.dump(-1, ' ', true, json::error_handler_t::replace);
  return text.size() > 60 ? text.substr(0, 57) + "..." : text;
}

[[noreturn]] void reject(const std::string& where, const std::string& what) { throw BadProfile(where + ": " + what); }

// An object of the profile, read member by member: what nobody asked for is an error.
class Object {
 public:
  Object(const json& value, std::string where) : value_(value), where_(std::move(where)) {
    if (!value.is_object()) reject(where_, shown(value) + " is no object");
  }
  void finish() const {
    for (const auto& [key, member] : value_.items()) {
      if (std::find(asked_.begin(), asked_.end(), key) == asked_.end()) reject(where_, "there is no field \"" + shown(json(key)) + "\"");
    }
  }
  std::string where(const char* key) const { return where_.empty() ? key : where_ + "." + key; }

  const json* find(const char* key) {
    asked_.emplace_back(key);
    const auto found = value_.find(key);
    return found == value_.end() ? nullptr : &*found;
  }
  const json& need(const char* key) {
    const json* found = find(key);
    if (found == nullptr) reject(where(key), "is missing");
    return *found;
  }

  std::string text(const char* key, std::string otherwise = "") {
    const json* found = find(key);
    if (found == nullptr) return otherwise;
    if (!found->is_string()) reject(where(key), shown(*found) + " is no text");
    return found->get<std::string>();
  }
  // A number or a text: an expression.
  std::string expression(const char* key, std::string otherwise) {
    const json* found = find(key);
    if (found == nullptr) return otherwise;
    if (found->is_number()) return found->is_number_integer() ? found->dump() : Ball(found->get<double>()).mid().lower(30);
    if (!found->is_string()) reject(where(key), shown(*found) + " is no expression");
    return found->get<std::string>();
  }
  bool flag(const char* key, bool otherwise) {
    const json* found = find(key);
    if (found == nullptr) return otherwise;
    if (!found->is_boolean()) reject(where(key), shown(*found) + " is neither true nor false");
    return found->get<bool>();
  }
  template <class Integer>
  Integer integer(const char* key, Integer otherwise, std::int64_t least, std::int64_t most) {
    const json* found = find(key);
    return found == nullptr ? otherwise : static_cast<Integer>(integer_of(*found, where(key), least, most));
  }
  static std::int64_t integer_of(const json& value, const std::string& where, std::int64_t least, std::int64_t most) {
    const bool integer = value.is_number_integer() && !(value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX);
    if (!integer || value.get<std::int64_t>() < least || value.get<std::int64_t>() > most) {
      reject(where, shown(value) + " is no integer from " + std::to_string(least) + " to " + std::to_string(most));
    }
    return value.get<std::int64_t>();
  }

  template <class T>
  T choice(const char* key, T otherwise, std::initializer_list<std::pair<const char*, T>> words) {
    const json* found = find(key);
    return found == nullptr ? otherwise : choice_of(*found, where(key), words);
  }
  template <class T>
  static T choice_of(const json& value, const std::string& where, std::initializer_list<std::pair<const char*, T>> words) {
    std::string list;
    for (const auto& [word, meaning] : words) {
      if (value == word) return meaning;
      list += (list.empty() ? "" : ", ") + std::string(word);
    }
    reject(where, shown(value) + " is none of " + list);
  }
  NumberFormat format(const char* key, NumberFormat otherwise) {
    const json* found = find(key);
    if (found == nullptr) return otherwise;
    const NumberFormat* format = found->is_string() ? find_number_format(found->get<std::string>()) : nullptr;
    if (format == nullptr) reject(where(key), shown(*found) + " is none of f64, f32, tf32, bf16, f16, e5m2, e4m3, e2m1, e8m0");
    return *format;
  }
  // "row" or a number of coordinates.
  std::size_t group(const char* key) {
    const json* found = find(key);
    if (found == nullptr || *found == "row") return 0;
    return static_cast<std::size_t>(integer_of(*found, where(key), 1, 1 << 20));
  }

 private:
  const json& value_;
  std::string where_;
  std::vector<std::string> asked_;
};

std::vector<double> numbers(const json& list, const std::string& where) {
  if (!list.is_array() || list.size() > (std::size_t{1} << 20)) reject(where, "is no list of at most 2^20 numbers");
  std::vector<double> values;
  for (const json& value : list) {
    if (!value.is_number() || !std::isfinite(value.get<double>())) reject(where, shown(value) + " is no number");
    values.push_back(value.get<double>());
  }
  return values;
}

int bits_of(const std::string& text, const std::string& where) {
  if (text.size() != 1 || text[0] < '1' || text[0] > '8') reject(where, "\"" + text + "\" is no number of bits from 1 to 8");
  return text[0] - '0';
}

// A list, or {"b": list}.
std::map<int, std::vector<double>> numbers_by_bits(const json& value, const std::string& where) {
  if (value.is_array()) return {{0, numbers(value, where)}};
  if (!value.is_object()) reject(where, "is neither a list nor lists by bits");
  std::map<int, std::vector<double>> by_bits;
  for (const auto& [bits, list] : value.items()) by_bits[bits_of(bits, where)] = numbers(list, where + "." + bits);
  return by_bits;
}

ProfileData parse_data(const json& value, const std::string& where) {
  using Kind = ProfileData::Kind;
  Object o(value, where);
  ProfileData data;
  o.need("kind");
  data.kind = o.choice<Kind>("kind", Kind::numbers,
                             {{"signs", Kind::signs}, {"permutation", Kind::permutation}, {"hadamard", Kind::hadamard}, {"orthogonal", Kind::orthogonal},
                              {"matrix", Kind::matrix}, {"numbers", Kind::numbers}, {"codebook", Kind::codebook}, {"thresholds", Kind::thresholds},
                              {"random", Kind::random}});
  const char* count = data.kind == Kind::hadamard || data.kind == Kind::orthogonal || data.kind == Kind::matrix ? "d*d"
                      : data.kind == Kind::codebook                                                           ? "2^b"
                      : data.kind == Kind::thresholds                                                         ? "2^b-1"
                                                                                                              : "d";
  data.count = o.expression("count", count);
  data.seeded = o.flag("seeded", false);
  data.per_row = o.flag("per_row", false);
  if (const json* values = o.find("values")) data.values = numbers_by_bits(*values, o.where("values"));
  o.finish();
  return data;
}

int parse_base(const json& base, const std::string& where, ProfileStep& step) {
  if (base.is_number()) {
    const auto order = static_cast<int>(Object::integer_of(base, where, 1, 28));
    if (order != 1 && order != 12 && order != 20 && order != 28) reject(where, "is none of 1, 12, 20, 28");
    return order;
  }
  if (base == "hartley") return ProfileStep::base_hartley;
  if (!base.is_string()) reject(where, shown(base) + " is neither an order, hartley nor data");
  step.data = base.get<std::string>();
  return ProfileStep::base_data;
}

void parse_hadamard(Object& o, const json& parts, ProfileStep& step) {
  using Parts = ProfileStep::Parts;
  if (parts.is_number()) {
    step.parts = Parts::sizes;
    step.sizes = {static_cast<std::size_t>(Object::integer_of(parts, o.where("hadamard"), 1, 1 << 20))};
  } else if (parts.is_array() && !parts.empty()) {
    step.parts = Parts::sizes;
    for (const json& size : parts) step.sizes.push_back(static_cast<std::size_t>(Object::integer_of(size, o.where("hadamard"), 1, 1 << 20)));
  } else {
    step.parts = Object::choice_of<Parts>(parts, o.where("hadamard"), {{"whole", Parts::whole}, {"leading", Parts::leading},
                                          {"trailing", Parts::trailing}, {"equal", Parts::equal}, {"binary", Parts::binary}});
  }
  if (const json* base = o.find("base")) {
    step.bases.clear();
    if (!base->is_array()) step.bases.push_back(parse_base(*base, o.where("base"), step));
    else for (const json& one : *base) step.bases.push_back(parse_base(one, o.where("base"), step));
  }
  step.inner = o.flag("inner", false);
  step.scale = o.expression("scale", "");
}

ProfileStep parse_step(const json& value, const std::string& where) {
  using Kind = ProfileStep::Kind;
  Object o(value, where);
  ProfileStep step;
  if (const json* parts = o.find("hadamard")) {
    step.kind = Kind::hadamard;
    parse_hadamard(o, *parts, step);
  } else if (o.find("signs") != nullptr) {
    step.kind = Kind::signs;
    step.data = o.text("signs");
  } else if (o.find("permutation") != nullptr) {
    step.kind = Kind::permutation;
    step.data = o.text("permutation");
  } else if (o.find("matrix") != nullptr) {
    step.kind = Kind::matrix;
    step.data = o.text("matrix");
  } else if (o.find("kac") != nullptr) {
    step.kind = Kind::kac;
    o.choice<int>("kac", 0, {{"halves", 0}});
  } else {
    step.kind = Kind::scale;
    o.need("scale");
    step.scale = o.expression("scale", "1");
  }
  step.when = o.choice<ProfileStep::When>("when", ProfileStep::When::always,
                                          {{"power-of-two", ProfileStep::When::power_of_two}, {"not-power-of-two", ProfileStep::When::not_power_of_two}});
  o.finish();
  return step;
}

ProfileScale parse_scale(const json& value, const std::string& where) {
  using Rule = ProfileScale::Rule;
  Object o(value, where);
  ProfileScale scale;
  scale.rule = o.choice<Rule>("rule", Rule::one, {{"one", Rule::one}, {"norm", Rule::norm}, {"abs-max", Rule::abs_max},
                              {"signed-max", Rule::signed_max}, {"min-max", Rule::min_max}});
  scale.group = o.group("of");
  scale.times = o.expression("times", "1");
  if (const json* plus = o.find("plus")) {
    if (!plus->is_number()) reject(o.where("plus"), "is no number");
    scale.plus = plus->get<double>();
  }
  scale.over = o.text("over");
  scale.format = o.format("format", binary32);
  scale.quantize_with_stored = o.choice<bool>("quantize_with", false, {{"unrounded", false}, {"stored", true}});
  o.finish();
  return scale;
}

ProfileCodebook parse_codebook(const json& value, const std::string& where) {
  using Name = ProfileCodebook::Name;
  using Tie = ProfileCodebook::Tie;
  using Code = ProfileCodebook::Code;
  Object o(value, where);
  ProfileCodebook codebook;
  if (const json* values = o.find("values")) codebook.values = numbers_by_bits(*values, o.where("values"));
  codebook.data = o.text("data");
  const std::string law = o.text("law", "normal");
  if (law != "normal" && law != "sphere") reject(o.where("law"), "is neither normal nor sphere");
  const Name lloyd = law == "normal" ? Name::lloyd_max_normal : Name::lloyd_max_sphere;
  const Name otherwise = !codebook.values.empty() ? Name::values : Name::data;
  codebook.name = o.choice<Name>("name", otherwise, {{"lloyd-max", lloyd}, {"uniform", Name::uniform}, {"e2m1", Name::e2m1}, {"sign", Name::sign}});
  if (codebook.name == Name::data && codebook.data.empty()) reject(where, "gives neither name, values nor data");
  codebook.least = o.expression("least", "0");
  codebook.most = o.expression("most", "0");
  codebook.step = o.expression("step", "1");
  if (const json* within = o.find("within")) {
    if (!within->is_number() || !(within->get<double>() >= 0)) reject(o.where("within"), "is no number from 0");
    codebook.within = within->get<double>();
  }
  codebook.unit = o.expression("unit", "1");
  codebook.digits = o.integer<int>("digits", -1, 0, 17);
  if (const json* thresholds = o.find("thresholds"); thresholds != nullptr && *thresholds != "midpoints") {
    if (thresholds->is_object() && thresholds->contains("data")) {
      Object inner(*thresholds, o.where("thresholds"));
      codebook.threshold_data = inner.text("data");
      inner.finish();
    } else {
      codebook.thresholds = numbers_by_bits(*thresholds, o.where("thresholds"));
    }
  }
  codebook.tie = o.choice<Tie>("tie", Tie::any, {{"up", Tie::up}, {"down", Tie::down}, {"even", Tie::even}, {"away", Tie::away}, {"any", Tie::any}});
  codebook.code = o.choice<Code>("code", Code::offset_binary, {{"offset-binary", Code::offset_binary}, {"twos-complement", Code::twos_complement},
                                 {"sign-magnitude", Code::sign_magnitude}});
  o.finish();
  return codebook;
}

ProfileRounding parse_rounding(const json& value, const std::string& where) {
  using Kind = ProfileRounding::Kind;
  ProfileRounding rule;
  if (value.is_string()) {
    rule.kind = Object::choice_of<Kind>(value, where, {{"nearest", Kind::nearest}, {"free", Kind::free}});
    return rule;
  }
  Object o(value, where);
  if (const json* stochastic = o.find("stochastic")) {
    rule.kind = Kind::stochastic;
    Object inner(*stochastic, o.where("stochastic"));
    inner.need("bits");
    rule.bits = inner.integer<int>("bits", 0, 1, 32);
    rule.random = inner.text("random");
    inner.finish();
  } else {
    rule.kind = Kind::dither;
    o.need("dither");
    rule.random = o.text("dither");
  }
  o.finish();
  return rule;
}

ProfileFactor parse_factor(const json& value, const std::string& where) {
  using Rule = ProfileFactor::Rule;
  Object o(value, where);
  ProfileFactor factor;
  factor.rule = o.choice<Rule>("rule", Rule::scale, {{"scale", Rule::scale}, {"one", Rule::one}, {"norm", Rule::norm},
                               {"matched-norm", Rule::matched_norm}, {"unbiased", Rule::unbiased}, {"projection", Rule::projection}});
  factor.group = o.group("of");
  factor.times = o.expression("times", "1");
  factor.format = o.format("format", binary32);
  o.finish();
  return factor;
}

ProfileResidual parse_residual(const json& value, const std::string& where) {
  Object o(value, where);
  ProfileResidual residual;
  o.need("matrix");
  o.need("factor");
  residual.matrix = o.text("matrix");
  residual.factor = o.expression("factor", "");
  residual.tie_up = o.choice<bool>("tie", true, {{"up", true}, {"down", false}});
  o.finish();
  return residual;
}

ProfileArithmetic parse_arithmetic(const json& value, const std::string& where) {
  Object o(value, where);
  ProfileArithmetic a;
  a.rotation = o.format("rotation", binary32);
  a.rotated = o.format("rotated", a.rotation);
  a.scale = o.format("scale", binary32);
  a.quantize = o.format("quantize", binary32);
  a.factor = o.format("factor", binary32);
  a.decode = o.format("decode", binary32);
  a.dot = o.format("dot", binary32);
  a.butterfly = o.choice<bool>("additions", false, {{"any", false}, {"butterfly", true}});
  o.finish();
  return a;
}

void parse_dimension(const json& value, Profile& p) {
  Object o(value, "dimension");
  p.least = o.integer<std::size_t>("least", 1, 1, 1 << 20);
  p.most = o.integer<std::size_t>("most", p.most, 1, 1 << 20);
  p.multiple_of = o.integer<std::size_t>("multiple_of", 1, 1, 1 << 20);
  if (o.find("power_of_two") != nullptr) p.power_of_two = o.flag("power_of_two", false);
  o.finish();
  if (p.least > p.most) reject("dimension.least", "is above most");
}

void parse_padding(const json& value, Profile& p) {
  using Padding = Profile::Padding;
  if (value.is_object()) {
    Object o(value, "padding");
    o.need("multiple_of");
    p.padding = Padding::multiple;
    p.padding_multiple = o.expression("multiple_of", "1");
    o.finish();
    return;
  }
  p.padding = Object::choice_of<Padding>(value, "padding", {{"none", Padding::none}, {"power-of-two", Padding::power_of_two},
                                         {"hadamard-order", Padding::hadamard_order}});
}

void parse_claims(const json& value, Profile& p) {
  Object o(value, "claims");
  p.claims_unbiased = o.flag("unbiased", false);
  if (const json* error = o.find("error")) {
    if (!error->is_object()) reject("claims.error", "is no object");
    for (const auto& [bits, bound] : error->items()) {
      if (!bound.is_number() || !(bound.get<double>() > 0)) reject("claims.error." + bits, "is no positive number");
      p.claimed_error[bits_of(bits, "claims.error")] = bound.get<double>();
    }
  }
  o.finish();
}

void parse_bits(const json& value, Profile& p) {
  if (!value.is_array() || value.empty()) reject("bits", "is no list of bit widths");
  p.bits.clear();
  for (const json& b : value) p.bits.push_back(static_cast<int>(Object::integer_of(b, "bits", 1, 8)));
}

void parse_stored(const json& value, Profile& p) {
  if (!value.is_array()) reject("stored", "is no list");
  p.stored.clear();
  for (const json& name : value) {
    p.stored.push_back(Object::choice_of<Stored>(name, "stored", {{"scale", Stored::scale}, {"offset", Stored::offset}, {"factor", Stored::factor},
                       {"residual-norm", Stored::residual_norm}, {"norm", Stored::norm}, {"sum", Stored::sum}, {"square", Stored::square}, {"scaled-sum", Stored::scaled_sum}}));
  }
}

// Every name that a field mentions is data of a fitting kind.
void check_names(const Profile& p) {
  using Kind = ProfileData::Kind;
  const auto need = [&](const std::string& name, std::initializer_list<Kind> kinds, const std::string& where) {
    const auto found = p.data.find(name);
    if (found == p.data.end()) reject(where, "there is no data \"" + name + "\"");
    if (std::find(kinds.begin(), kinds.end(), found->second.kind) == kinds.end()) reject(where, "data \"" + name + "\" is of another kind");
  };
  for (std::size_t i = 0; i < p.rotation.size(); ++i) {
    const ProfileStep& step = p.rotation[i];
    const std::string where = "rotation[" + std::to_string(i) + "]";
    if (step.kind == ProfileStep::Kind::signs) need(step.data, {Kind::signs}, where);
    if (step.kind == ProfileStep::Kind::permutation) need(step.data, {Kind::permutation}, where);
    if (step.kind == ProfileStep::Kind::matrix) need(step.data, {Kind::matrix, Kind::orthogonal, Kind::hadamard}, where);
    if (step.kind == ProfileStep::Kind::hadamard && !step.data.empty()) need(step.data, {Kind::hadamard, Kind::matrix, Kind::orthogonal}, where);
  }
  if (!p.scale.over.empty()) need(p.scale.over, {Kind::numbers}, "scale.over");
  if (p.codebook && !p.codebook->data.empty()) need(p.codebook->data, {Kind::codebook}, "codebook.data");
  if (p.codebook && !p.codebook->threshold_data.empty()) need(p.codebook->threshold_data, {Kind::thresholds}, "codebook.thresholds");
  if (!p.rounding.random.empty()) need(p.rounding.random, {Kind::random}, "rounding");
  if (p.residual) need(p.residual->matrix, {Kind::matrix, Kind::orthogonal, Kind::hadamard}, "residual.matrix");
}

}  // namespace

Profile parse_profile(const std::string& text) {
  const json root = json::parse(text, nullptr, false);
  if (root.is_discarded()) throw BadProfile("no JSON");
  Object o(root, "");
  if (o.need("profile") != 1) reject("profile", shown(root["profile"]) + " is no version that this hdq knows (1)");
  Profile p;
  o.need("name");
  p.name = o.text("name");
  p.source = o.text("source");
  p.about = o.text("about");
  if (const json* v = o.find("dimension")) parse_dimension(*v, p);
  if (const json* v = o.find("bits")) parse_bits(*v, p);
  if (const json* v = o.find("padding")) parse_padding(*v, p);
  p.block = o.integer<std::size_t>("block", 0, 1, 1 << 20);
  if (const json* v = o.find("data")) {
    if (!v->is_object()) reject("data", "is no object");
    for (const auto& [name, value] : v->items()) p.data[name] = parse_data(value, "data." + name);
  }
  if (const json* v = o.find("rotation")) {
    if (!v->is_array()) reject("rotation", "is no list");
    for (std::size_t i = 0; i < v->size(); ++i) p.rotation.push_back(parse_step((*v)[i], "rotation[" + std::to_string(i) + "]"));
  }
  p.has_inverse = o.choice<bool>("inverse", true, {{"transposed", true}, {"none", false}});
  if (const json* v = o.find("scale")) p.scale = parse_scale(*v, "scale");
  if (const json* v = o.find("codebook")) p.codebook = parse_codebook(*v, "codebook");
  if (const json* v = o.find("rounding")) p.rounding = parse_rounding(*v, "rounding");
  if (const json* v = o.find("factor")) p.factor = parse_factor(*v, "factor");
  if (const json* v = o.find("residual")) p.residual = parse_residual(*v, "residual");
  p.packing = o.choice<Packing>("packing", Packing::bit_string, {{"bit-string", Packing::bit_string}, {"bit-planes", Packing::bit_planes}, {"bit-planes-msb", Packing::bit_planes_msb},
                                {"nibbles-split", Packing::nibbles_split}, {"planes-2-1", Packing::planes_2_1}, {"bytes", Packing::bytes}});
  if (const json* v = o.find("stored")) parse_stored(*v, p);
  p.decodes_rotated = o.choice<bool>("decode", false, {{"original", false}, {"rotated", true}});
  if (const json* v = o.find("arithmetic")) p.arithmetic = parse_arithmetic(*v, "arithmetic");
  p.checks_input = o.choice<bool>("bad_input", true, {{"refused", true}, {"unchecked", false}});
  if (const json* v = o.find("claims")) parse_claims(*v, p);
  o.finish();
  check_names(p);
  return p;
}

}  // namespace hdq::reference
