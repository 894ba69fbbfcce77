# SPDX-License-Identifier: Apache-2.0
# Flags for the compiler and the linker. Warnings are errors with EXPORTD_WERROR, which all presets set.
# Every build is hardened. EXPORTD_SANITIZE names sanitizers.
add_compile_definitions(_GNU_SOURCE)
add_compile_options(
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla
  -Wformat=2 -Wundef -Wpointer-arith -Wwrite-strings
  -fstack-protector-strong -fno-common)
add_link_options(-Wl,-z,relro,-z,now)
if(EXPORTD_WERROR)
  add_compile_options(-Werror)
endif()

if(EXPORTD_SANITIZE)
  string(REPLACE ";" "," sanitizers "${EXPORTD_SANITIZE}")
  add_compile_options(-fsanitize=${sanitizers} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${sanitizers})
elseif(CMAKE_BUILD_TYPE MATCHES "Release|RelWithDebInfo|MinSizeRel")
  add_compile_options(-fstack-clash-protection)
  if(NOT CMAKE_C_FLAGS MATCHES "_FORTIFY_SOURCE") # keep the choice of a distribution
    add_compile_options(-D_FORTIFY_SOURCE=2)
  endif()
endif()
if(EXPORTD_FUZZ)
  if(NOT CMAKE_C_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "EXPORTD_FUZZ needs clang: -DCMAKE_C_COMPILER=clang")
  endif()
  add_compile_options(-O1 -fsanitize=fuzzer-no-link)
  add_link_options(-fsanitize=fuzzer-no-link)
endif()
add_link_options($<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:-pie>)

if(EXPORTD_FAULTS)
  add_compile_definitions(EXPORTD_FAULTS=1)
endif()
