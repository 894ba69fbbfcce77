# SPDX-License-Identifier: Apache-2.0
# Forgets layers that there are no longer.
file(GLOB old_uses ${PROJECT_BINARY_DIR}/layer/*.uses)
if(old_uses)
  file(REMOVE ${old_uses})
endif()

# exportd_layer(NAME IN FOLDER [USES layer...] [LINK library...] [PROGRAM name])
#
# Makes the static library NAME of all .c files below FOLDER/NAME, or, with PROGRAM, an executable. Headers
# are included by their full name ("job/queue.h"). What makes the rule bite: each layer has an include folder
# of its own, <build>/layer/NAME, in which only NAME is to be seen; a layer inherits the include folders of
# what it USES and of what those use, and of nothing else.
#
# USES names exactly the layers whose headers the folder includes: the test `layers` compares it, by
# <build>/layer/NAME.uses, with the #include lines.
function(exportd_layer name)
  cmake_parse_arguments(PARSE_ARGV 1 layer "" "IN;PROGRAM" "USES;LINK")
  set(folder ${PROJECT_SOURCE_DIR}/${layer_IN}/${name})
  set(view ${PROJECT_BINARY_DIR}/layer/${name})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${folder}/*.c)
  file(MAKE_DIRECTORY ${view})
  file(CREATE_LINK ${folder} ${view}/${name} SYMBOLIC)
  file(WRITE ${view}.uses "${layer_USES}\n")
  if(layer_PROGRAM)
    set(target ${layer_PROGRAM})
    add_executable(${target} ${sources})
  else()
    set(target ${name})
    add_library(${target} STATIC ${sources})
  endif()
  target_include_directories(${target} PUBLIC ${view})
  target_compile_definitions(${target} PRIVATE EXPORTD_PROGRAM)
  target_link_libraries(${target} PUBLIC ${layer_USES} ${layer_LINK})
endfunction()
