# Masked rounds of many virtual clients, in the simulator.
add_executable(cairn_bench_secagg_sim ${CMAKE_CURRENT_LIST_DIR}/bench_secagg_sim.cc
                                      ${CMAKE_CURRENT_LIST_DIR}/other_load.cc)
target_link_libraries(cairn_bench_secagg_sim PRIVATE cairn_options cairn_simulation_engine)
