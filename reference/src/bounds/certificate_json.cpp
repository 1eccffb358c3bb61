#include "certificate_json.hpp"

#include <set>
#include <vector>

#include "hdq/reference/bounds/certificate_checker.hpp"

namespace hdq::reference {

void require(bool condition, const std::string& reason) {
  if (!condition) throw Rejected(reason);
}

const nlohmann::json& field(const nlohmann::json& object, const char* name) {
  if (!object.is_object() || !object.contains(name))
    throw MalformedCertificate(std::string("no field \"") + name + "\"");
  return object.at(name);
}

Fraction fraction(const nlohmann::json& object, const char* name) {
  const nlohmann::json& value = field(object, name);
  const auto fail = [&] {
    return MalformedCertificate(std::string("\"") + name + "\" is no rational of the form \"n/d\"");
  };
  if (!value.is_string()) throw fail();
  const std::string text = value.get<std::string>();
  const std::size_t slash = text.find('/'), sign = text.substr(0, 1) == "-" ? 1 : 0;
  const auto numeral = [](const std::string& s) {
    return !s.empty() && s.size() <= 400 && s.find_first_not_of("0123456789") == std::string::npos;
  };
  if (!numeral(text.substr(sign, slash == std::string::npos ? slash : slash - sign))) throw fail();
  if (slash != std::string::npos) {
    const std::string denominator = text.substr(slash + 1);
    if (!numeral(denominator) || denominator.find_first_not_of('0') == std::string::npos) throw fail();
  }
  // An explicit base: leading zeros must not mean octal.
  Fraction q;
  mpq_set_str(q.backend().data(), text.c_str(), 10);
  mpq_canonicalize(q.backend().data());
  return q;
}

nlohmann::json parse_json(const std::string& text) {
  if (text.size() > largest_certificate) {
    throw MalformedCertificate("longer than " + std::to_string(largest_certificate) + " bytes");
  }
  std::vector<std::set<std::string>> open;  // the keys so far of every object that is open
  const auto watch = [&](int, nlohmann::json::parse_event_t event, nlohmann::json& value) {
    if (event == nlohmann::json::parse_event_t::object_start) open.emplace_back();
    if (event == nlohmann::json::parse_event_t::object_end) open.pop_back();
    if (event == nlohmann::json::parse_event_t::key && !open.back().insert(value.get<std::string>()).second) {
      throw MalformedCertificate("a key is given twice: " +
                                 value.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace).substr(0, 40));
    }
    return true;
  };
  nlohmann::json json = nlohmann::json::parse(text, watch, false);
  if (json.is_discarded()) throw MalformedCertificate("not JSON");
  return json;
}

std::string certificate_format(const std::string& text) {
  const nlohmann::json json = parse_json(text);
  const nlohmann::json& format = field(json, "format");
  return format.is_string() ? format.get<std::string>() : "";
}

}  // namespace hdq::reference
