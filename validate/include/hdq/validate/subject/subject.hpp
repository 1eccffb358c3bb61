// A kernel under validation, whatever carries the calls to it: a plug-in in a child process (plugin_subject.hpp), a program behind a
// pipe. One call is a Request and gives a Reply; what an operation reads and writes is that of hdq_kernel.h.
//
// A carrier never fails for what a kernel does: crashes, hangs, writes outside a buffer are outcomes. After one of them the
// kernel is started anew by the next call.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hdq/hdq_kernel.h"

namespace hdq::validate {

// Every operation: its member in hdq_kernel, its number on a wire, its name there. In the order of data flow.
#define HDQ_OPERATIONS(X)                            \
  X(signs, 1, "signs")                               \
  X(dither, 2, "dither")                             \
  X(thresholds, 3, "thresholds")                     \
  X(codewords, 4, "codewords")                       \
  X(transform, 5, "transform")                       \
  X(transform_transposed, 6, "transform-transposed") \
  X(code_bytes, 7, "code-bytes")                     \
  X(encode, 8, "encode")                             \
  X(decode, 9, "decode")                             \
  X(pack, 10, "pack")                                \
  X(unpack, 11, "unpack")                            \
  X(dot, 12, "dot")                                  \
  X(reconstruct, 13, "reconstruct")                  \
  X(save, 14, "save")                                \
  X(load, 15, "load")                                \
  X(error_constant, 16, "error-constant")            \
  X(data, 17, "data")                                \
  X(coding, 18, "coding")                            \
  X(frequencies, 19, "frequencies")                  \
  X(put_row, 20, "put-row")                          \
  X(get_row, 21, "get-row")

enum class Operation : std::uint32_t {
#define HDQ_OPERATION(member, number, name) member = number,
  HDQ_OPERATIONS(HDQ_OPERATION)
#undef HDQ_OPERATION
};
#define HDQ_OPERATION(member, number, name) +1
inline constexpr std::uint32_t operation_count = 1 HDQ_OPERATIONS(HDQ_OPERATION);  // numbers are below it
#undef HDQ_OPERATION
bool works_on_rows(Operation operation);              // Request::rows says how many
const char* operation_name(Operation operation);      // "transform-transposed"

enum class Promise : std::uint32_t { own_scheme = 0, conformant = 1, bit_exact = 2 };
const char* promise_name(Promise promise);  // "own scheme", "conformant", "bit exact"

inline constexpr std::uint32_t largest_variant_count = 64;  // each is called on its own: more is a mistake

inline constexpr std::uint32_t largest_alignment = 4096;   // of float arrays: a page

inline constexpr std::uint32_t largest_step_count = 64;
inline constexpr float least_step = 0x1p-10f, greatest_step = 16;  // SPEC §7

inline constexpr std::uint32_t all_bit_widths = (std::uint32_t{2} << HDQ_KERNEL_MAX_BITS) - 2;  // bits 1 to the last

struct SubjectInfo {
  std::string name, version;
  std::string profile;  // a shipped profile's name, or JSON; empty: none
  Promise promise = Promise::own_scheme;
  std::uint32_t operations = 0;  // bit (1 << value) for each Operation offered
  std::uint32_t bit_widths = 0;  // bit b; never 0
  std::uint64_t max_dimension = UINT64_MAX;
  std::uint32_t alignment = 1;
  std::uint32_t variants = 1;  // 1 to largest_variant_count
  double claimed_error[HDQ_KERNEL_MAX_BITS + 1] = {};
  std::uint32_t schemes = HDQ_KERNEL_FIXED_RATE;
  std::vector<float> steps;  // of the entropy-coded scheme, at most largest_step_count; empty: every one

