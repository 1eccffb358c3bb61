# cmake --install: libraries, headers, the command, its man page, a CMake package and a pkg-config file.
#   find_package(hdq COMPONENTS hdq reference properties mpi)   →   hdq::hdq hdq::reference hdq::properties hdq::mpi
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(HDQ_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/hdq)

# As compatible as the package's SameMinorVersion.
set_target_properties(hdq PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
set(components hdq)
if(TARGET hdq_reference)
  list(APPEND components reference properties)
  set_target_properties(hdq_reference PROPERTIES EXPORT_NAME reference)
  set_target_properties(hdq_properties PROPERTIES EXPORT_NAME properties)
endif()
if(TARGET hdq_mpi)
  list(APPEND components mpi)
  set_target_properties(hdq_mpi PROPERTIES EXPORT_NAME mpi)
  install(DIRECTORY mpi/include/hdq DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
endif()
foreach(component IN LISTS components)
  set(target hdq_${component})
  if(component STREQUAL hdq)
    set(target hdq)
  endif()
  install(TARGETS ${target} EXPORT hdq-${component}
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  install(EXPORT hdq-${component} NAMESPACE hdq:: DESTINATION ${HDQ_PACKAGE_DIR} FILE hdq-${component}.cmake)
endforeach()
install(DIRECTORY fast/include/hdq DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
if(TARGET hdq_reference)
  install(DIRECTORY properties/include/hdq DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  # The headers of hdq_bounds stay behind with it: it needs a linear program solver.
  install(DIRECTORY reference/include/hdq DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} PATTERN "bounds" EXCLUDE)
endif()
if(TARGET hdq_validate)
  install(FILES validate/include/hdq/hdq_kernel.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/hdq)
endif()

configure_package_config_file(cmake/hdqConfig.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/hdqConfig.cmake
  INSTALL_DESTINATION ${HDQ_PACKAGE_DIR})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/hdqConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/hdqConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/hdqConfigVersion.cmake
  DESTINATION ${HDQ_PACKAGE_DIR})

# A static libhdq leaves its dependencies, the C++ runtime among them, to whoever links it.
if(BUILD_SHARED_LIBS)
  set(HDQ_PC_REQUIRES "Requires.private: libhwy")
  set(HDQ_PC_LIBS "-lhdq\nLibs.private: -lstdc++ -lm -pthread")
else()
  set(HDQ_PC_REQUIRES "Requires: libhwy")
  set(HDQ_PC_LIBS "-lhdq -lstdc++ -lm -pthread")
endif()
file(RELATIVE_PATH HDQ_PC_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(cmake/hdq.pc.in ${CMAKE_CURRENT_BINARY_DIR}/hdq.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/hdq.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

if(TARGET hdq_command)
  install(TARGETS hdq_command RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  # The man page is what the command says of itself. Made at installation, when the command has been built: a build of a few targets
  # installs as well as a build of all.
  install(CODE "
    execute_process(COMMAND ${CMAKE_COMMAND} \"-DHDQ=$<TARGET_FILE:hdq_command>\" -DVERSION=${PROJECT_VERSION}
      \"-DOUTPUT=${CMAKE_CURRENT_BINARY_DIR}/hdq.1\" -P \"${CMAKE_CURRENT_SOURCE_DIR}/cmake/man_page.cmake\"
      COMMAND_ERROR_IS_FATAL ANY)")
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/hdq.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
endif()

if(TARGET hdq_mpi_command)
  install(TARGETS hdq_mpi_command RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

# Installs into a directory of its own, builds projects against it in three ways, and runs them.
if(HDQ_BUILD_TESTS)
  add_test(NAME install_test
    COMMAND ${CMAKE_COMMAND} -DBUILD=${CMAKE_BINARY_DIR} -DSOURCE=${PROJECT_SOURCE_DIR} -DSANITIZE=${HDQ_SANITIZE}
      -DGENERATOR=${CMAKE_GENERATOR} -DCC=${CMAKE_C_COMPILER} -DCXX=${CMAKE_CXX_COMPILER} -DLIBDIR=${CMAKE_INSTALL_LIBDIR}
      -DMPI=$<BOOL:${HDQ_MPI}>
      -P ${PROJECT_SOURCE_DIR}/tests/install/install_test.cmake)
  set_tests_properties(install_test PROPERTIES TIMEOUT 900 LABELS install)
endif()
