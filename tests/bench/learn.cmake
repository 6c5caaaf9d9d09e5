# Local training against a plain LibTorch loop, in one run.
if(CAIRN_WORKER)
  add_executable(cairn_bench_learn ${CMAKE_CURRENT_LIST_DIR}/bench_learn.cc)
  target_link_libraries(cairn_bench_learn PRIVATE cairn_options cairn_client_learning_torch cairn_client_learning_zoo
                                                  ${TORCH_LIBRARIES})
  set_property(TARGET cairn_bench_learn PROPERTY JOB_POOL_COMPILE cairn_heavy)
endif()
