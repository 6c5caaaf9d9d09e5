# Local training against a plain LibTorch loop, in one run.
if(CAIRN_WORKER)
  add_library(cairn_bench_training STATIC raw_training.cc
              ${PROJECT_SOURCE_DIR}/cli/worker/keep_freed_memory.cc ${PROJECT_SOURCE_DIR}/cli/worker/one_blas_thread.cc)
  target_link_libraries(cairn_bench_training PUBLIC cairn_options cairn_core_runtime cairn_client_data
                                                    ${TORCH_LIBRARIES})
  add_executable(cairn_bench_learn bench_learn.cc)
  target_link_libraries(cairn_bench_learn PRIVATE cairn_bench_training cairn_client_learning_torch
                                                  cairn_client_learning_zoo)
  add_executable(cairn_bench_private bench_private.cc)
  target_link_libraries(cairn_bench_private PRIVATE cairn_bench_training cairn_client_learning_torch
                                                    cairn_client_learning_zoo)
  set_property(TARGET cairn_bench_training cairn_bench_learn cairn_bench_private PROPERTY JOB_POOL_COMPILE cairn_heavy)
endif()
