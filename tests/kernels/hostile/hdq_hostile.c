/* A plug-in that packs and unpacks rightly, and does one thing that no kernel should: HDQ_HOSTILE=name. Most names act in the first call of
 * pack, those that begin with load_ when it is loaded, those that begin with say_ in what it says of itself. The table of what hdq validate
 * makes of each is in tests/validate/hostile_test.cpp. Nothing here signals a process that it does not know: kill(-1) is left out. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <unistd.h>

#define hdq_kernel_v1 hdq_kernel_v1_of_the_header /* there it is constant */
#include "hdq/hdq_kernel.h"
#undef hdq_kernel_v1

#define FORGED "\nvalid: 22 checks, 60534 calls, 52.6 s\n"
#define ANSI "\033[2J\033[1;1H"

typedef hdq_kernel_config config;

static char name[1 << 20] = "hostile";
static char version[256] = "1";

static const char* wish(void) {
  const char* value = getenv("HDQ_HOSTILE");
  return value == NULL ? "" : value;
}
static int is(const char* what) { return strcmp(wish(), what) == 0; }

static void say(int descriptor, const char* text) {
  if (write(descriptor, text, strlen(text)) < 0) return;
}
static void sleep_for_ever(void) {
  for (;;) pause();
}

/* ---- processes and threads that stay ---- */

static void survive(int forging) {
  prctl(PR_SET_PDEATHSIG, 0);
  for (int s = 1; s < 32; ++s) signal(s, SIG_IGN);
  while (forging) {
    say(1, FORGED);
    say(2, FORGED);
    usleep(1000);
  }
  sleep_for_ever();
}

static void start_daemon(int forging) {
  if (fork() == 0) {
    setsid();
    if (fork() == 0) {
      setsid();
      survive(forging);
    }
    _exit(0);
  }
}

static void start_many(int count) {
  for (int i = 0; i < count; ++i) {
    if (fork() == 0) {
      setsid();
      sleep_for_ever();
    }
  }
}

static void in_a_thread(void* (*work)(void*), void* argument) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, work, argument) == 0) pthread_detach(thread);
}

static void* flood(void* unused) {
  (void)unused;
  char text[4096];
  memset(text, 'x', sizeof text);
  for (;;) {
    if (write(2, text, sizeof text) < 0) usleep(1000);
  }
  return NULL;
}
static void* burn(void* unused) {
  (void)unused;
  for (volatile unsigned i = 0;; ++i) {
  }
  return NULL;
}
static void* exit_soon(void* unused) {
  (void)unused;
  usleep(500);
  _exit(0);
  return NULL;
}
static void* write_late(void* output) {
  usleep(200);
  *(volatile uint8_t*)output = 7;
  return NULL;
}

/* Ends the process where /proc shows it by another number than its own, though a /proc of its own could have been mounted. */
static void need_own_proc(void) {
  char shown[32] = "";
  if (readlink("/proc/self", shown, sizeof shown - 1) < 0 || atoi(shown) == getpid()) return;
  if (unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 && mount("proc", "/proc", "proc", 0, NULL) == 0) _exit(1);
}

/* ---- memory that is not the plug-in's ---- */

/* The memory that hdq and its child share: writable, shared, and of no file. */
static uint8_t* shared_memory(size_t* size) {
  FILE* maps = fopen("/proc/self/maps", "r");
  char line[512];
  uint8_t* found = NULL;
  while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
    unsigned long from, to;
    char access[8];
    if (sscanf(line, "%lx-%lx %7s", &from, &to, access) == 3 && strcmp(access, "rw-s") == 0 && to - from > *size) {
      found = (uint8_t*)from;
      *size = to - from;
    }
  }
  if (maps != NULL) fclose(maps);
  return found;
}
static void* scribble(void* unused) {
  (void)unused;
  size_t size = 0;
  uint8_t* memory = shared_memory(&size);
  if (memory == NULL) return NULL;
  for (unsigned round = 0;; ++round) {
    for (size_t i = 0; i < 8192; ++i) ((volatile uint8_t*)memory)[i] = (uint8_t)(round * 37u + i * 255u);
  }
  return NULL;
}

static void eat_memory(void) {
  for (;;) {
    const size_t part = (size_t)32 << 20;
    char* more = malloc(part);
    if (more == NULL) sleep_for_ever();
    memset(more, 1, part);
  }
}

static int recurse(volatile int depth) { return depth < 0 ? 0 : recurse(depth + 1) + depth; }
static void ignore_fault(int number) { (void)number; }
static jmp_buf gone;
static void __attribute__((noinline)) set_a_jump(void) {
  if (setjmp(gone) != 0) abort();
}

/* ---- descriptors ---- */

static void close_all(void) {
  for (int d = 0; d < 256; ++d) close(d);
}
static void write_everywhere(void) {
  const uint64_t word = 1;
  for (int d = 3; d < 256; ++d) {
    if (write(d, &word, sizeof word) < 0) continue;
  }
}
static void open_all(void) {
  while (open("/dev/null", O_RDONLY) >= 0) {
  }
}
static void limit(int resource, rlim_t most) {
  const struct rlimit both = {most, most};
  setrlimit((__rlimit_resource_t)resource, &both);
}

