// A shared object that exports hdq_kernel_v1 (hdq_kernel.h), loaded and called in a child process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "hdq/validate/subject/contained_process.hpp"
#include "hdq/validate/subject/subject.hpp"

namespace hdq::validate {

struct PluginChannel;
enum class PluginTask : std::uint32_t;

class PluginSubject : public Subject {
 public:
  // Throws NoSubject where the file is no plug-in of this version. The process may have no other threads: it forks.
  PluginSubject(std::string path, const Limits& limits);
  ~PluginSubject() override;
  PluginSubject(const PluginSubject&) = delete;
  PluginSubject& operator=(const PluginSubject&) = delete;

  const SubjectInfo& info() const override { return info_; }
  Reply call(const Request& request) override;
  void restart() override { stop(); }
  std::string command_line() const override;
  double waited_for_processor() const override {
    return waited_before_ + (process_ ? process_->waited_for_processor() : 0);
  }
  bool calls_functions() const override { return true; }
  Repetition repeat(const Request& request, const Windows& windows) override;
  std::pair<Reply, Reply> at_once(const Request& a, const Request& b, std::chrono::milliseconds at_most) override;

 private:
  enum class Waited { answered, closed, timed_out, nonsense, too_large };
  SubjectInfo start();  // throws NoSubject
  void stop();
  Waited wait_for(std::uint64_t number, std::chrono::milliseconds at_most, std::string& complaint);
  // Puts the calls to the child. True: `answer` is what it wrote beside its outputs, and outputs_ where these are. False: `failure`.
  bool exchange(PluginTask task, const Request* const* requests, std::size_t count, const Windows& windows, PluginChannel& answer, Reply& failure);
  Reply end_of_child(Waited waited, const std::string& complaint, const Request& request);
  Reply reply_of(const PluginChannel& answer, std::size_t index, const Request& request, const std::uint8_t*& outputs) const;

  std::string path_;
  Limits limits_;
  SubjectInfo info_;
  PluginChannel* shared_ = nullptr;  // memory of parent and child
  std::unique_ptr<ContainedProcess> process_;
  double waited_before_ = 0;  // of processes that are no more
  int socket_ = -1, said_pipe_ = -1;
  OutputTail said_{-1};  // on standard output and standard error
  std::uint64_t last_number_ = 0;
  const std::uint8_t* outputs_ = nullptr;
};

}  // namespace hdq::validate
