# Regenerates the tables and compares them with the committed file.
execute_process(COMMAND ${GENERATOR} OUTPUT_FILE ${OUTPUT} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} -E compare_files ${OUTPUT} ${EXPECTED} RESULT_VARIABLE differs)
if(differs)
  message(FATAL_ERROR "${EXPECTED} is not what ${GENERATOR} prints; see ${OUTPUT}")
endif()