  bool offers(Operation operation) const { return ((operations >> static_cast<std::uint32_t>(operation)) & 1) != 0; }
  bool offers_bits(int bits) const { return ((bit_widths >> bits) & 1) != 0; }
};

// A kernel whose x̂ is 0 has E‖x̂ − x‖² = ‖x‖²: a claim from here on is met without any information about x.
inline constexpr double empty_claim = 1;

// What is wrong with it, as one printable line that begins with the member; empty if nothing is. Names are not looked at.
std::string objection(const SubjectInfo& info);

struct Config {
  std::uint64_t dimension = 1;  // n
  std::uint64_t order = 1;      // d
  std::uint64_t seed = 0;
  std::uint32_t bits = 1;
  std::uint32_t threads = 1;
  std::uint32_t variant = 0;
  // Δ. Where it is not 0, the scheme is the entropy-coded one, and `bits` is a number by which checks choose among steps: kernels see 0.
  float step = 0;
};
// Bytes of a code of the entropy-coded scheme in memory: 2 or 4 (SPEC §7).
std::size_t step_code_bytes(const Config& config);

// Where the kernel's buffers lie, for carriers that place them: against the guard page behind or before, or shifted by some
// bytes from a multiple of 64.
struct Placement {
  enum class Guard : std::uint32_t { behind, before, none };
  Guard guard = Guard::behind;
  std::uint32_t shift = 0;   // with Guard::none
  std::uint8_t fill = 0xFF;  // what outputs hold before the call: what a kernel leaves unwritten differs between two calls of other fills
  bool reused =
      false;  // the next call may find its buffers at the same addresses; else they are watched for late use for a while
};

// Inputs and outputs by operation, in the order of the arguments in hdq_kernel.h:
//   signs                 →  int8[count]
//   dither                →  uint32[rows]
//   thresholds, codewords →  double[N − 1], double[N]         (word)
//   transform             float[rows·n]             →  float[rows·d]
//   transform_transposed  float[rows·d]             →  float[rows·n]
//   code_bytes            →  uint64[1]
//   encode                float[rows·n]             →  float[rows], uint8[rows·code_bytes]
//   decode                float[rows], uint8[…]     →  float[rows·n]
//   pack, unpack          uint8[count] ↔ uint8[ceil(count·b/8)]
//   dot                   float[rows], uint8[…], float[n]  →  float[rows]
//   reconstruct           float[rows·n]             →  float[rows·n]
//   save                  float[rows], uint8[…]     →  uint8[capacity]; Reply::size bytes are meant
//   load                  uint8[size]               →  float[rows], uint8[…]
//   error_constant        →  double[1]
//   data                  char[] with its zero      →  double[count]
//   coding                →  uint32[2]
//   frequencies           →  uint32[64·(2K + 2)]
//   put_row               float[1], codes           →  uint8[raw], uint8[capacity]; of the last, Reply::size bytes are meant   (first_row)
//   get_row               uint8[raw], uint8[size]   →  float[1], codes                                                         (first_row)
struct Request {
  Operation operation = Operation::signs;
  Config config;
  std::uint64_t first_row = 0;
  std::uint64_t rows = 0;
  std::uint64_t count = 0;
  std::uint32_t word = 0;
  std::vector<std::span<const std::uint8_t>> inputs;
  std::vector<std::uint64_t> output_bytes;  // of each output
  Placement placement;
};

enum class Outcome : std::uint32_t {
  ok = 0,
  unsupported = 1,
  bad_input = 2,
  failed = 3,
  // What a kernel does without returning:
  crashed = 16,         // a signal, an exit, an end of file
  hung = 17,            // no answer within the time limit
  touched_guard = 18,   // read or wrote outside its buffers
  wrote_input = 19,     // wrote to an input
  wrote_outside = 20,   // returned, having written beside an output
  protocol_error = 21,  // an answer that is none
  used_late = 22,       // read an input, or wrote to an output, after the call had returned
};
const char* outcome_name(Outcome outcome);

struct Reply {
  Outcome outcome = Outcome::ok;
  std::string detail;               // for people: "SIGSEGV reading 4 bytes behind input 0"
  std::uint64_t row = 0, column = 0;  // with bad_input
  std::uint64_t size = 0;             // save, put_row
  std::int64_t outside =
      0;  // bytes before (< 0) or behind the buffer that was left, with touched_guard and wrote_outside
  bool returned = false;                           // the call came back all the same, whatever the outcome
  std::vector<std::vector<std::uint8_t>> outputs;  // as long as asked for; with ok only

