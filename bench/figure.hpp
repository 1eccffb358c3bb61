// A figure: one number of the report. It is measured in repetitions; where it has a bound (a bandwidth of the machine, another
// kernel), every repetition measures the bound just before and just after itself, so that both saw the machine in the same state.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "hdq/codec.hpp"

namespace hdq::bench {

struct Settings {
  bool quick = false;
  int repetitions = 9;
  double hot_seconds = 0.03;                   // per repetition of what runs in cache
  std::size_t stream_bytes = 256u << 20;       // of arrays that must not fit a cache
  Isa isa = Isa::automatic;
  bool cpu_time = false;                       // not the clock's: for a machine in use
  std::string filter = ".";                    // regular expression, searched in a figure's name
};

enum class Unit { gigabytes_per_second, nanoseconds_per_element, giga_per_second, mebibytes, tokens_per_second };
const char* unit_name(Unit unit);
bool more_is_better(Unit unit);

// What the figure is asked for: its value, or its ratio to the bound.
struct Target {
  enum Of { value, ratio } of;
  double limit;  // at least it where more is better, else at most
};

// Where the figure stands under the roofline, per element: lane operations (add, compare, permute, sign flip, fma), and bytes of the
// array that its rate and its bound count: the input of encode, the array of transform, the output of decode, the codes of score.
struct Work {
  double operations, bytes;
  bool streaming;
};

// One figure ready to run: `pass` does the work once and returns the seconds that count.
struct Trial {
  double amount = 0;                    // bytes, elements or operations of one pass
  std::function<double()> pass;
  std::function<double()> bound;        // the bound, in the figure's unit; may be empty
  std::function<double()> reading;      // where set, the figure's value after a pass, instead of amount and time
  std::string note;                     // what else is to be said, e.g. recall
};

struct Figure {
  std::string name;                     // group/case, what --filter matches
  Unit unit;
  std::string bound_name;               // empty: no bound
  std::optional<Target> target;
  std::optional<Work> work;
  bool streaming;                       // a pass is long enough to be timed alone
  std::function<Trial()> prepare;
};

// The figures in order of the report. Those that the filter matches are registered with Google Benchmark under their names.
void add(const Settings& settings, Figure figure);
const Figure* find_figure(const std::string& name);
std::vector<std::string> figure_names();

// What the reporter finds in a repetition's counters.
namespace counter {
inline constexpr const char* amount = "amount";
inline constexpr const char* bound = "bound";
inline constexpr const char* reading = "reading";
}  // namespace counter

// Seconds on the clock that work() takes: of this thread, or of it and others that it waits for.
double seconds(const std::function<void()>& work);
double seconds_of_threads(const std::function<void()>& work);
// From now on seconds() returns the CPU time of this thread.
void count_cpu_time(bool on);
// Share of all seconds() so far in which this thread did not have its core: other processes ran.
double lost_share();

// The bound of something that runs in cache: value in `unit` of `pass` repeated for about `duration` seconds.
double measure(Unit unit, double amount, const std::function<double()>& pass, double duration);
double value_of(Unit unit, double amount, double seconds);

// ---- one function per part of the report ----
void add_machine(const Settings&);
void add_transform(const Settings&);
void add_encode(const Settings&);
void add_decode(const Settings&);
void add_score(const Settings&);
void add_entropy(const Settings&);  // zfp beside it, where that was found
void add_threads(const Settings&);
void add_memory(const Settings&);
void add_attention(const Settings&);
void add_ffht(const Settings&);   // nothing where FFHT was not compiled in
void add_rabitq(const Settings&);  // likewise
void add_faiss(const Settings&);  // nothing where faiss was not found

}  // namespace hdq::bench
