# What `cmake --install` puts down: the programs, the libraries with their headers, and the package that
# find_package(cairn COMPONENTS …) reads. A component is a top folder; `learning` holds what needs LibTorch,
# so that nobody looks for it who does not ask for it.
include_guard()
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/cairn)
set(CAIRN_COMPONENTS core privacy protocol aggregator client simulation learning)

# cairn_component_of(target out): the component a library belongs to; empty for the command lines' own.
function(cairn_component_of target out)
  if(target STREQUAL "cairn_client_learning_torch")
    set(${out} learning PARENT_SCOPE)
  elseif(target MATCHES "^cairn_(core|privacy|protocol|aggregator|client|simulation)_")
    set(${out} ${CMAKE_MATCH_1} PARENT_SCOPE)
  else()
    set(${out} "" PARENT_SCOPE)
  endif()
endfunction()

get_property(libraries GLOBAL PROPERTY CAIRN_LIBRARIES)
foreach(library IN LISTS libraries)
  cairn_component_of(${library} component)
  if(component)
    list(APPEND libraries_of_${component} ${library})
  endif()
endforeach()

set_target_properties(cairn_options PROPERTIES EXPORT_NAME options)
install(TARGETS cairn_options EXPORT cairn-core)
set(CAIRN_GROUPS "")
foreach(component IN LISTS CAIRN_COMPONENTS)
  set(members "")
  foreach(library IN LISTS libraries_of_${component})
    get_target_property(sets ${library} INTERFACE_HEADER_SETS)
    set(headers "")
    if(sets)
      set(headers FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/cairn COMPONENT devel)
    endif()
    install(TARGETS ${library} EXPORT cairn-${component}
            ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}/cairn COMPONENT devel ${headers})
    get_target_property(name ${library} EXPORT_NAME)
    list(APPEND members cairn::${name})
  endforeach()
  if(members)
    install(EXPORT cairn-${component} NAMESPACE cairn:: DESTINATION ${package_dir} COMPONENT devel)
    list(JOIN members " " members)
    string(APPEND CAIRN_GROUPS "set(_cairn_group_${component} ${members})\n")
  endif()
endforeach()

# The catalogue's rows, which error_catalogue.h makes its names of.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/core/base/errors DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/cairn/core/base
        COMPONENT devel FILES_MATCHING PATTERN "*.def")

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/CairnConfig.cmake.in ${PROJECT_BINARY_DIR}/cairnConfig.cmake
                              INSTALL_DESTINATION ${package_dir} NO_SET_AND_CHECK_MACRO)
# 0.x promises nothing across minor versions.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/cairnConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/cairnConfig.cmake ${PROJECT_BINARY_DIR}/cairnConfigVersion.cmake
        DESTINATION ${package_dir} COMPONENT devel)

install(TARGETS cairn RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT cairn)
if(TARGET cairn-worker)
  # A program of its own that people do not call: cairn looks for it here and beside itself.
  install(TARGETS cairn-worker RUNTIME DESTINATION libexec/cairn COMPONENT worker)
endif()
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/CHANGELOG.md
        DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT cairn)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs COMPONENT cairn
        FILES_MATCHING PATTERN "*.md")
