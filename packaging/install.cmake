# SPDX-License-Identifier: Apache-2.0
# Where everything goes: the places of the FHS under the prefix that is in force when `cmake --install` runs, DESTDIR before it.
# With the prefix /usr the configuration is /etc/cardwatch, as the FHS wants it; every other prefix has its own etc.

install(TARGETS cardwatch-sim RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
# The programs come last in the build order of a young tree: what does not exist yet is not installed.
if(TARGET cardwatch)
        install(TARGETS cardwatch RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()
if(TARGET cardwatchd)
        install(TARGETS cardwatchd RUNTIME DESTINATION "${CMAKE_INSTALL_SBINDIR}")
endif()

install(FILES packaging/man/cardwatchd.8 DESTINATION "${CMAKE_INSTALL_MANDIR}/man8")
install(FILES packaging/man/cardwatch.1 packaging/man/cardwatch-sim.1 DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
install(FILES packaging/man/cardwatch.yaml.5 DESTINATION "${CMAKE_INSTALL_MANDIR}/man5")
install(FILES README.md ARCHITECTURE.md CHANGELOG.md LICENSE DESTINATION "${CMAKE_INSTALL_DOCDIR}")
install(FILES packaging/cardwatch.sysusers DESTINATION lib/sysusers.d RENAME cardwatch.conf)

# The prefix is known for certain only at install time, so what names it is written then.
install(CODE "set(source_dir \"${CMAKE_CURRENT_SOURCE_DIR}\")")
install(CODE "set(scratch_dir \"${CMAKE_CURRENT_BINARY_DIR}/install\")")
install(CODE "set(sbin \"${CMAKE_INSTALL_SBINDIR}\")")
install(CODE [[
        set(prefix "${CMAKE_INSTALL_PREFIX}")
        set(etc "${prefix}/etc")
        if(prefix STREQUAL "/usr")
                set(etc "/etc")
        endif()

        file(READ "${source_dir}/packaging/cardwatchd.service" unit)
        string(REPLACE "/usr/sbin/" "${prefix}/${sbin}/" unit "${unit}")
        string(REPLACE "/etc/cardwatch" "${etc}/cardwatch" unit "${unit}")
        file(WRITE "${scratch_dir}/cardwatchd.service" "${unit}")
        file(INSTALL DESTINATION "${prefix}/lib/systemd/system" TYPE FILE FILES "${scratch_dir}/cardwatchd.service")

        file(READ "${source_dir}/packaging/cardwatch.tmpfiles" tmpfiles)
        string(REPLACE "/etc/cardwatch" "${etc}/cardwatch" tmpfiles "${tmpfiles}")
        file(WRITE "${scratch_dir}/cardwatch.conf" "${tmpfiles}")
        file(INSTALL DESTINATION "${prefix}/lib/tmpfiles.d" TYPE FILE FILES "${scratch_dir}/cardwatch.conf")

        # An edited configuration is the operator's: it stays, and the new one stands beside it to be compared.
        set(config "cardwatch.yaml")
        set(installed "$ENV{DESTDIR}${etc}/cardwatch/cardwatch.yaml")
        if(EXISTS "${installed}")
                file(SHA256 "${installed}" there)
                file(SHA256 "${source_dir}/etc/cardwatch.yaml" ours)
                if(NOT there STREQUAL ours)
                        set(config "cardwatch.yaml.new")
                        message(STATUS "Keeping the edited ${installed}")
                endif()
        endif()
        file(INSTALL DESTINATION "${etc}/cardwatch" TYPE FILE RENAME "${config}"
             FILES "${source_dir}/etc/cardwatch.yaml")
]])
