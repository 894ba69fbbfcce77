# SPDX-License-Identifier: Apache-2.0
# Forgets the layers of an earlier run, some of which may not exist any more.
file(GLOB old_uses ${PROJECT_BINARY_DIR}/layer/*.uses)
if(old_uses)
  file(REMOVE ${old_uses})
endif()

# exportd_layer(NAME IN FOLDER [USES layer...] [LINK library...] [PROGRAM name])
#
# Makes the static library NAME of all .c files below FOLDER/NAME. With PROGRAM, main.c is not in the library:
# it becomes an executable that links it, so that unit tests can link the library, too. Headers are included by
# their full name ("job/queue.h"). Each layer has an include folder of its own, <build>/layer/NAME, which shows
# only NAME. A layer inherits the include folders of what it USES and of what those use, and no others: this is
# why a wrong include does not compile.
#
# USES names exactly the layers whose headers the folder includes. The test `layers` compares
# <build>/layer/NAME.uses with the #include lines.
function(exportd_layer name)
  cmake_parse_arguments(PARSE_ARGV 1 layer "" "IN;PROGRAM" "USES;LINK")
  set(folder ${PROJECT_SOURCE_DIR}/${layer_IN}/${name})
  set(view ${PROJECT_BINARY_DIR}/layer/${name})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${folder}/*.c)
  file(MAKE_DIRECTORY ${view})
  file(CREATE_LINK ${folder} ${view}/${name} SYMBOLIC)
  file(WRITE ${view}.uses "${layer_USES}\n")
  if(layer_PROGRAM)
    list(REMOVE_ITEM sources ${folder}/main.c)
    add_executable(${layer_PROGRAM} ${folder}/main.c)
    target_compile_definitions(${layer_PROGRAM} PRIVATE EXPORTD_PROGRAM)
    target_link_libraries(${layer_PROGRAM} PRIVATE ${name})
  endif()
  add_library(${name} STATIC ${sources})
  target_include_directories(${name} PUBLIC ${view})
  target_compile_definitions(${name} PRIVATE EXPORTD_PROGRAM)
  target_link_libraries(${name} PUBLIC ${layer_USES} ${layer_LINK})
endfunction()
