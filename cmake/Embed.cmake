# SPDX-License-Identifier: Apache-2.0
# exportd_embed(LAYER SET FILES glob...)
#
# Compiles text files into LAYER as the array `embedded_SET` (base/embedded.h), ordered by file name.
function(exportd_embed layer set)
  cmake_parse_arguments(PARSE_ARGV 2 embed "" "" "FILES")
  list(TRANSFORM embed_FILES PREPEND ${PROJECT_SOURCE_DIR}/)
  file(GLOB files CONFIGURE_DEPENDS ${embed_FILES})
  list(SORT files)
  set(output ${PROJECT_BINARY_DIR}/embedded/${set}.c)
  set(script ${PROJECT_SOURCE_DIR}/cmake/EmbedFiles.cmake)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DSET=${set} "-DFILES=${files}" -DOUTPUT=${output} -P ${script}
    DEPENDS ${files} ${script} VERBATIM)
  target_sources(${layer} PRIVATE ${output})
endfunction()
