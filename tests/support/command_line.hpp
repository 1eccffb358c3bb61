// A fixture for tests of the command line: a directory of its own, input files, and what an error looks like.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "command.hpp"
#include "hdq/io/vector_writer.hpp"
#include "run_command.hpp"
#include "temporary_directory.hpp"

namespace hdq::testing {

class CommandLine : public ::testing::Test {
 protected:
  std::string write_npy(const std::string& name, const std::vector<float>& x, std::size_t columns) {
    const std::string path = directory / name;
    io::VectorWriter writer(path, x.size() / columns, columns);
    writer.append(x.data(), x.size() / columns);
    writer.commit();
    return path;
  }
  // Exactly one line, which names `name`.
  static void expect_error(const std::string& arguments, int code, const std::string& name) {
    const auto result = run_hdq(arguments);
    EXPECT_EQ(result.exit_code, code) << arguments << "\n" << result.output;
    EXPECT_EQ(std::count(result.output.begin(), result.output.end(), '\n'), 1) << result.output;
    EXPECT_THAT(result.output, ::testing::AllOf(::testing::HasSubstr("hdq: "), ::testing::HasSubstr(name)));
  }
  TemporaryDirectory directory;
};

}  // namespace hdq::testing
