# SPDX-License-Identifier: Apache-2.0
# exportd_embed runs this at build time. It writes OUTPUT, a C file with FILES as the array embedded_SET.
set(arrays "")
set(rows "")
set(n 0)
foreach(file IN LISTS FILES)
  get_filename_component(name ${file} NAME)
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(APPEND arrays "static const char file_${n}[] = {${bytes}0};\n")
  string(APPEND rows "    {\"${name}\", file_${n}, sizeof(file_${n}) - 1},\n")
  math(EXPR n "${n} + 1")
endforeach()
file(WRITE ${OUTPUT} "#include \"base/embedded.h\"\n\n${arrays}\n"
  "const struct embedded_file embedded_${SET}[] = {\n${rows}    {0},\n};\n")
