# Installs into a fresh prefix and uses what is there as strangers do: find_package with each component, pkg-config from C++ and
# from C. Arguments: BUILD, SOURCE, SANITIZE, GENERATOR, CC, CXX, LIBDIR, MPI.
set(root ${BUILD}/install_test)
file(REMOVE_RECURSE ${root})
set(prefix ${root}/prefix)

include(${CMAKE_CURRENT_LIST_DIR}/run.cmake)

run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${prefix})
foreach(file bin/hdq include/hdq/codec.hpp include/hdq/hdq.h include/hdq/hdq_kernel.h include/hdq/properties.hpp
        include/hdq/reference/judge/judge.hpp share/man/man1/hdq.1 ${LIBDIR}/pkgconfig/hdq.pc)
  if(NOT EXISTS ${prefix}/${file})
    message(FATAL_ERROR "not installed: ${file}")
  endif()
endforeach()
# The installed tree is all there is: no path of the source or build directory is in it.
file(GLOB_RECURSE texts ${prefix}/*.cmake ${prefix}/*.pc ${prefix}/*.hpp ${prefix}/*.h ${prefix}/*.1)
foreach(text IN LISTS texts)
  file(READ ${text} content)
  string(FIND "${content}" "${SOURCE}/" found)
  if(NOT found EQUAL -1)
    message(FATAL_ERROR "${text} names ${SOURCE}")
  endif()
endforeach()
# It is moved before use.
file(RENAME ${prefix} ${root}/moved)
set(prefix ${root}/moved)

run(${prefix}/bin/hdq --version)

if(SANITIZE)
  set(flags -fsanitize=${SANITIZE})
endif()
run(${CMAKE_COMMAND} -S ${SOURCE}/tests/install/consumer -B ${root}/consumer -G ${GENERATOR} -DCMAKE_PREFIX_PATH=${prefix}
  -DCMAKE_C_COMPILER=${CC} -DCMAKE_CXX_COMPILER=${CXX} -DCMAKE_CXX_FLAGS=${flags} -DMPI=${MPI})
run(${CMAKE_COMMAND} --build ${root}/consumer)
set(programs uses_hdq uses_reference uses_properties)
if(MPI)
  set(ENV{OMPI_ALLOW_RUN_AS_ROOT} 1)
  set(ENV{OMPI_ALLOW_RUN_AS_ROOT_CONFIRM} 1)
  list(APPEND programs uses_mpi)
endif()
foreach(program IN LISTS programs)
  run(${root}/consumer/${program})
endforeach()
# A component that does not exist is refused.
execute_process(COMMAND ${CMAKE_COMMAND} -S ${SOURCE}/tests/install/consumer -B ${root}/refused -G ${GENERATOR} -DCMAKE_PREFIX_PATH=${prefix}
  -DCMAKE_C_COMPILER=${CC} -DCMAKE_CXX_COMPILER=${CXX} -DEXTRA_COMPONENT=nonsense
  RESULT_VARIABLE status OUTPUT_QUIET ERROR_VARIABLE output)
if(status EQUAL 0 OR NOT output MATCHES "no component nonsense")
  message(FATAL_ERROR "a component that does not exist was found:\n${output}")
endif()

set(ENV{PKG_CONFIG_PATH} ${prefix}/${LIBDIR}/pkgconfig)
run(pkg-config --cflags --libs hdq)
separate_arguments(pkg_flags UNIX_COMMAND "${output}")
run(${CXX} ${flags} -std=c++20 ${SOURCE}/tests/install/consumer/uses_hdq.cpp -o ${root}/pkg_cxx ${pkg_flags})
run(${root}/pkg_cxx)
run(${CC} ${flags} -std=c11 -Wall -Wextra -Werror ${SOURCE}/tests/install/consumer/uses_c.c -o ${root}/pkg_c ${pkg_flags})
run(${root}/pkg_c)
