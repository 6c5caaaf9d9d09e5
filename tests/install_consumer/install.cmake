# Installs a build tree into a fresh prefix. cmake -DBUILD= -DPREFIX= -P install.cmake
file(REMOVE_RECURSE ${PREFIX})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${PREFIX} RESULT_VARIABLE result
                OUTPUT_VARIABLE said ERROR_VARIABLE said)
if(result)
  message(FATAL_ERROR "install ended with ${result}:\n${said}")
endif()
foreach(file IN ITEMS bin/cairn share/doc/cairn/LICENSE include/cairn/core/base/errors/all.def)
  if(NOT EXISTS ${PREFIX}/${file})
    message(FATAL_ERROR "${file} was not installed")
  endif()
endforeach()
