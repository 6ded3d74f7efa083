# cloudpack.cmake - the house's borders as build rules.
#
# cp_module   one folder = one static library that sees only the folders it names (USES), because its include root
#             holds nothing but itself; an undeclared include does not compile
# cp_test     one Criterion program per file of tests/unit, entered in ctest with the sanitizer guard
# cp_tool     one plain program of tests/tools
# cp_fuzz     one fuzz target: libFuzzer with clang (CP_FUZZ), and always a stand-alone driver that replays its corpus
# cp_embed    files as C arrays, so that the program needs nothing beside itself
# cp_names_from_def   the names of a .def list, so that a list is kept in one place only

set(CP_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes
    -Wwrite-strings -Wundef -Wvla -Wformat=2 -Werror)
# A sanitizer that reports but does not fail would be a test that cannot fail.
set(CP_SANITIZER_GUARD "ERROR: (Address|Leak|Memory|Thread)Sanitizer|runtime error:|WARNING: ThreadSanitizer")

function(cp_names_from_def file out)
    set_property(DIRECTORY ${CMAKE_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    file(STRINGS ${file} lines REGEX "^CP_[A-Z]+\\(")
    list(TRANSFORM lines REPLACE "^CP_[A-Z]+\\(([a-z0-9_]+)[,)].*" "\\1")
    set(${out} ${lines} PARENT_SCOPE)
endfunction()

# An object library that includes each header of a folder alone: a header that leans on its includer does not build.
function(cp_headers_alone name dir)
    file(GLOB headers CONFIGURE_DEPENDS RELATIVE ${dir} ${dir}/*.h)
    set(sources "")
    foreach(header IN LISTS headers)
        string(MAKE_C_IDENTIFIER ${header} id)
        set(source ${CMAKE_BINARY_DIR}/alone/${name}/${id}.c)
        file(CONFIGURE OUTPUT ${source} CONTENT "#include \"${name}/${header}\"\ntypedef int alone_${id};\n")
        list(APPEND sources ${source})
    endforeach()
    if(sources)
        add_library(cp_alone_${name} OBJECT ${sources})
        target_link_libraries(cp_alone_${name} PRIVATE cp_${name} ${ARGN})
        target_compile_options(cp_alone_${name} PRIVATE ${CP_WARNINGS})
    endif()
endfunction()

# cp_module(<name> SOURCES a.c b.c [USES core data] [SYSTEM PkgConfig::X] [FOLDER lib/name])
function(cp_module name)
    cmake_parse_arguments(ARG "" "FOLDER" "SOURCES;USES;SYSTEM" ${ARGN})
    if(NOT ARG_FOLDER)
        set(ARG_FOLDER lib/${name})
    endif()
    set(root ${CMAKE_BINARY_DIR}/include/${name})
    file(MAKE_DIRECTORY ${root})
    file(CREATE_LINK ${CMAKE_SOURCE_DIR}/${ARG_FOLDER} ${root}/${name} SYMBOLIC)
    list(TRANSFORM ARG_SOURCES PREPEND ${CMAKE_SOURCE_DIR}/${ARG_FOLDER}/)
    add_library(cp_${name} STATIC ${ARG_SOURCES})
    target_compile_options(cp_${name} PRIVATE ${CP_WARNINGS})
    target_include_directories(cp_${name} PUBLIC ${root})
    list(TRANSFORM ARG_USES PREPEND cp_)
    # PRIVATE: who uses this folder links what it uses, but cannot include it.
    target_link_libraries(cp_${name} PRIVATE ${ARG_USES} ${ARG_SYSTEM})
    cp_headers_alone(${name} ${CMAKE_SOURCE_DIR}/${ARG_FOLDER} ${ARG_USES})
endfunction()

# cp_test(<folder>_<file> [USES folders...] [SYSTEM ...]) builds tests/unit/<folder>_<file>_test.c.
function(cp_test name)
    cmake_parse_arguments(ARG "" "" "USES;SYSTEM" ${ARGN})
    if(NOT CP_TESTS)
        return()
    endif()
    add_executable(test_${name} ${CMAKE_SOURCE_DIR}/tests/unit/${name}_test.c)
    target_compile_options(test_${name} PRIVATE ${CP_WARNINGS} -Wno-missing-prototypes)
    target_include_directories(test_${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests/unit)
    foreach(use IN LISTS ARG_USES)
        target_link_libraries(test_${name} PRIVATE cp_${use})
    endforeach()
    target_link_libraries(test_${name} PRIVATE PkgConfig::CRITERION ${ARG_SYSTEM})
    target_compile_definitions(test_${name} PRIVATE CP_SOURCE_DIR="${CMAKE_SOURCE_DIR}" CP_BINARY_DIR="${CMAKE_BINARY_DIR}")
    add_test(NAME unit.${name} COMMAND test_${name} --jobs 2)
    # Criterion 2.4.1 counts a leaking test as passed: the text of the report decides.
    set_tests_properties(unit.${name} PROPERTIES FAIL_REGULAR_EXPRESSION "${CP_SANITIZER_GUARD}" TIMEOUT 600)
endfunction()

# cp_tool(<name> [TEST] [USES folders...]) builds tests/tools/<name>.c, which ends with 0 when it is a TEST and all is well.
function(cp_tool name)
    cmake_parse_arguments(ARG "TEST" "" "USES" ${ARGN})
    if(NOT CP_TESTS)
        return()
    endif()
    add_executable(${name} ${CMAKE_SOURCE_DIR}/tests/tools/${name}.c)
    target_compile_options(${name} PRIVATE ${CP_WARNINGS})
    list(TRANSFORM ARG_USES PREPEND cp_)
    target_link_libraries(${name} PRIVATE ${ARG_USES})
    if(ARG_TEST)
        add_test(NAME tool.${name} COMMAND ${name})
        set_tests_properties(tool.${name} PROPERTIES FAIL_REGULAR_EXPRESSION "${CP_SANITIZER_GUARD}" TIMEOUT 600)
    endif()
endfunction()

# cp_fuzz(<target> [USES folders...]) builds tests/fuzz/fuzz_<target>.c and replays tests/fuzz/corpus/<target>.
function(cp_fuzz name)
    cmake_parse_arguments(ARG "" "" "USES" ${ARGN})
    if(NOT CP_TESTS)
        return()
    endif()
    set(source ${CMAKE_SOURCE_DIR}/tests/fuzz/fuzz_${name}.c)
    set(corpus ${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/${name})
    if(CP_FUZZ)
        add_executable(fuzz_${name} ${source})
        target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
        if(NOT TARGET fuzzers)
            add_custom_target(fuzzers)
        endif()
        add_dependencies(fuzzers fuzz_${name})
    else()
        add_executable(fuzz_${name} ${source} ${CMAKE_SOURCE_DIR}/tests/fuzz/standalone.c)
        add_test(NAME fuzz.${name} COMMAND fuzz_${name} ${corpus})
        set_tests_properties(fuzz.${name} PROPERTIES FAIL_REGULAR_EXPRESSION "${CP_SANITIZER_GUARD}" TIMEOUT 600)
    endif()
    target_compile_options(fuzz_${name} PRIVATE ${CP_WARNINGS} -Wno-missing-prototypes)
    foreach(use IN LISTS ARG_USES)
        target_link_libraries(fuzz_${name} PRIVATE cp_${use})
    endforeach()
endfunction()

# cp_embed(<target> <header-stem> FILES a b ...): the target can include "<header-stem>.h", which declares
# `extern const cp_embedded cp_<header-stem>[]` and its count; names are the files' paths below BASE.
function(cp_embed target stem)
    cmake_parse_arguments(ARG "" "BASE" "FILES" ${ARGN})
    set(out ${CMAKE_BINARY_DIR}/embed/${stem})
    add_custom_command(OUTPUT ${out}/${stem}.c ${out}/${stem}.h
        COMMAND ${CMAKE_COMMAND} -DOUT=${out} -DSTEM=${stem} -DBASE=${ARG_BASE} "-DFILES=${ARG_FILES}"
                -P ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
        DEPENDS ${ARG_FILES} ${CMAKE_SOURCE_DIR}/cmake/embed.cmake VERBATIM)
    add_library(cp_embed_${stem} STATIC ${out}/${stem}.c)
    target_include_directories(cp_embed_${stem} PUBLIC ${out})
    target_link_libraries(${target} PRIVATE cp_embed_${stem})
    add_dependencies(${target} cp_embed_${stem})
endfunction()
