// hdq report: one page that needs nothing else, with the numbers of the certificates in it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <set>
#include <string>

#include "run_command.hpp"
#include "temporary_directory.hpp"

namespace hdq {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string embeddings = HDQ_SOURCE_DIR "/data/minilm-fiori-778x384.npy";

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) ++n;
  return n;
}

// The first two rows: measuring all of the file takes most of a minute, and puts the same things on the page.
std::string two_rows() {
  std::string file = hdq::testing::read_file(embeddings);
  const std::string shape = "(778, 384)", shorter = "(2, 384)  ";
  file.replace(file.find(shape), shape.size(), shorter);
  return file.substr(0, file.size() - (778 - 2) * 384 * sizeof(float));
}

TEST(Report, IsOneSelfContainedPage) {
  const hdq::testing::TemporaryDirectory directory;
  std::ofstream(directory / "minilm.npy", std::ios::binary) << two_rows();
  const auto run = hdq::testing::run_hdq("report -o '" + directory / "out" + "' --seeds 128 --input '" +
                                         directory / "minilm.npy" + "'");
  ASSERT_EQ(run.exit_code, 0) << run.output;
  EXPECT_THAT(run.output, HasSubstr("report.html"));
  const std::string page = hdq::testing::read_file(directory / "out/report.html");
  EXPECT_EQ(count(page, "<svg"), 8u);
  EXPECT_EQ(count(page, "<svg"), count(page, "</svg>"));
  EXPECT_EQ(count(page, "<figcaption>"), 8u);
  for (const char* external : {"<script", "src=", "@import", "<link", "url(http", "<iframe", "<!DOCTYPE svg"}) {
    EXPECT_THAT(page, Not(HasSubstr(external)));
  }
  // Addresses are names of XML namespaces, never something to load.
  EXPECT_FALSE(std::regex_search(page, std::regex("href=['\"]https?:")));
  for (const char* number :
       {"6.445831", "3.927622", "2.734537", "2.720806", "minilm.npy: 2 rows of 384", "by the library with 128 seeds"}) {
    EXPECT_THAT(page, HasSubstr(number));
  }
  // The error of Lloyd–Max by the normal law, times 4^b, at b = 1, 3 and 8; of EDEN's unbiased factor π/2 − 1 at one bit.
  for (const char* number : {"Codebooks of others", "Means over clients", "1.454", "2.211", "2.699", "2.283"})
    EXPECT_THAT(page, HasSubstr(number));
  for (const char* nonsense : {">nan", ">inf", "-nan"}) EXPECT_THAT(page, Not(HasSubstr(nonsense)));
  std::set<std::string> identifiers;
  const std::regex identifier("\\sid=['\"]([^'\"]+)['\"]");
  for (std::sregex_iterator i(page.begin(), page.end(), identifier), end; i != end; ++i) {
    const std::string id = (*i)[1];
    // gnuplot numbers the curves of each panel anew; what is referred to must be unique.
    if (page.find("#" + id) != std::string::npos) {
      EXPECT_TRUE(identifiers.insert(id).second) << id;
    }
  }
}

TEST(Report, RefusesABadInputAtOnce) {
  const hdq::testing::TemporaryDirectory directory;
  EXPECT_EQ(hdq::testing::run_hdq("report -o '" + directory / "out" + "' --input '" + directory / "none.npy" + "'").exit_code, 3);
  EXPECT_EQ(hdq::testing::run_hdq("report").exit_code, 2);
  EXPECT_EQ(directory.entries(), 0u);
}

}  // namespace
}  // namespace hdq
