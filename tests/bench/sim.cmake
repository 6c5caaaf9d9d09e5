# The simulator against a plain LibTorch loop, and its scaling; after learn.cmake.
if(CAIRN_WORKER)
  add_executable(cairn_bench_sim bench_sim.cc other_load.cc paced_sim.cc timed_learners.cc)
  target_link_libraries(cairn_bench_sim PRIVATE cairn_bench_training cairn_simulation_engine
                                                cairn_client_learning_torch)

  add_executable(cairn_bench_client_privacy bench_client_privacy.cc other_load.cc paced_sim.cc timed_learners.cc)
  target_link_libraries(cairn_bench_client_privacy PRIVATE cairn_bench_training cairn_simulation_engine
                                                           cairn_client_learning_torch)
endif()
