# SPDX-License-Identifier: Apache-2.0
# What is installed beside the program. The program itself prints pages of the manual, completion and the settings
# file, from its tables.
include(GNUInstallDirs)
set(EXPORTD_UNIT_DIR lib/systemd/system CACHE STRING "where units of systemd are installed")
set(made ${PROJECT_BINARY_DIR}/install)
file(MAKE_DIRECTORY ${made})

# exportd_print(FILE words...): FILE is what `exportd words...` prints.
function(exportd_print file)
  add_custom_command(OUTPUT ${made}/${file} COMMAND exportd ${ARGN} > ${made}/${file} DEPENDS exportd VERBATIM)
  set_property(GLOBAL APPEND PROPERTY exportd_printed ${made}/${file})
endfunction()

exportd_print(exportd.1 help --man)
exportd_print(exportd.5 help config --man)
exportd_print(exportd.env help config --env)
exportd_print(exportd.bash help --bash)
exportd_print(_exportd help --zsh)
get_property(printed GLOBAL PROPERTY exportd_printed)
add_custom_target(printed ALL DEPENDS ${printed})

configure_file(packaging/exportd.service.in ${made}/exportd.service @ONLY)
configure_file(packaging/exportd-cleanup.service.in ${made}/exportd-cleanup.service @ONLY)

install(TARGETS exportd RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${made}/exportd.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${made}/exportd.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
install(FILES ${made}/exportd.bash RENAME exportd DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${made}/_exportd DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES ${made}/exportd.service ${made}/exportd-cleanup.service packaging/exportd-cleanup.timer
        DESTINATION ${EXPORTD_UNIT_DIR})
install(FILES packaging/alerts.yml packaging/grafana-dashboard.json DESTINATION ${CMAKE_INSTALL_DATADIR}/exportd)
install(FILES packaging/exportd.sysusers RENAME exportd.conf DESTINATION lib/sysusers.d)

# The program looks for its settings in /etc, whatever the prefix. Settings that are there already are kept.
install(CODE "
  if(NOT EXISTS \"\$ENV{DESTDIR}/etc/exportd/exportd.env\")
    file(INSTALL ${made}/exportd.env DESTINATION /etc/exportd PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ)
  endif()")
