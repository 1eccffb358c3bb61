// The part of JSON Schema (draft 2020-12) that hdq's schemas use: $ref into #/$defs, type, const, enum, pattern, minimum,
// maximum, properties, required, additionalProperties, items, minItems, maxItems, oneOf. Any other keyword throws, so that none is
// silently ignored.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <stdexcept>
#include <string>

namespace hdq::testing {

class JsonSchema {
 public:
  using Json = nlohmann::ordered_json;
  explicit JsonSchema(const Json& root) : root_(root) {}

  // "" or the path of the first violation.
  std::string violation(const Json& value) { return check(root_, value, ""); }

 private:
  std::string check(const Json& schema, const Json& value, const std::string& path) {
    for (const auto& [keyword, rule] : schema.items()) {
      const std::string found = check_keyword(schema, keyword, rule, value, path);
      if (!found.empty()) return found;
    }
    return "";
  }

  std::string check_keyword(const Json& schema, const std::string& keyword, const Json& rule, const Json& value,
                            const std::string& path) {
    static const std::set<std::string> annotations = {"$schema", "$defs", "title", "description"};
    const auto expect = [&](bool holds) { return holds ? std::string() : path + ": " + keyword; };
    if (annotations.contains(keyword)) return "";
    if (keyword == "$ref") return check(definition(rule), value, path);
    if (keyword == "type") return expect(has_type(value, rule));
    if (keyword == "const") return expect(value == rule);
    if (keyword == "enum") return expect(std::find(rule.begin(), rule.end(), value) != rule.end());
    if (keyword == "pattern") return expect(!value.is_string() || std::regex_search(value.get<std::string>(), pattern(rule)));
    if (keyword == "minimum") return expect(!value.is_number() || value.get<double>() >= rule.get<double>());
    if (keyword == "maximum") return expect(!value.is_number() || value.get<double>() <= rule.get<double>());
    if (keyword == "minItems") return expect(!value.is_array() || value.size() >= rule.get<std::size_t>());
    if (keyword == "maxItems") return expect(!value.is_array() || value.size() <= rule.get<std::size_t>());
    if (keyword == "oneOf") return expect(matches(rule, value, path) == 1);
    if (keyword == "items") return check_items(rule, value, path);
    if (keyword == "required") return check_required(rule, value, path);
    if (keyword == "properties" || keyword == "additionalProperties") return check_members(schema, keyword, rule, value, path);
    throw std::invalid_argument("schema keyword " + keyword);
  }

  std::string check_items(const Json& rule, const Json& value, const std::string& path) {
    if (!value.is_array()) return "";
    for (std::size_t i = 0; i < value.size(); ++i) {
      const std::string found = check(rule, value[i], path + "/" + std::to_string(i));
      if (!found.empty()) return found;
    }
    return "";
  }

  std::string check_required(const Json& rule, const Json& value, const std::string& path) {
    if (!value.is_object()) return "";
    for (const std::string name : rule) {
      if (!value.contains(name)) return path + ": " + name + " is missing";
    }
    return "";
  }

  // The members that `properties` names, or those that it does not.
  std::string check_members(const Json& schema, const std::string& keyword, const Json& rule, const Json& value,
                            const std::string& path) {
    if (!value.is_object()) return "";
    for (const auto& [name, member] : value.items()) {
      const bool named = schema.contains("properties") && schema["properties"].contains(name);
      if (named != (keyword == "properties")) continue;
      const Json& member_rule = named ? rule[name] : rule;
      if (member_rule == false) return path + ": " + name + " is not allowed";
      const std::string found = check(member_rule, member, path + "/" + name);
      if (!found.empty()) return found;
    }
    return "";
  }

  std::size_t matches(const Json& rules, const Json& value, const std::string& path) {
    std::size_t count = 0;
    for (const Json& rule : rules) count += check(rule, value, path).empty() ? 1 : 0;
    return count;
  }

  const Json& definition(const std::string& reference) const {
    static const std::string prefix = "#/$defs/";
    if (!reference.starts_with(prefix)) throw std::invalid_argument("schema reference " + reference);
    return root_.at("$defs").at(reference.substr(prefix.size()));
  }

  static bool has_type(const Json& value, const std::string& type) {
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    if (type == "string") return value.is_string();
    if (type == "boolean") return value.is_boolean();
    if (type == "integer") return value.is_number_integer();
    if (type == "number") return value.is_number();
    throw std::invalid_argument("schema type " + type);
  }

  const std::regex& pattern(const std::string& text) {
    return patterns_.try_emplace(text, text, std::regex::ECMAScript).first->second;
  }

  const Json& root_;
  std::map<std::string, std::regex> patterns_;
};

inline std::string schema_violation(const nlohmann::ordered_json& schema, const nlohmann::ordered_json& value) {
  return JsonSchema(schema).violation(value);
}

}  // namespace hdq::testing