  bool ok() const { return outcome == Outcome::ok; }
  template <class T>
  std::vector<T> output(std::size_t index) const {
    const std::vector<std::uint8_t>& bytes = outputs.at(index);
    std::vector<T> values(bytes.size() / sizeof(T));
    if (!values.empty()) __builtin_memcpy(values.data(), bytes.data(), values.size() * sizeof(T));
    return values;
  }
};

// The kernel could not be started at all, or is none: what() is one line. The command exits with 2.
struct NoSubject : std::runtime_error {
  explicit NoSubject(const std::string& what, bool does_not_answer = false) : std::runtime_error(what), hangs(does_not_answer) {}
  bool hangs;  // it does not answer within Limits::start
};

// What a kernel may take.
struct Limits {
  Limits() = default;
  template <class Count, class Period>
  Limits(std::chrono::duration<Count, Period> one_call) : call(std::chrono::duration_cast<std::chrono::milliseconds>(one_call)) {}

  std::chrono::milliseconds call{10000};   // to answer one call, to its last byte
  std::chrono::milliseconds start{30000};  // to load, or to say what it is: interpreters and their libraries take their time
  std::uint64_t memory = half_of_memory();  // bytes resident, while a call is waited for
  std::function<void()>
      while_waiting;  // asked some times a second while a call is waited for; what it throws ends the call

  static std::uint64_t half_of_memory();
};

// Bytes of inputs and outputs of one call.
inline constexpr std::uint64_t largest_call = (std::uint64_t{1} << 30) - (std::uint64_t{1} << 16);
std::string excess_of(const Request& request);  // what is wrong with a larger one; empty otherwise

// What many equal calls have left behind, in a kernel's process.
struct Usage {
  std::uint64_t allocated = 0;       // bytes that malloc has handed out
  std::uint64_t mapped_pages = 0, resident_pages = 0;
  std::uint64_t descriptors = 0, threads = 0;
};

struct Repetition {
  Reply reply;               // of the first call, or of the first that did not return ok, or gave other bytes
  std::uint64_t calls = 0;
  bool same = true;          // all calls gave the same bytes
  std::vector<Usage> usage;  // after each window of calls; the first is a warm-up
};

class Subject {
 public:
  virtual ~Subject() = default;
  virtual const SubjectInfo& info() const = 0;
  virtual Reply call(const Request& request) = 0;
  // The next call finds a kernel that has not been called before.
  virtual void restart() = 0;
  // As on the command line, for the replay command: "./kernel.so", "-- python3 kernel.py".
  virtual std::string command_line() const = 0;
  // Seconds for which its processes, those before a restart too, could have run and other processes did; 0 where the system does not tell.
  virtual double waited_for_processor() const { return 0; }

  // What the kernel's processes hold now, where that can be seen from outside; allocated is 0.
  virtual std::optional<Usage> usage() const { return std::nullopt; }

  // ---- where calls are function calls in a process of ours ----
  struct Windows {
    std::uint32_t count, calls;         // of each; count is at most 8
    std::chrono::milliseconds pause;    // before each look, for what is freed a little later
    std::chrono::milliseconds at_most;  // of all: then there are fewer windows
  };
  virtual bool calls_functions() const { return false; }
  virtual Repetition repeat(const Request&, const Windows&) { throw std::logic_error("calls_functions() is false"); }
  // The two calls in two threads, again and again for that long. Replies that are ok have the bytes of the last time, or the first that
  // differ from those that the call alone gave just before.
  virtual std::pair<Reply, Reply> at_once(const Request&, const Request&, std::chrono::milliseconds) {
    throw std::logic_error("calls_functions() is false");
  }
};

Reply failure_of(Outcome outcome, std::string detail);
inline constexpr std::string_view unknown_status =
    "it returned status ";  // begins the detail of a failure whose status is none of the interface's

// One word of a command line for bash, printable: as it is, in quotes, or in $'quotes' with escapes.
std::string shell_word(std::string_view word);

}  // namespace hdq::validate
