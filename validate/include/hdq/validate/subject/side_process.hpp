// A second process of this program, which computes something while this one goes on.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>

namespace hdq::validate {

class SideProcess {
 public:
  // Runs `body` in a fork that holds no descriptor but 0, 1 and 2, and dies with this process. To be made while there is one thread.
  // Throws std::runtime_error.
  explicit SideProcess(const std::function<std::string()>& body);
  // Ends it, and with it what it contains.
  ~SideProcess();
  SideProcess(const SideProcess&) = delete;
  SideProcess& operator=(const SideProcess&) = delete;

  // What body returned, waited for; nothing where it threw, or the process was ended. To be called once.
  std::optional<std::string> result();

 private:
  pid_t process_ = -1;
  int result_ = -1;  // our end of a pipe
};

}  // namespace hdq::validate
