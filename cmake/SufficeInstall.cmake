# install(): the binary, the policy files, and the embeddable engine as a CMake package:
#   find_package(suffice REQUIRED)
#   target_link_libraries(app PRIVATE suffice::suffice)
include(CMakePackageConfigHelpers)

install(TARGETS suffice_binary RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY policies/ DESTINATION ${CMAKE_INSTALL_DATADIR}/suffice/policies)
install(DIRECTORY include/suffice DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/suffice)
install(TARGETS suffice EXPORT suffice ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT suffice NAMESPACE suffice:: FILE suffice-targets.cmake DESTINATION ${package_dir})
write_basic_package_version_file(suffice-config-version.cmake COMPATIBILITY SameMajorVersion)
install(FILES cmake/suffice-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/suffice-config-version.cmake DESTINATION ${package_dir})
