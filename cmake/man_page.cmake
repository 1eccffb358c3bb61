# hdq.1 from the help texts of hdq and its commands. Arguments: HDQ, VERSION, OUTPUT.
function(help result)
  execute_process(COMMAND ${HDQ} ${ARGN} --help OUTPUT_VARIABLE text COMMAND_ERROR_IS_FATAL ANY)
  set(${result} "${text}" PARENT_SCOPE)
endfunction()

# Verbatim text: backslashes and hyphens as they are, no line read as a request.
function(verbatim result text)
  string(REPLACE "\\" "\\e" text "${text}")
  string(REPLACE "-" "\\-" text "${text}")
  string(REGEX REPLACE "(^|\n)([.'])" "\\1\\\\&\\2" text "${text}")
  set(${result} ".nf\n${text}.fi\n" PARENT_SCOPE)
endfunction()

help(main_help)
verbatim(main_text "${main_help}")
set(page ".TH HDQ 1 \"\" \"hdq ${VERSION}\" \"User Commands\"
.SH NAME
hdq \\- Hadamard\\-dithered quantization of vectors, checked against arbitrary precision
.SH SYNOPSIS
.B hdq
.I COMMAND
[\\fIoptions\\fR]
.SH DESCRIPTION
${main_text}.SH COMMANDS
")

string(REGEX REPLACE "^.*Subcommands:\n" "" commands "${main_help}")
string(REGEX MATCHALL "(^|\n)  [a-z][a-z-]*" commands "${commands}")
foreach(command IN LISTS commands)
  string(STRIP "${command}" command)
  help(command_help ${command})
  verbatim(command_text "${command_help}")
  string(REPLACE "-" "\\-" name "${command}")
  string(APPEND page ".SS ${name}\n${command_text}")
endforeach()
string(APPEND page ".SH FILES
The file format is described in docs/format.md, the mathematics in docs/SPEC.md of the source.
")
file(WRITE ${OUTPUT} "${page}")
