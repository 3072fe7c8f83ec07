# install(): the binary, the embeddable engine with its CMake package, policy files.
install(TARGETS suffice_binary RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY include/suffice DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY policies/ DESTINATION ${CMAKE_INSTALL_DATADIR}/suffice/policies)
