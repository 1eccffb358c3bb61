# A project of others with hdq's sources inside: by add_subdirectory a static library, then by FetchContent a shared one, whose exported
# names are hdq's. Arguments: BUILD, SOURCE, GENERATOR, CC, CXX.
file(REMOVE_RECURSE ${BUILD})
include(${CMAKE_CURRENT_LIST_DIR}/run.cmake)

# It is linked, not measured: -O0, one instruction set. Both ways build in one place, with position-independent code, and so compile once.
function(build way shared)
  run(${CMAKE_COMMAND} -S ${SOURCE}/tests/install/external -B ${BUILD} -G ${GENERATOR} -DWAY=${way} -DHDQ_SOURCE=${SOURCE}
    -DBUILD_SHARED_LIBS=${shared} -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DHDQ_INSTRUCTION_SETS_BUILT=scalar
    -DCMAKE_C_COMPILER=${CC} -DCMAKE_CXX_COMPILER=${CXX})
  run(${CMAKE_COMMAND} --build ${BUILD})
  run(${BUILD}/uses_hdq)
  run(${BUILD}/uses_c)
endfunction()

build(add_subdirectory OFF)
file(GLOB_RECURSE shared ${BUILD}/libhdq.so)
if(shared)
  message(FATAL_ERROR "a shared library was built where a static one was asked for: ${shared}")
endif()
build(FetchContent ON)

file(GLOB_RECURSE library ${BUILD}/libhdq.so)
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
