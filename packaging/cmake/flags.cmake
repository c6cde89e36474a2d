# SPDX-License-Identifier: MIT
# Compiler flags of every target. Hardening follows the OpenSSF compiler options guide; a flag that
# this compiler does not know is named at configure time instead of being left out silently.
include(CheckCCompilerFlag)
include(CheckLinkerFlag)

add_compile_options(-Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes
                    -Wformat=2 -Wundef -Wvla -fno-common)
add_compile_definitions(_GNU_SOURCE)
if(SEATWATCH_WERROR)
    add_compile_options(-Werror)
endif()

function(seatwatch_flag kind flag)
    string(MAKE_C_IDENTIFIER "HAVE_${kind}_${flag}" known)
    if(kind STREQUAL "LINK")
        check_linker_flag(C "${flag}" ${known})
    else()
        set(CMAKE_REQUIRED_FLAGS "-Werror")
        check_c_compiler_flag("${flag}" ${known})
    endif()
    if(NOT ${known})
        message(WARNING "hardening: ${CMAKE_C_COMPILER_ID} ${CMAKE_C_COMPILER_VERSION} does not know ${flag}")
    elseif(kind STREQUAL "LINK")
        add_link_options("${flag}")
    else()
        add_compile_options("${flag}")
    endif()
endfunction()

if(SEATWATCH_HARDEN)
    add_compile_options("$<$<CONFIG:Release,RelWithDebInfo>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=3>")
    set(compile_flags -Wtrampolines -Wbidi-chars=any -fstack-clash-protection -fstack-protector-strong
        -fno-delete-null-pointer-checks -fno-strict-overflow -fno-strict-aliasing
        -ftrivial-auto-var-init=zero -fzero-call-used-regs=used-gpr -fstrict-flex-arrays=3
        -fexceptions -Werror=format-security -Werror=implicit -Werror=incompatible-pointer-types -Werror=int-conversion)
    if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
        list(APPEND compile_flags -fcf-protection=full)
    elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64")
        list(APPEND compile_flags -mbranch-protection=standard)
    endif()
    foreach(flag IN LISTS compile_flags)
        seatwatch_flag(COMPILE ${flag})
    endforeach()
    foreach(flag -Wl,-z,nodlopen -Wl,-z,noexecstack -Wl,-z,relro -Wl,-z,now -Wl,--as-needed
            -Wl,--no-copy-dt-needed-entries)
        seatwatch_flag(LINK ${flag})
    endforeach()
    set(CMAKE_POSITION_INDEPENDENT_CODE ON)
    add_link_options($<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:-pie>)
endif()

if(SEATWATCH_SANITIZE OR SEATWATCH_FUZZ)
    add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
    # The tests start these programs thousands of times: no addresses to relocate, gcc's AddressSanitizer inside the
    # program, and a trap where gcc finds undefined behaviour (ASAN_OPTIONS=handle_sigill=1 shows where) instead of half the
    # code again for messages, which also saves its library. The tests and fuzzers of clang have the messages.
    if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
        add_compile_options(-fsanitize-undefined-trap-on-error)
        add_link_options(-fsanitize=address $<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:-static-libasan>)
    else()
        add_link_options(-fsanitize=address,undefined)
    endif()
    add_link_options($<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:-no-pie>)
    find_program(MOLD mold)
    if(MOLD)
        add_link_options(-fuse-ld=mold)
    endif()
endif()
if(SEATWATCH_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(SEATWATCH_COVERAGE)
    add_compile_options(--coverage)
    add_link_options(--coverage)
endif()
