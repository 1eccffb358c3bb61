# A project of others with hdq's sources inside: by add_subdirectory a static library, by FetchContent a shared one, whose exported names
# are hdq's. Arguments: WAY, ROOT, SOURCE, GENERATOR, CC, CXX.
set(build ${ROOT}/${WAY})
file(REMOVE_RECURSE ${build})
set(shared OFF)
if(WAY STREQUAL FetchContent)
  set(shared ON)
endif()

include(${CMAKE_CURRENT_LIST_DIR}/run.cmake)

# It is linked, not measured: -O0, one instruction set.
run(${CMAKE_COMMAND} -S ${SOURCE}/tests/install/external -B ${build} -G ${GENERATOR} -DWAY=${WAY} -DHDQ_SOURCE=${SOURCE}
  -DBUILD_SHARED_LIBS=${shared} -DHDQ_INSTRUCTION_SETS_BUILT=scalar -DCMAKE_C_COMPILER=${CC} -DCMAKE_CXX_COMPILER=${CXX})
run(${CMAKE_COMMAND} --build ${build})
run(${build}/uses_hdq)
run(${build}/uses_c)

if(shared)
  file(GLOB_RECURSE library ${build}/libhdq.so)
  run(nm -D --defined-only -C ${library})
  string(REGEX REPLACE "\n$" "" output "${output}")
  string(REPLACE ";" "," output "${output}")
  string(REPLACE "\n" ";" names "${output}")
  file(GLOB headers ${SOURCE}/fast/include/hdq/*)
  set(public "")
  foreach(header IN LISTS headers)
    file(READ ${header} text)
    string(APPEND public "${text}")
  endforeach()
  foreach(name IN LISTS names)
    # What no public header declares is not marked there, whatever its namespace.
    if(name MATCHES "hdq::detail::([A-Za-z0-9_]+)")
      if(NOT public MATCHES "[^A-Za-z0-9_]${CMAKE_MATCH_1}[^A-Za-z0-9_]")
        list(APPEND strangers "${name}")
      endif()
    endif()
    # Weak ones are the standard library's templates, instantiated here as everywhere.
    if(NOT name MATCHES "^[0-9a-f]+ ([A-Z] (hdq_|(vtable for |typeinfo for |typeinfo name for )?hdq::)|[VWu] )")
      list(APPEND strangers "${name}")
    endif()
    if(name MATCHES "hdq_encode$")
      set(c_interface ON)
    endif()
  endforeach()
  if(strangers OR NOT c_interface)
    message(FATAL_ERROR "exported: ${strangers}")
  endif()
endif()
