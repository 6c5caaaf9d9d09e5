# The network against a raw stream of the same bytes, in one run.
add_executable(cairn_bench_net ${CMAKE_CURRENT_LIST_DIR}/bench_net.cc ${CMAKE_CURRENT_LIST_DIR}/net_raw.cc
                               ${CMAKE_CURRENT_LIST_DIR}/net_sender.cc)
target_include_directories(cairn_bench_net SYSTEM PRIVATE ${PROJECT_BINARY_DIR}/protocol/grpc/generated)
target_link_libraries(cairn_bench_net PRIVATE cairn_options cairn_protocol_grpc cairn_core_tensor cairn_core_runtime
                                              cairn_privacy_crypto gRPC::grpc++)
