# Configures, builds and runs a project against an installed Cairn, as its user would.
# cmake -DSOURCE= -DBUILD= -DPREFIX= -DPROGRAM= -DCOMPILER= [-DFLAGS=] [-DEXPECT=regex] -P build_and_run.cmake
function(step)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE said ERROR_VARIABLE said)
  if(result)
    message(FATAL_ERROR "${ARGN}\nended with ${result}:\n${said}")
  endif()
  set(said "${said}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE ${BUILD})
step(${CMAKE_COMMAND} -G Ninja -S ${SOURCE} -B ${BUILD} -DCMAKE_PREFIX_PATH=${PREFIX} -DCMAKE_CXX_COMPILER=${COMPILER}
     "-DCMAKE_CXX_FLAGS=${FLAGS}" -DCAIRN_PREFIX=${PREFIX})
step(${CMAKE_COMMAND} --build ${BUILD})
step(${BUILD}/${PROGRAM})
message("${said}")
if(EXPECT AND NOT said MATCHES "${EXPECT}")
  message(FATAL_ERROR "expected output to match: ${EXPECT}")
endif()
