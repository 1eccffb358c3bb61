# `PROGRAM constants` prints EXPECTED, byte for byte.
execute_process(COMMAND ${PROGRAM} constants OUTPUT_VARIABLE printed RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${PROGRAM} constants failed: ${status}")
endif()
file(READ ${EXPECTED} expected)
if(NOT printed STREQUAL expected)
  message(FATAL_ERROR "constants differ from ${EXPECTED}; printed:\n${printed}")
endif()
