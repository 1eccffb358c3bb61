# One CTest entry of a fuzzer: every stored input, then SECONDS from the stored corpus with a fixed seed. What it finds is left in
# WORK/findings. -DFUZZER= -DNAME= -DSOURCE=tests/fuzz -DWORK=
if(NOT DEFINED SECONDS)
  set(SECONDS 8)
endif()
file(GLOB stored ${SOURCE}/corpus/${NAME}/* ${SOURCE}/regressions/${NAME}/*)
set(corpus ${WORK}/corpus/${NAME})  # libFuzzer adds to the first directory that it is given
file(REMOVE_RECURSE ${corpus})
file(MAKE_DIRECTORY ${corpus} ${WORK}/findings)
# A length that a header claims costs no memory before the bytes are seen: the largest input is 64 KiB.
set(limits -timeout=5 -rss_limit_mb=512 -malloc_limit_mb=256 -artifact_prefix=${WORK}/findings/${NAME}-)
set(dictionary)
if(EXISTS ${SOURCE}/${NAME}.dict)
  set(dictionary -dict=${SOURCE}/${NAME}.dict)
endif()
set(ENV{ASAN_OPTIONS} quarantine_size_mb=16:$ENV{ASAN_OPTIONS})
set(ENV{UBSAN_OPTIONS} print_stacktrace=1:$ENV{UBSAN_OPTIONS})

function(run)
  execute_process(COMMAND ${FUZZER} ${limits} ${ARGN} RESULT_VARIABLE result ERROR_VARIABLE said OUTPUT_QUIET)
  if(NOT result EQUAL 0)
    string(LENGTH "${said}" length)
    if(length GREATER 20000)
      math(EXPR from "${length} - 20000")
      string(SUBSTRING "${said}" ${from} -1 said)
    endif()
    message(FATAL_ERROR "${said}\nfuzz_${NAME}: ${result}; the input is in ${WORK}/findings")
  endif()
  string(REGEX MATCHALL "Done [0-9]+ runs in [0-9]+ second|stat::[a-z_]+: +[0-9]+" stats "${said}")
  message(STATUS "fuzz_${NAME}: ${stats}")
endfunction()

run(${stored})
run(-seed=1 -max_len=65536 -max_total_time=${SECONDS} -print_final_stats=1 ${dictionary} ${corpus} ${SOURCE}/corpus/${NAME})
