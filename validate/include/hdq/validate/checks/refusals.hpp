// What a kernel declines. A refusal may depend on the operation, its dimension, bits, seed and variant (hdq_kernel.h), and on how many
// signs, codes or numbers are asked for: not on rows, values, threads, or on what was called before. A kernel that declines by content would
// be judged on the contents it likes.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "hdq/validate/subject/subject.hpp"

namespace hdq::validate {

// A configuration that was answered once, and declined once.
struct Contradiction {
  Operation operation;
  Config config;                  // of the declined call
  std::uint64_t first_row, rows;  // of the declined call
  std::uint64_t answered_rows;    // of the answered one
  bool declined_later;
  std::string check;  // in which the second of the two was made
  std::string earlier_check;
};

class Refusals {
 public:
  void begin_check(std::string name) { check_ = std::move(name); }
  void note(const Request& request, const Reply& reply);
  std::vector<Contradiction> take();  // those found since the last take
  // One call for each operation, dimension, bits and variant of which every call was declined, at most `most`, each returned once.
  std::vector<Request> not_asked_again(std::size_t most);

 private:
  struct Seen {
    bool answered = false, declined = false;
    Request declined_call;  // without inputs
    std::uint64_t rows_answered = 0;
    std::string check;  // of the first
  };
  using Key =
      std::tuple<Operation, std::uint64_t, std::uint32_t, std::uint64_t, std::uint32_t, std::uint64_t, std::string>;

  std::map<Key, Seen> seen_;
  std::set<std::tuple<Operation, std::uint64_t, std::uint32_t, std::uint32_t>> asked_again_;
  std::vector<Contradiction> contradictions_;
  std::string check_;
};

class Session;
// Calls what was always declined with data that a kernel has to take, in a fresh process; the session notes what it answers.
void ask_declined_again(Session& s);

}  // namespace hdq::validate