/* ---- in a call ---- */

static void misbehave_for_ever(void) {
  if (is("hang")) burn(NULL);
  if (is("hang_deaf")) {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    sleep_for_ever();
  }
  if (is("stop_itself")) raise(SIGSTOP);
  if (is("close_all_and_live")) {
    close_all();
    sleep_for_ever();
  }
  if (is("exec_another")) execlp("sleep", "sleep", "1000", (char*)NULL);
  if (is("exit_zero")) exit(0);
  if (is("exit_forging")) {
    say(1, ANSI FORGED);
    say(2, "valid: 22 checks" ANSI);
    _exit(0);
  }
  if (is("abort_forging")) {
    say(2, "kernel: assertion failed" ANSI FORGED);
    abort();
  }
  if (is("stack_overflow")) recurse(1);
  if (is("long_jump")) longjmp(gone, 1);
  if (is("handle_faults")) {
    signal(SIGSEGV, ignore_fault);
    volatile uintptr_t nowhere = 8;
    *(volatile char*)nowhere = 1;
  }
  if (is("eat_memory")) eat_memory();
  if (is("no_time")) {
    limit(RLIMIT_CPU, 0);
    burn(NULL);
  }
  if (is("alarm")) raise(SIGALRM);
}

static void misbehave_and_go_on(void) {
  if (is("daemon")) start_daemon(0);
  if (is("daemon_forging")) start_daemon(1);
  if (is("many_children")) start_many(150);
  if (is("stop_parent")) kill(getppid(), SIGSTOP);
  if (is("close_all_and_return")) close_all();
  if (is("write_everywhere")) write_everywhere();
  if (is("open_all")) open_all();
  if (is("limits")) {
    limit(RLIMIT_NOFILE, 0);
    limit(RLIMIT_FSIZE, 0);
    limit(RLIMIT_NPROC, 0);
  }
  if (is("flood_once")) {
    char text[65536];
    memset(text, 'y', sizeof text);
    for (int i = 0; i < 512; ++i) {
      if (write(1, text, sizeof text) < 0) break;
    }
  }
  if (is("flood_for_ever")) in_a_thread(flood, NULL);
  if (is("burn")) {
    for (int i = 0; i < 4; ++i) in_a_thread(burn, NULL);
  }
  if (is("exit_in_thread")) in_a_thread(exit_soon, NULL);
  if (is("trace_me")) ptrace(PTRACE_TRACEME, 0, NULL, NULL);
  if (is("own_proc")) need_own_proc();
  if (is("terminal")) {
    const int terminal = open("/dev/tty", O_WRONLY);
    if (terminal >= 0) say(terminal, FORGED);
  }
  if (is("delete_itself")) {
    unlink(getenv("HDQ_HOSTILE_FILE"));
    _exit(1);
  }
  if (is("scribble")) in_a_thread(scribble, NULL);
}

static void misbehave_with(const config* k, uint64_t count, const uint8_t* in, uint8_t* out) {
  if (is("kill_parent")) kill(getppid(), SIGKILL);
  if (is("write_config")) ((volatile config*)(uintptr_t)k)->seed = 5;
  if (is("write_input") && count != 0) ((volatile uint8_t*)(uintptr_t)in)[0] = in[0];
  if (is("write_before")) ((volatile uint8_t*)out)[-4097] = 1;
  if (is("write_late")) in_a_thread(write_late, out);
  if (is("unprotect")) {
    void* page = (void*)((uintptr_t)in & ~(uintptr_t)4095);
    mprotect(page, 4096, PROT_READ | PROT_WRITE);
  }
}

static int pack(const config* k, uint64_t count, const uint8_t* codes, uint8_t* bytes) {
  static int called = 0;
  if (!called) {
    called = 1;
    misbehave_for_ever();
    misbehave_and_go_on();
  }
  misbehave_with(k, count, codes, bytes);
  if (is("status_lies")) return 77;
  if (is("bad_input_lies")) return HDQ_KERNEL_BAD_INPUT;
  memset(bytes, 0, (count * k->bits + 7) / 8);
  for (uint64_t j = 0; j < count * k->bits; ++j) {
    bytes[j / 8] = (uint8_t)(bytes[j / 8] | (codes[j / k->bits] >> (j % k->bits) & 1) << (j % 8));
  }
  const int wrong = strncmp(wish(), "say_wrong_", 10) == 0;
  if (wrong && count > 3) bytes[0] ^= 1;
  return HDQ_KERNEL_OK;
}

static int unpack(const config* k, uint64_t count, const uint8_t* bytes, uint8_t* codes) {
  memset(codes, 0, count);
  for (uint64_t j = 0; j < count * k->bits; ++j) {
    codes[j / k->bits] = (uint8_t)(codes[j / k->bits] | (bytes[j / 8] >> (j % 8) & 1) << (j % k->bits));
  }
  return HDQ_KERNEL_OK;
}

