# exportd_layer(NAME IN FOLDER [USES layer...] [LINK library...])
#
# Makes the static library NAME of all .c files below FOLDER/NAME. Headers are included by their full
# name ("job/queue.h"). What makes the rule bite: each layer has an include folder of its own,
# <build>/layer/NAME, in which only NAME is to be seen; a layer inherits the include folders of what it
# USES and of nothing else.
function(exportd_layer name)
  cmake_parse_arguments(PARSE_ARGV 1 layer "" "IN" "USES;LINK")
  set(folder ${PROJECT_SOURCE_DIR}/${layer_IN}/${name})
  set(view ${PROJECT_BINARY_DIR}/layer/${name})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${folder}/*.c)
  file(MAKE_DIRECTORY ${view})
  file(CREATE_LINK ${folder} ${view}/${name} SYMBOLIC)
  add_library(${name} STATIC ${sources})
  target_include_directories(${name} PUBLIC ${view})
  target_compile_definitions(${name} PRIVATE EXPORTD_PROGRAM)
  target_link_libraries(${name} PUBLIC ${layer_USES} ${layer_LINK})
endfunction()
