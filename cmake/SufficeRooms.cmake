# Helpers that turn the folders under src/ into targets.

add_library(suffice_options INTERFACE)
target_compile_options(suffice_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wno-missing-field-initializers
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>
  $<$<BOOL:${SUFFICE_WARNINGS_AS_ERRORS}>:-Werror>)
if(SUFFICE_SANITIZE)
  add_compile_options(-fsanitize=${SUFFICE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${SUFFICE_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    add_compile_options(-fsanitize-ignorelist=${PROJECT_SOURCE_DIR}/cmake/sanitize_ignore.txt)
  endif()
endif()
if(SUFFICE_SANITIZE STREQUAL "thread")
  # Debian's protobuf is not compiled for it, so messages must not have the members that its headers then give them.
  set(SUFFICE_PROTO_OPTIONS -U__SANITIZE_THREAD__)
endif()
if(SUFFICE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# suffice_precompile(NAME header [option...]): a precompiled header, for the targets that suffice_use_precompiled(TARGET NAME) names.
# They must be compiled with the same options.
function(suffice_precompile name header)
  if(NOT SUFFICE_PRECOMPILE)
    return()
  endif()
  file(WRITE ${PROJECT_BINARY_DIR}/generated/${name}.cc "")
  add_library(${name} OBJECT ${PROJECT_BINARY_DIR}/generated/${name}.cc)
  # GCC's own way of keeping a precompiled header's macros apart is what ccache needs.
  target_compile_options(${name} PRIVATE ${ARGN} $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>
    $<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>)
  target_precompile_headers(${name} PRIVATE ${PROJECT_SOURCE_DIR}/${header})
  target_link_libraries(${name} PRIVATE suffice_options absl::status absl::statusor absl::strings absl::synchronization absl::flat_hash_map
    fmt::fmt Eigen3::Eigen nlohmann_json::nlohmann_json)
endfunction()
function(suffice_use_precompiled target name)
  if(SUFFICE_PRECOMPILE)
    target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
    target_precompile_headers(${target} REUSE_FROM ${name})
    # With clang ccache reads the header's text, too, and so must find what it includes.
    target_include_directories(${target} SYSTEM PRIVATE
      $<$<CXX_COMPILER_ID:Clang>:$<TARGET_PROPERTY:Eigen3::Eigen,INTERFACE_INCLUDE_DIRECTORIES>>)
  endif()
endfunction()

# suffice_room(NAME [LINK target...] [PRECOMPILED target]): an object library suffice_NAME of src/NAME/*.cc,
# and suffice_NAME_link, an interface library with what the room needs from outside.
function(suffice_room name)
  cmake_parse_arguments(ROOM "" "PRECOMPILED" "LINK" ${ARGN})
  if(NOT ROOM_PRECOMPILED)
    set(ROOM_PRECOMPILED suffice_precompiled)
  endif()
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cc)
  if(NOT sources)
    file(WRITE ${PROJECT_BINARY_DIR}/generated/empty_${name}.cc "")
    set(sources ${PROJECT_BINARY_DIR}/generated/empty_${name}.cc)
  endif()
  add_library(suffice_${name}_link INTERFACE)
  # Third-party headers are not ours to warn about.
  target_link_libraries(suffice_${name}_link INTERFACE Threads::Threads ${ROOM_LINK})
  add_library(suffice_${name} OBJECT ${sources})
  target_include_directories(suffice_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
  target_compile_definitions(suffice_${name} PRIVATE SUFFICE_VERSION="${PROJECT_VERSION}")
  target_link_libraries(suffice_${name} PRIVATE suffice_options suffice_base_link suffice_${name}_link)
  suffice_use_precompiled(suffice_${name} ${ROOM_PRECOMPILED})
endfunction()

# suffice_archive(NAME room...): one static library of several rooms.
function(suffice_archive name)
  set(objects)
  add_library(${name} STATIC)
  foreach(room IN LISTS ARGN)
    target_sources(${name} PRIVATE $<TARGET_OBJECTS:suffice_${room}>)
    get_target_property(links suffice_${room}_link INTERFACE_LINK_LIBRARIES)
    # Header-only ones are compiled in already: whoever links the archive need not find them.
    list(FILTER links EXCLUDE REGEX "^(suffice_|Eigen3::|Boost::headers|nlohmann_json::)")
    target_link_libraries(${name} PRIVATE ${links})
  endforeach()
  target_include_directories(${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(${name} PUBLIC absl::status absl::statusor)
endfunction()

# suffice_embed_files(NAME glob): a library suffice_NAME with `embedded/NAME.h`, which lists every file as name and text.
function(suffice_embed_files name pattern)
  file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${pattern})
  set(entries "")
  foreach(file IN LISTS files)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    get_filename_component(base ${file} NAME)
    file(READ ${file} text)
    string(APPEND entries "    {\"${base}\", R\"~~~(${text})~~~\"},\n")
  endforeach()
  list(LENGTH files count)
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/generated/embedded/${name}.h @ONLY CONTENT
"// Generated from ${pattern}.
#pragma once
#include <array>
#include <string_view>

namespace suffice::embedded {
struct File {
  std::string_view name;
  std::string_view text;
};
inline constexpr std::array<File, ${count}> k_${name}{{
${entries}}};
}  // namespace suffice::embedded
")
  add_library(suffice_${name} INTERFACE)
  target_include_directories(suffice_${name} INTERFACE ${PROJECT_BINARY_DIR}/generated)
endfunction()

# suffice_proto(NAME file.proto...): messages and gRPC stubs.
function(suffice_proto name)
  set(out ${PROJECT_BINARY_DIR}/generated/proto)
  file(MAKE_DIRECTORY ${out})
  set(sources)
  foreach(proto IN LISTS ARGN)
    file(RELATIVE_PATH relative ${PROJECT_SOURCE_DIR}/proto ${PROJECT_SOURCE_DIR}/${proto})
    string(REGEX REPLACE "\\.proto$" "" stem ${relative})
    set(generated ${out}/${stem}.pb.cc ${out}/${stem}.pb.h ${out}/${stem}.grpc.pb.cc ${out}/${stem}.grpc.pb.h)
    add_custom_command(OUTPUT ${generated}
      COMMAND protobuf::protoc --proto_path=${PROJECT_SOURCE_DIR}/proto --cpp_out=${out} --grpc_out=${out}
              --plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin> ${PROJECT_SOURCE_DIR}/${proto}
      DEPENDS ${PROJECT_SOURCE_DIR}/${proto} VERBATIM)
    list(APPEND sources ${out}/${stem}.pb.cc ${out}/${stem}.grpc.pb.cc)
  endforeach()
  add_library(${name} STATIC ${sources})
  target_include_directories(${name} SYSTEM PUBLIC ${out})
  target_compile_options(${name} PUBLIC ${SUFFICE_PROTO_OPTIONS})
  target_link_libraries(${name} PUBLIC protobuf::libprotobuf gRPC::grpc++)
endfunction()
