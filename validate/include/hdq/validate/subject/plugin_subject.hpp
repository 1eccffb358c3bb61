// A shared object that exports hdq_kernel_v1 (hdq_kernel.h), loaded and called in a child process.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "hdq/validate/subject/subject.hpp"

namespace hdq::validate {

class PluginSubject : public Subject {
 public:
  // Throws NoKernel where the file is no plug-in of this version. The process may have no other threads: it forks.
  PluginSubject(std::string path, std::chrono::milliseconds time_limit);
  ~PluginSubject() override;
  PluginSubject(const PluginSubject&) = delete;
  PluginSubject& operator=(const PluginSubject&) = delete;

  const SubjectInfo& info() const override { return info_; }
  Reply call(const Request& request) override;
  void restart() override { stop(); }
  std::string command_line() const override { return path_; }

 private:
  struct Shared;  // memory of parent and child
  void start();
  void stop();
  Reply end_of_child(bool timed_out, const Request& request);
  bool wait_for_answer(bool& timed_out) const;

  std::string path_;
  std::chrono::milliseconds time_limit_;
  SubjectInfo info_;
  Shared* shared_ = nullptr;
  pid_t child_ = -1;
  int socket_ = -1;
};

}  // namespace hdq::validate
