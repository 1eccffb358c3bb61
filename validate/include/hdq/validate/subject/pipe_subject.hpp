// A kernel in any language: a program that answers calls on its standard input and output (docs/pipe-protocol.md).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "hdq/validate/subject/contained_process.hpp"
#include "hdq/validate/subject/subject.hpp"

namespace hdq::validate {

class PipeSubject final : public Subject {
 public:
  // Starts the program, looked up as the shell does, and asks what it is; throws NoSubject if it is none. A program that crashes
  // or hangs is ended, with all that it started, and started anew by the next call. SIGPIPE is ignored from here on.
  PipeSubject(std::vector<std::string> command, const Limits& limits);
  // The same with a process that `launch` starts, and starts anew; `name` stands for the program in messages and in the replay command.
  using Launch = std::function<std::unique_ptr<ContainedProcess>(const ContainedProcess::Streams&)>;
  PipeSubject(std::string name, Launch launch, const Limits& limits);
  ~PipeSubject() override;
  PipeSubject(const PipeSubject&) = delete;
  PipeSubject& operator=(const PipeSubject&) = delete;

  const SubjectInfo& info() const override { return info_; }
  Reply call(const Request& request) override;
  void restart() override { stop(); }
  std::optional<Usage> usage() const override { return process_ ? process_->usage() : std::nullopt; }
  std::string command_line() const override { return command_line_; }
  double waited_for_processor() const override {
    return waited_before_ + (process_ ? process_->waited_for_processor() : 0);
  }

 private:
  SubjectInfo start();  // throws NoSubject
  void stop();
  Reply exchange(const std::string& message, std::size_t body_limit, std::string& body,
                 std::chrono::milliseconds at_most);
  bool pump(const std::string& message, std::size_t& sent, std::string& received, std::size_t wanted,
            CallDeadline& deadline, Reply& failure);
  bool read_answer(std::string& received, std::size_t wanted, Reply& failure);
  Reply broken(Outcome outcome, const std::string& what);

  std::string name_, command_line_;
  Launch launch_;
  Limits limits_;
  SubjectInfo info_;
  std::unique_ptr<ContainedProcess> process_;
  double waited_before_ = 0;                    // of processes that are no more
  int input_ = -1, output_ = -1, errors_ = -1;  // our ends
  OutputTail said_{-1};                         // on standard error
};

}  // namespace hdq::validate
