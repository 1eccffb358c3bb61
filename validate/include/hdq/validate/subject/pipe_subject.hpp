// A kernel in any language: a program that answers calls on its standard input and output (docs/pipe-protocol.md).
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include "hdq/validate/subject/subject.hpp"

namespace hdq::validate {

class PipeSubject final : public Subject {
 public:
  // Starts the program, looked up as the shell does, and asks what it is; throws NoKernel if it is none. `limit` is the time for
  // one call. A program that crashes or hangs is ended and started anew by the next call. SIGPIPE is ignored from here on.
  PipeSubject(std::vector<std::string> command, std::chrono::milliseconds limit);
  ~PipeSubject() override;
  PipeSubject(const PipeSubject&) = delete;
  PipeSubject& operator=(const PipeSubject&) = delete;

  const SubjectInfo& info() const override { return info_; }
  Reply call(const Request& request) override;
  void restart() override { stop(); }
  std::string command_line() const override;

 private:
  using Deadline = std::chrono::steady_clock::time_point;
  void start();
  void stop();
  Reply exchange(const std::string& message, std::size_t body_limit, std::string& body, Deadline deadline);
  bool pump(const std::string& message, std::size_t& sent, std::string& received, std::size_t wanted, Deadline deadline, Reply& failure);
  void drain_errors();
  Reply broken(Outcome outcome, const std::string& what);
  std::string ending();

  std::vector<std::string> command_;
  std::chrono::milliseconds limit_;
  SubjectInfo info_;
  pid_t process_ = -1;
  int input_ = -1, output_ = -1, errors_ = -1;  // our ends
  std::string said_;                            // the end of what it wrote to standard error
};

}  // namespace hdq::validate