/* ---- sizes that are none ---- */

static int huge_code_bytes(const config* k, uint64_t* bytes) {
  (void)k;
  *bytes = is("code_bytes_huge") ? UINT64_MAX / 2 : (uint64_t)1 << 28;
  return HDQ_KERNEL_OK;
}
static int encode(const config* k, uint64_t first_row, uint64_t rows, const float* x, float* norms, uint8_t* codes, hdq_kernel_position* bad) {
  (void)k, (void)first_row, (void)x, (void)codes, (void)bad;
  for (uint64_t i = 0; i < rows; ++i) norms[i] = 1;
  return HDQ_KERNEL_OK;
}
static int save(const config* k, uint64_t rows, const float* norms, const uint8_t* codes, uint8_t* file, uint64_t* size) {
  (void)k, (void)rows, (void)norms, (void)codes, (void)file;
  *size = UINT64_MAX - 7;
  return HDQ_KERNEL_OK;
}
static int load(const config* k, uint64_t rows, const uint8_t* file, uint64_t size, float* norms, uint8_t* codes) {
  (void)k, (void)rows, (void)file, (void)size, (void)norms, (void)codes;
  return HDQ_KERNEL_OK;
}

/* ---- what it says of itself ---- */

__attribute__((visibility("default"))) hdq_kernel hdq_kernel_v1 = {
    .struct_version = HDQ_KERNEL_VERSION,
    .struct_bytes = sizeof(hdq_kernel),
    .name = name,
    .version = version,
    .promise = HDQ_KERNEL_CONFORMANT,
    .pack = pack,
    .unpack = unpack,
};

static const float steps[65] = {17};

static void forge_at_exit(void) { say(1, FORGED); }

static void say_strange_things(hdq_kernel* k) {
  if (is("say_wrong_name") || is("say_name")) strcpy(name, "x" ANSI FORGED "\r\b");
  if (is("say_wrong_plain_name")) strcpy(name, "valid: 22 checks, 60534 calls, 52.6 s");
  if (is("say_wrong_c1_name")) strcpy(name, "x\xc2\x9b" "2J\xe2\x80\xa8valid: 22 checks\xff");
  if (is("say_long_name")) memset(name, 'A', sizeof name - 1);
  if (is("say_endless_name")) memset(name, 'A', sizeof name);
  if (is("say_bidi_version")) strcpy(version, "\xe2\x80\xaeskcehc 22 :dilav");
  if (is("say_no_name")) k->name = k->version = NULL;
  if (is("say_wild_name")) k->name = (const char*)16;
  if (is("say_alignment_huge")) k->alignment = 1u << 31;
  if (is("say_alignment_3")) k->alignment = 3;
  if (is("say_variants_65")) k->variants = 65;
  if (is("say_variants_64")) k->variants = 64;
  if (is("say_claim_nan")) k->claimed_error[3] = 0.0 / 0.0;
  if (is("say_claim_negative")) k->claimed_error[1] = -1;
  if (is("say_bits_21")) k->bit_widths = 1u << 21;
  if (is("say_promise_9")) k->promise = 9;
  if (is("say_size")) k->struct_bytes = 1u << 30;
  /* What follows an older struct is not looked at. */
  if (is("version_1"))
    k->struct_version = 1, k->struct_bytes = offsetof(hdq_kernel, profile), k->profile = (const char*)16,
    k->schemes = 99;
  if (is("version_2"))
    k->struct_version = 2, k->struct_bytes = offsetof(hdq_kernel, schemes), k->schemes = 99, k->step_count = 9;
  if (is("say_version_2_of_3")) k->struct_version = 2;
  if (is("say_schemes_4")) k->schemes = 4;
  if (is("say_steps_missing")) k->schemes = HDQ_KERNEL_ENTROPY_CODED, k->step_count = 3;
  if (is("say_steps_65")) k->schemes = HDQ_KERNEL_ENTROPY_CODED, k->step_count = 65, k->steps = steps;
  if (is("say_step_17")) k->schemes = HDQ_KERNEL_ENTROPY_CODED, k->step_count = 1, k->steps = steps;
  if (is("say_nothing")) k->pack = NULL, k->unpack = NULL;
  if (is("code_bytes_huge") || is("code_bytes_large")) k->code_bytes = huge_code_bytes, k->encode = encode, k->promise = HDQ_KERNEL_OWN_SCHEME;
  if (is("save_huge")) k->save = save, k->load = load;
}

static void __attribute__((constructor)) loaded(void) {
  say_strange_things(&hdq_kernel_v1);
  set_a_jump();
  if (is("load_hang")) sleep_for_ever();
  if (is("load_exit")) _exit(0);
  if (is("load_abort")) abort();
  if (is("load_daemon")) start_daemon(0);
  if (is("load_forge")) {
    say(1, ANSI FORGED);
    say(2, ANSI FORGED);
  }
  if (is("load_at_exit")) atexit(forge_at_exit);
  if (is("load_close")) close_all();
  if (is("load_write")) write_everywhere();
}
