// The released test vectors: what `hdq vectors` writes today, valid against their schema, complete in their flags.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <set>

#include "json_schema.hpp"
#include "run_command.hpp"
#include "temporary_directory.hpp"
#include "hdq/validate/explain/defect.hpp"
#include "hdq/vectors/vectors.hpp"

namespace {

using hdq::testing::read_file;
using hdq::vectors::Json;

const std::string released = std::string(HDQ_SOURCE_DIR) + "/vectors/data/";
const std::string schema_path = std::string(HDQ_SOURCE_DIR) + "/vectors/vectors.schema.json";

const std::map<std::string, std::string>& made() {
  static const std::map<std::string, std::string> files = hdq::vectors::make_vectors();
  return files;
}

std::map<std::string, Json> documents() {
  std::map<std::string, Json> all;
  for (const auto& [name, text] : made()) {
    if (name.ends_with(".json") && !name.ends_with(".schema.json")) all[name] = Json::parse(text);
  }
  return all;
}

TEST(Vectors, AreThoseReleased) {
  std::size_t bytes = 0;
  std::set<std::string> names;
  for (const auto& [name, text] : made()) {
    if (name == "vectors.schema.json") {
      EXPECT_EQ(text, read_file(schema_path));
      continue;
    }
    // Not EXPECT_EQ: a difference would print a megabyte.
    EXPECT_TRUE(text == read_file(released + name)) << name << " differs: run hdq vectors -o vectors/data and read the diff";
    names.insert(name);
    bytes += text.size();
  }
  EXPECT_LE(bytes, 5u << 20);
  for (const auto& entry : std::filesystem::directory_iterator(released)) {
    EXPECT_TRUE(names.contains(entry.path().filename().string())) << entry.path();
  }
}

TEST(Vectors, FollowTheirSchema) {
  const Json schema = Json::parse(read_file(schema_path));
  for (const auto& [name, document] : documents()) {
    EXPECT_EQ(hdq::testing::schema_violation(schema, document), "") << name;
  }
}

// A schema that lets everything through is no check: each of these must be noticed.
TEST(Vectors, SchemaNoticesDamage) {
  const Json schema = Json::parse(read_file(schema_path));
  const Json document = documents().at("codec.json");
  const auto violation = [&](const auto& damage) {
    Json damaged = document;
    damage(damaged["testGroups"][0], damaged["testGroups"][0]["tests"][0]);
    return hdq::testing::schema_violation(schema, damaged);
  };
  EXPECT_EQ(violation([](Json&, Json&) {}), "");
  EXPECT_NE(violation([](Json&, Json& test) { test.erase("word"); }), "");
  EXPECT_NE(violation([](Json&, Json& test) { test["result"] = "good"; }), "");
  EXPECT_NE(violation([](Json&, Json& test) { test["norm"] = "0x3f80000"; }), "");
  EXPECT_NE(violation([](Json&, Json& test) { test["bits"] = 9; }), "");
  EXPECT_NE(violation([](Json&, Json& test) { test["codes"]["type"] = "f4"; }), "");
  EXPECT_NE(violation([](Json&, Json& test) { test["extra"] = 1; }), "");
  EXPECT_NE(violation([](Json&, Json& test) { test["flags"] = Json::array(); }), "");
  EXPECT_NE(violation([](Json& group, Json&) { group["type"] = "dot"; }), "");
  EXPECT_NE(violation([](Json& group, Json&) { group["norm"] = Json::array({"0x1p+0"}); }), "");
  EXPECT_NE(violation([](Json& group, Json&) { group["y"]["mantissas"][0] = 3; }), "");
}

TEST(Vectors, NumbersAndFlags) {
  std::set<std::string> used;
  std::map<std::string, std::size_t> results;
  for (const auto& [name, document] : documents()) {
    std::size_t count = 0;
    for (const Json& group : document["testGroups"]) {
      for (const Json& test : group["tests"]) {
        EXPECT_EQ(test["tcId"], ++count) << name;
        ++results[test["result"]];
        for (const std::string flag : test["flags"]) {
          used.insert(flag);
          EXPECT_TRUE(document["notes"].contains(flag)) << name << " " << flag;
        }
        const bool has_alternatives = test.contains("alternatives") && !test["alternatives"].empty();
        EXPECT_EQ(test["result"] == "acceptable", has_alternatives) << name << " " << count;
      }
    }
    EXPECT_EQ(document["numberOfTests"], count) << name;
  }
  for (const auto& defect : hdq::validate::defect_classes)
    EXPECT_EQ(used.contains(std::string(defect.id)), !defect.reports.empty()) << defect.id;
  EXPECT_GE(results["valid"], 500u);
  EXPECT_GE(results["acceptable"], 50u);
  EXPECT_GE(results["invalid"], 50u);
}

// Of the entropy-coded quantizer: each of these must be noticed too.
TEST(Vectors, SchemaNoticesDamageToTheOtherScheme) {
  const Json schema = Json::parse(read_file(schema_path));
  const auto violation = [&](const char* kind, const auto& damage) {
    Json damaged = documents().at(std::string("entropy-") + kind + ".json");
    damage(damaged["testGroups"][0], damaged["testGroups"][0]["tests"][0]);
    return hdq::testing::schema_violation(schema, damaged);
  };
  for (const char* kind : {"tables", "coded", "streams", "file"}) {
    EXPECT_EQ(violation(kind, [](Json&, Json&) {}), "") << kind;
    EXPECT_NE(violation(kind, [](Json& group, Json&) { group["type"] = "codec"; }), "") << kind;
    EXPECT_NE(violation(kind, [](Json&, Json& test) { test["extra"] = 1; }), "") << kind;
  }
  EXPECT_NE(violation("tables", [](Json&, Json& test) { test.erase("frequencies"); }), "");
  EXPECT_NE(violation("tables", [](Json&, Json& test) { test["raw_bits"] = 9; }), "");
  EXPECT_NE(violation("coded", [](Json&, Json& test) { test["codes"]["type"] = "u1"; }), "");
  EXPECT_NE(violation("coded", [](Json&, Json& test) { test["code_bits"] = 8; }), "");
  EXPECT_NE(violation("coded", [](Json&, Json& test) { test.erase("stream"); }), "");
  EXPECT_NE(violation("streams", [](Json&, Json& test) { test.erase("raw"); }), "");
  EXPECT_NE(violation("file", [](Json& group, Json&) { group["step"] = 1.5; }), "");
}

void visit_arrays(const Json& value, const std::function<void(const Json&)>& visit) {
  if (value.is_object() && value.contains("offset")) return visit(value);
  if (value.is_structured()) {
    for (const auto& [key, child] : value.items()) visit_arrays(child, visit);
  }
}

TEST(Vectors, ArraysLieInTheBlob) {
  const std::map<std::string, std::size_t> size = {{"u1", 1}, {"u4", 4}, {"i4", 4}, {"f4", 4}, {"f8", 8}};
  std::size_t arrays = 0;
  for (const auto& [name, document] : documents()) {
    const std::size_t bytes = made().at(document["blob"]).size();
    visit_arrays(document, [&](const Json& array) {
      const std::size_t width = size.at(array["type"]);
      EXPECT_EQ(array["offset"].get<std::size_t>() % width, 0u);
      EXPECT_LE(array["offset"].get<std::size_t>() + width * array["count"].get<std::size_t>(), bytes);
      ++arrays;
    });
  }
  EXPECT_GE(arrays, 1000u);
}

TEST(Vectors, Command) {
  const hdq::testing::TemporaryDirectory directory;
  const auto result = hdq::testing::run_hdq("vectors -o " + (directory / "new/vectors"));
  EXPECT_EQ(result.exit_code, 0) << result.output;
  for (const auto& [name, text] : made()) EXPECT_TRUE(read_file(directory / ("new/vectors/" + name)) == text) << name;
  EXPECT_EQ(hdq::testing::run_hdq("vectors").exit_code, 2);
}

}  // namespace
