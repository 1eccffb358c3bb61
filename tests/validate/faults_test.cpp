// The kill table: hdq validate finds each fault of the faulty kernel at the default level and names its class first; and the table in
// docs/kill-table.md is what the faults say. Only the check that finds the fault first is run, at quick level if that finds it, and inputs
// are not made smaller; HDQ_VALIDATE_FULL=1 runs all checks at the default level, as the command does.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "temporary_directory.hpp"
#include "hdq/validate/explain/defect.hpp"
#include "hdq/validate/subject/plugin_subject.hpp"
#include "hdq/validate/driver/validator.hpp"

namespace hdq::validate {
namespace {

struct Fault {
  const char *kernel, *name, *defect, *check, *what;
};
constexpr Fault faults[] = {
#define FAULT(name, defect, check, what) {"hdq-kernel-faulty", #name, defect, check, what},
#include "faults.hpp"
#undef FAULT
#define FAULT(name, defect, check, what) {"hdq-kernel-faulty-steps", #name, defect, check, what},
#include "step_faults.hpp"
#undef FAULT
};

void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.name; }

std::string plugin(const std::string& name) {
  std::string path = HDQ_KERNEL_DIRECTORY;
  return path.append("/").append(name).append(".so");
}

Verdict judge_without_fault(const char* kernel, Options options) {
  ::setenv("HDQ_FAULT", "", 1);
  PluginSubject subject(plugin(kernel), std::chrono::milliseconds(3000));
  ::unsetenv("HDQ_FAULT");
  return validate(subject, options);
}

class KillTable : public ::testing::TestWithParam<Fault> {};

TEST_P(KillTable, NamesTheDefect) {
  Options options;
  options.output_directory.clear();
  options.fail_fast = true;
  const bool full = std::getenv("HDQ_VALIDATE_FULL") != nullptr;
  if (!full) {
    options.only = {GetParam().check};
    options.shrink_seconds = 0;
    options.seconds = 4;
    options.level = Level::quick;
  }
  ::setenv("HDQ_FAULT", GetParam().name, 1);  // for restarts of its process too
  PluginSubject subject(plugin(GetParam().kernel), std::chrono::milliseconds(3000));
  Verdict verdict = validate(subject, options);
  // What is promised is the class that the default level names.
  if (!full && (verdict.valid() || verdict.findings().front()->defect != GetParam().defect)) {
    options.level = Level::standard;
    options.seconds.reset();
    verdict = validate(subject, options);
  }
  ::unsetenv("HDQ_FAULT");
  ASSERT_FALSE(verdict.valid()) << GetParam().what;
  EXPECT_EQ(verdict.findings().front()->defect, GetParam().defect) << text_report(verdict);
  EXPECT_EQ(verdict.findings().front()->check, GetParam().check);
  const bool ends = std::string(GetParam().defect) == "crash" || std::string(GetParam().defect) == "hang";
  if (ends) {
    EXPECT_EQ(verdict.exit_code(), 3);
  }
}

INSTANTIATE_TEST_SUITE_P(AllFaults, KillTable, ::testing::ValuesIn(faults), [](const auto& info) { return std::string(info.param.name); });

TEST(Faults, CoverEveryReportedClass) {
  std::set<std::string> covered;
  for (const Fault& fault : faults) {
    EXPECT_NE(find_defect_class(fault.defect), nullptr) << fault.name;
    covered.insert(fault.defect);
  }
  EXPECT_GE(std::size(faults), 40u);
  for (const DefectClass& c : defect_classes) {
    const bool fallback = c.id == "wrong-transform" || c.id == "wrong-codes" || c.id == "wrong-values" ||
                          c.id == "biased" || c.id == "permutation-inverted" || c.id == "tie-rule" ||
                          c.id == "low-precision";  // for what no fault here resembles, and what only profiles have
    if (!fallback) {
      EXPECT_TRUE(covered.count(std::string(c.id))) << c.id;
    }
  }
}

TEST(Faults, TheFaultyKernelWithoutAFaultIsValid) {
  Options options;
  options.level = Level::quick;
  options.output_directory.clear();
  EXPECT_TRUE(judge_without_fault("hdq-kernel-faulty", options).valid());
  // hdq_plain_entropy_coded.c, of which it is a copy, is judged by all checks in correct_test.cpp.
  options.only = {"step-tables", "step-encode", "step-decode", "step-dot", "step-streams", "step-file", "file"};
  const Verdict verdict = judge_without_fault("hdq-kernel-faulty-steps", options);
  EXPECT_TRUE(verdict.valid()) << text_report(verdict);
}

std::string kill_table() {
  std::ostringstream out;
  out << "# Kill table\n\n"
         "`hdq validate` judges tests/kernels/faulty/hdq_faulty.cpp and, of the entropy-coded scheme, "
         "the plain kernel with the edits of step_faults.cmake: kernels with one\n"
         "switchable fault at a time (`HDQ_FAULT=name`), at the default level. Each fault must be found, and the first "
         "finding must name the class given here, in this check: tests/validate/faults_test.cpp.\n"
         "The table is generated from tests/kernels/faulty/faults.hpp and step_faults.hpp; the same test compares.\n\n"
         "| fault | what is wrong | class named | by check |\n|--|--|--|--|\n";
  for (const Fault& fault : faults) out << "| `" << fault.name << "` | " << fault.what << " | " << fault.defect << " | " << fault.check << " |\n";
  out << "\n## Classes\n\n| class | meaning | faults |\n|--|--|--|\n";
  for (const DefectClass& c : defect_classes) {
    std::size_t count = 0;
    for (const Fault& fault : faults) count += c.id == fault.defect;
    out << "| " << c.id << " | " << c.meaning << " | " << count << " |\n";
  }
  return out.str();
}

// HDQ_WRITE_KILL_TABLE=1 writes it.
TEST(Faults, KillTableInTheDocs) {
  const std::string path = std::string(HDQ_SOURCE_DIR) + "/docs/kill-table.md";
  if (std::getenv("HDQ_WRITE_KILL_TABLE") != nullptr) std::ofstream(path) << kill_table();
  EXPECT_EQ(testing::read_file(path), kill_table());
}

}  // namespace
}  // namespace hdq::validate
